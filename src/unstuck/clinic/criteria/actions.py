"""The rules of screening in force, what waits to be signed, and signing it: each version stays, with its text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.criteria.models import SignedRules
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account
from unstuck.core.errors import Complaint
from unstuck.core.screening import Screening
from unstuck.core.screening_file import FILE, content_hash, library_text, parse_screening

OWN = "screening.toml"


class NotSigned(Complaint):
    """Nothing was signed."""


class WrongPassword(NotSigned):
    """The signer did not prove who signs."""


class ShownOtherwise(NotSigned):
    """What waits to be signed is not what was shown."""


class SameRules(NotSigned):
    """The rules in force have these very bytes."""


class RulesAltered(Complaint):
    """The stored text of signed rules is no longer the one that was signed: nobody is judged by it."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules, and the signature they rest on; None while nobody has signed."""

    rules: Screening
    signed: SignedRules | None

    @property
    def version(self) -> str:
        """How verdicts name the rules: the signed version, or the hash of the library's unsigned text."""
        return self.signed.version if self.signed else self.rules.hash[:8]


def in_force() -> InForce:
    """What people are judged by now: the rules signed last, before any signature the library's. Raises RulesAltered."""
    signed = SignedRules.objects.first()
    if signed is None:
        return of_library()
    if content_hash(signed.text) != signed.hash:
        raise RulesAltered(
            _("The text of the rules %(version)s is not the one that was signed.") % {"version": signed},
            mend=_("Restore it from a backup."),
        )
    return InForce(parse_screening(signed.text, f"rules {signed}"), signed)


def of_library() -> InForce:
    """The library's rules, signed by nobody here."""
    return InForce(parse_screening(library_text(), FILE), None)


def rules() -> Screening:
    """The rules of `in_force`."""
    return in_force().rules


def version_of(content: str) -> str:
    """How the signed rules with that hash are named; the beginning of the hash where nobody here signed them."""
    found = SignedRules.objects.filter(hash=content).last()
    return found.version if found else content[:8]


def _own() -> Path:
    return Path(settings.UNSTUCK_HOME) / OWN


def candidate() -> tuple[str, str]:
    """(text, where it stands) of what the site would sign now: the file in its data folder, else the library's."""
    own = _own()
    return (own.read_text(encoding="utf-8"), OWN) if own.is_file() else (library_text(), FILE)


def put_forward(text: str, actor: str, at: datetime) -> Screening:
    """The text waits to be signed, as `screening.toml` of the data folder. Raises Complaints; then nothing changed."""
    checked = parse_screening(text, OWN)
    own = _own()
    beside = own.with_suffix(".new")
    beside.write_text(text, encoding="utf-8", newline="")
    beside.replace(own)
    note("rules.put_forward", actor, at, {"hash": checked.hash})
    return checked


def take_library(actor: str, at: datetime) -> None:
    """The site's own file is gone, so that the library's text waits to be signed. What was signed stays in force."""
    _own().unlink(missing_ok=True)
    note("rules.put_forward", actor, at, {"hash": content_hash(library_text())})


def sign(signer: Account, password: str, shown: str, at: datetime) -> SignedRules:
    """The text with the hash `shown` is in force from now on, signed by name. Raises NotSigned, and Complaints."""
    if not signer.check_password(password):
        note("rules.signature_refused", signer.key, at)
        raise WrongPassword(
            _("The password is not right, so nothing was signed."), mend=_("Type your own password again.")
        )
    return sign_as(signer.key, shown, at)


def sign_as(signed_by: str, shown: str, at: datetime) -> SignedRules:
    """As `sign`, for a signer who has been recognised."""
    text, where = candidate()
    checked = parse_screening(text, where)
    if checked.hash != shown:
        raise ShownOtherwise(_("The text changed after you opened this page."), mend=_("Read it again, then sign."))
    with transaction.atomic():
        last = SignedRules.objects.first()
        if last is not None and content_hash(last.text) == checked.hash:
            raise SameRules(_("The rules in force are the same."), mend=_("There is nothing to sign."))
        made = SignedRules.objects.create(
            number=last.number + 1 if last else 1, hash=checked.hash, text=text, signed_at=at, signed_by=signed_by
        )
        note("rules.signed", signed_by, at, {"version": made.version, "hash": made.hash})
    return made
