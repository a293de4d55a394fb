"""The clinic as one site: settings, addresses, safeguards, demonstration."""
