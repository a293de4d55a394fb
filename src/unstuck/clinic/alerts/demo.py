"""The demonstration's rota: everybody of the cast who cares for people is on duty, and one of them is safety lead."""

from __future__ import annotations

from datetime import datetime, timedelta

from unstuck.clinic.alerts.rota import NewShift, name_lead, set_shift
from unstuck.clinic.people.models import Account
from unstuck.core.alerting import Duty

CAST = {
    "nia": Duty.NURSE,
    "ben": Duty.THERAPIST,
    "cleo": Duty.PRESCRIBER,
    "finn": Duty.FRONT_DESK,
    "otis": Duty.CUSTODIAN,
}
LEAD = "cleo"
DAYS = timedelta(days=30)


def fill(at: datetime) -> None:
    """Shifts for the next month, and a named safety lead."""
    accounts = {account.username: account for account in Account.objects.filter(username__in=CAST)}
    for username, duty in CAST.items():
        if username in accounts:
            set_shift(NewShift(accounts[username], duty, at - timedelta(hours=1), at + DAYS), "demo", at)
    if LEAD in accounts:
        name_lead(accounts[LEAD], "demo", at)
