"""Signing a version of a protocol for use at this site."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account
from unstuck.clinic.protocol.models import Release
from unstuck.core.activities import Dose
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import canonical_text


class WrongPassword(Complaint):
    """The signer did not prove who signs."""


class AlreadyReleased(Complaint):
    """This version, or another text under its number, is released already."""


class NotComplete(Complaint):
    """The protocol leaves open what a clinic must know before it treats by it."""


def release(protocol: Protocol, signer: Account, password: str, at: datetime) -> Release:
    """The signed version, with an entry in the site's chain. Raises WrongPassword, NotComplete, AlreadyReleased."""
    if not signer.check_password(password):
        raise WrongPassword("The password is not right, so nothing was signed.", mend="Type your own password again.")
    return release_as(protocol, signer.key, at)


def release_as(protocol: Protocol, signed_by: str, at: datetime) -> Release:
    """As `release`, for a signer who has been recognised. Raises NotComplete and AlreadyReleased."""
    _refuse_gaps(protocol)
    standing = Release.objects.filter(key=protocol.key, version=protocol.version).first()
    if standing:
        raise AlreadyReleased(f"{standing} is released already.", mend="Change the version in the file.")
    with transaction.atomic():
        made = Release.objects.create(
            key=protocol.key,
            version=protocol.version,
            hash=protocol.hash,
            title=protocol.title,
            text=canonical_text(protocol),
            released_at=at,
            signed_by=signed_by,
        )
        payload = {"protocol": protocol.key, "version": protocol.version, "hash": protocol.hash}
        note("protocol.released", signed_by, at, payload)
    return made


def _refuse_gaps(protocol: Protocol) -> None:
    """A dose without an amount cannot be given; a protocol with one is a frame to complete."""
    amounts = {r.key: r.amount for r in protocol.regimens}
    for step in protocol.steps:
        if isinstance(step.activity, Dose) and any(amounts[n] is None for n in _regimens(protocol, step.activity)):
            raise NotComplete(
                f"“{step.title}” states no amount of drug, because its source states none.",
                mend="A prescriber completes the file under a version of the site's own.",
            )


def _regimens(protocol: Protocol, dose: Dose) -> list[str]:
    arms = [protocol.regimen(dose.regimen, arm.key).key for arm in protocol.arms]
    return arms or [dose.regimen]
