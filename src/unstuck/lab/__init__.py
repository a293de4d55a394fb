"""Mechanism and inference: virtual patients, simulators and statistics. Never imports the clinic."""
