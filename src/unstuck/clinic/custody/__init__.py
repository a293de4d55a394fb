"""Custody of the controlled drug: every millilitre from delivery to person or waste, signed and derivable."""
