"""Trials of virtual patients: the reference simulator walks the core's own functions."""
