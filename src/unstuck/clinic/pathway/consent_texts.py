"""Signing a text of consent for use: composed from blocks, the protocol and the signed words on the evidence."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.evidence.models import SignedText
from unstuck.clinic.evidence.queries import signed_of
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.pathway.models import ConsentText
from unstuck.clinic.people.models import Account
from unstuck.core.consent import About, compose, hash_of
from unstuck.core.consent_file import load_consent
from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import Release
from unstuck.core.evidence_release_file import read_release, shipped
from unstuck.core.protocol import Dose, Protocol, Setting


class NotSigned(Complaint):
    """No text was signed for use."""


class NoEvidence(NotSigned):
    """Nobody has signed what this site tells of the evidence, or its release is not here."""


class WrongPassword(NotSigned):
    """The signer did not prove who signs."""


class SameText(NotSigned):
    """The text in use has these very bytes."""


def texts_of(protocol: str) -> tuple[ConsentText, ...]:
    """The signed texts of a protocol, the one in use first."""
    return tuple(ConsentText.objects.filter(protocol=protocol))


def text_in_use(protocol: str) -> ConsentText | None:
    """The text with which people consent today, None where none was signed."""
    return ConsentText.objects.filter(protocol=protocol).first()


def draft(protocol: Protocol) -> tuple[str, SignedText]:
    """The text as it would be signed now, and the words on the evidence that it quotes. Raises NoEvidence."""
    signed = signed_of(protocol.key)
    if not signed:
        raise NoEvidence(
            _("Nobody has signed what patients are told of the evidence for this protocol."),
            mend=_("A prescriber signs it on the page of the evidence; then the consent can quote it."),
        )
    release = _release(signed[0].release_hash)
    about = About(_words(protocol), _has_home(protocol), bool(protocol.arms), signed[0].text)
    return compose(load_consent(), release, about), signed[0]


def _release(wanted: str) -> Release:
    """The release whose words were signed. Raises NoEvidence where it is not here."""
    folders = (shipped(), Path(settings.UNSTUCK_HOME) / "evidence")
    found = (read_release(path) for folder in folders for path in sorted(folder.glob("*.json")))
    release = next((one for one in found if one.hash == wanted), None)
    if release is None:
        raise NoEvidence(
            _("The release of the evidence that was signed is not here any more."), mend=_("Sign the newest one.")
        )
    return release


def _words(protocol: Protocol) -> dict[str, str]:
    drugs = sorted({regimen.drug for regimen in protocol.regimens})
    crisis = settings.UNSTUCK_CRISIS_PHONE or _("the crisis line of your country")
    return {
        "drugs": _(" or ").join(drugs) or _("therapy alone"),
        "site": settings.UNSTUCK_SITE_NAME,
        "title": protocol.title,
        "plan": protocol.summary,
        "crisis": crisis,
    }


def _has_home(protocol: Protocol) -> bool:
    return any(isinstance(s.activity, Dose) and s.activity.setting is Setting.HOME for s in protocol.steps)


def issue(protocol: Protocol, signer: Account, password: str, at: datetime) -> ConsentText:
    """Signs the text for use from now on. Raises WrongPassword, NoEvidence, SameText."""
    if not signer.check_password(password):
        note("consent.signature_refused", signer.key, at, {"protocol": protocol.key})
        raise WrongPassword(
            _("The password is not right, so nothing was signed."), mend=_("Type your own password again.")
        )
    return issue_as(protocol, signer.key, at)


def issue_as(protocol: Protocol, signed_by: str, at: datetime) -> ConsentText:
    """As `issue`, for a signer who has been recognised. Raises NoEvidence and SameText."""
    text, evidence = draft(protocol)
    with transaction.atomic():
        last = text_in_use(protocol.key)
        if last is not None and last.text == text:
            raise SameText(_("The text in use is the same."), mend=_("There is nothing to sign."))
        made = ConsentText.objects.create(
            protocol=protocol.key,
            number=last.number + 1 if last else 1,
            language=load_consent().language,
            text=text,
            text_hash=hash_of(text),
            evidence_hash=evidence.text_hash,
            signed_by=signed_by,
            signed_at=at,
        )
        payload = {"protocol": protocol.key, "version": made.version, "hash": made.text_hash}
        note("consent.text_signed", signed_by, at, payload)
    return made
