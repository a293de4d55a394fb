"""Signing a version of a protocol for use at this site."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account
from unstuck.clinic.protocol.models import Release
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_check import why_not_released
from unstuck.core.protocol_file import canonical_text


class ReleaseRefused(Complaint):
    """Nothing was signed."""


class WrongPassword(ReleaseRefused):
    """The signer did not prove who signs."""


class AlreadyReleased(ReleaseRefused):
    """This version, or another text under its number, is released already."""


class NotComplete(ReleaseRefused):
    """The protocol leaves open what a clinic must know before it treats by it. `reasons` has every open point."""

    def __init__(self, reasons: Iterable[Complaint]) -> None:
        self.reasons = tuple(reasons)
        mend = next((reason.mend for reason in self.reasons if reason.mend), None)
        super().__init__(" ".join(reason.what for reason in self.reasons), mend=mend)


def release(protocol: Protocol, signer: Account, password: str, at: datetime) -> Release:
    """The signed version, with an entry in the site's chain. Raises WrongPassword, NotComplete, AlreadyReleased.

    A wrong password is an entry too: somebody may be trying another person's.
    """
    if not signer.check_password(password):
        note("protocol.signature_refused", signer.key, at, {"protocol": protocol.key, "version": protocol.version})
        raise WrongPassword("The password is not right, so nothing was signed.", mend="Type your own password again.")
    return release_as(protocol, signer.key, at)


def release_as(protocol: Protocol, signed_by: str, at: datetime) -> Release:
    """As `release`, for a signer who has been recognised. Raises NotComplete and AlreadyReleased."""
    open_points = why_not_released(protocol)
    if open_points:
        raise NotComplete(open_points)
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
