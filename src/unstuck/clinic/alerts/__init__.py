"""Alerts: whatever needs a person, with an owner, a clock, a chain it climbs, and a closure."""
