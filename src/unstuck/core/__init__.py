"""Meaning: protocols, rules, events, courses and outcomes. Standard library only."""
