"""The append-only record: one hash-chained row an act, one chain a course and one for the site."""
