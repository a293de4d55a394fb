"""The demonstration's competence record: a nurse and a prescriber, signed by a colleague."""

from __future__ import annotations

from datetime import datetime, timedelta

from unstuck.clinic.people.models import Account
from unstuck.clinic.training.record import Signing, sign

SIGNED = (("nia", "give_dose", "cleo"), ("cleo", "order_dose", "quinn"), ("ben", "trauma_therapy", "cleo"))


def fill(at: datetime) -> None:
    """What the cast was found able to do, some weeks ago."""
    accounts = {account.username: account for account in Account.objects.filter(demonstration=True)}
    for who, skill, by in SIGNED:
        if who in accounts and by in accounts:
            sign(Signing(accounts[who], skill, "observed"), accounts[by], at - timedelta(weeks=6))
