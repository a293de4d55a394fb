"""Unstuck: ketamine-assisted therapy of PTSD as one loop of protocol, clinic, simulation and evidence."""

__version__ = "0.1.0"
