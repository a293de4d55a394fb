"""E-mail that leaves the clinic: an outbox table written in the caller's transaction and one worker that sends it."""
