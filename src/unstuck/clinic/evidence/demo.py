"""The demonstration's texts for patients: proposed for every protocol in use, signed for the first one."""

from __future__ import annotations

from datetime import datetime

from unstuck.clinic.evidence.actions import propose, sign_as
from unstuck.clinic.evidence.queries import in_use, newest_release
from unstuck.clinic.people.models import Account

SIGNED = "feder_2021"


def fill(at: datetime) -> None:
    """Proposals wait for each protocol in use but one, whose text is signed by the demonstration's prescriber."""
    release = newest_release()
    if release is None:
        return
    signer = Account.objects.get(username="cleo", demonstration=True)
    for proposal in propose(release, in_use(), "demo", at):
        if proposal.protocol == SIGNED:
            sign_as(proposal.pk, signer.key, at)
