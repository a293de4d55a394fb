"""The pathway around the doses: screening, consent, the calendar, deciding on, and what others are told."""
