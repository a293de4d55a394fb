"""The patient's own pages: what comes next, check-ins, journal, safety plan, who reads what; in two languages."""
