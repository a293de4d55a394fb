"""The demonstration's rota: everybody of the cast who cares for people is on duty, and one of them is safety lead."""

from __future__ import annotations

from datetime import datetime, timedelta

from unstuck.clinic.alerts import answers
from unstuck.clinic.alerts.actions import close
from unstuck.clinic.alerts.models import Alert
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
    """Shifts for the next month, a named safety lead, and yesterday's alerts taken care of."""
    accounts = {account.username: account for account in Account.objects.filter(username__in=CAST)}
    for username, duty in CAST.items():
        if username in accounts:
            set_shift(NewShift(accounts[username], duty, at - timedelta(hours=1), at + DAYS), "demo", at)
    if LEAD in accounts:
        name_lead(accounts[LEAD], "demo", at)
    answers.work_round(at)
    for alert in Alert.objects.filter(closed_at=None, kind__in=(answers.AT_RISK, answers.MENTIONED)):
        close(alert.key, accounts["ben"], "spoken_safe", at)
