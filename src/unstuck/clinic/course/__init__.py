"""Courses: one person under one released version of a protocol. The ledger is the truth, the table a projection."""
