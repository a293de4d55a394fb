"""Fitting mechanistic patients to half of what trials found, and testing them on the other half."""
