"""The dosing session: orders, checks, doses, readings, alarms and leaving, live and local first."""
