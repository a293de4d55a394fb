"""Practising on simulated sessions, and the record of who is able to do what, since when."""
