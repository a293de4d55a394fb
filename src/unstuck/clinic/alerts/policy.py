"""The alert policy in force: the text that the site signed last, else its own file, else the library's."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.db import transaction

from unstuck.clinic.alerts.models import SignedTimes
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account
from unstuck.core.alerting import AlertPolicy
from unstuck.core.alerting_file import FILE, content_hash, library_text, parse_alert_policy
from unstuck.core.errors import Complaint

log = logging.getLogger("unstuck.alerts")


class WrongPassword(Complaint):
    """The signer did not prove who signs."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy, and the signature it rests on; None while nobody has signed."""

    policy: AlertPolicy
    signed: SignedTimes | None


def in_force() -> InForce:
    """What alerts go by now. A site's file that cannot be read never stops an alert: the library's stands in."""
    signed = SignedTimes.objects.first()
    return InForce(_readable(signed.text if signed else candidate()), signed)


def policy() -> AlertPolicy:
    """The policy of `in_force`."""
    return in_force().policy


def candidate() -> str:
    """The text that the site would sign now: `alerts.toml` of its data folder, else the library's."""
    own = settings.UNSTUCK_HOME / "alerts.toml"
    return own.read_text(encoding="utf-8") if own.is_file() else library_text()


def sign(signer: Account, password: str, at: datetime) -> SignedTimes:
    """The candidate is in force, signed by name. Raises WrongPassword, and Complaints about an unreadable file."""
    if not signer.check_password(password):
        note("alerts.signature_refused", signer.key, at)
        raise WrongPassword("The password is not right, so nothing was signed.", mend="Type your own password again.")
    text = candidate()
    parse_alert_policy(text, "alerts.toml")
    with transaction.atomic():
        signed = SignedTimes.objects.create(hash=content_hash(text), text=text, signed_at=at, signed_by=signer.key)
        note("alerts.signed", signer.key, at, {"hash": signed.hash})
    return signed


def _readable(text: str) -> AlertPolicy:
    try:
        return _parsed(text)
    except Complaint:
        log.exception("The alert times of this site cannot be read; the library's are in force.")
        return _parsed(library_text())


@lru_cache(maxsize=8)
def _parsed(text: str) -> AlertPolicy:
    return parse_alert_policy(text, FILE)
