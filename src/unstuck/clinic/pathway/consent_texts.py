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
from unstuck.core.consent_file import load_consent, load_tongue
from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import Release
from unstuck.core.evidence_release_file import read_release, shipped
from unstuck.core.evidence_words import text_for
from unstuck.core.protocol import Dose, Protocol, Setting
from unstuck.core.tongue import ENGLISH, ENGLISH_CODE, Tongue


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


def texts_in_use(protocol: str) -> dict[str, ConsentText]:
    """The text with which people consent today, by its language."""
    return {text.language: text for text in reversed(texts_of(protocol))}


def text_in_use(protocol: str, language: str = "") -> ConsentText | None:
    """The text with which people consent today in that language, None where none was signed.

    With no language named: that of the site where there is one, else English, else any.
    """
    found = texts_in_use(protocol)
    site = settings.LANGUAGE_CODE.split("-")[0]
    wanted = [language] if language else [site, ENGLISH_CODE, *sorted(found)]
    return next((found[one] for one in wanted if one in found), None)


def draft(protocol: Protocol, language: str = ENGLISH_CODE) -> tuple[str, SignedText]:
    """The text as it would be signed now, and the signed words on the evidence that it quotes.

    In another language than English the words on the evidence are those of the same release in that language. Raises
    NoEvidence, and NotTranslated where a sentence has no words in it.
    """
    signed = signed_of(protocol.key)
    if not signed:
        raise NoEvidence(
            _("Nobody has signed what patients are told of the evidence for this protocol."),
            mend=_("A prescriber signs it on the page of the evidence; then the consent can quote it."),
        )
    release = _release(signed[0].release_hash)
    tongue = load_tongue(language)
    words = _words(protocol, tongue)
    told = signed[0].text if tongue == ENGLISH else text_for(release, protocol.key, words["title"], tongue)
    about = About(words, _has_home(protocol), bool(protocol.arms), told, tongue)
    return compose(load_consent(language=language), release, about), signed[0]


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


def _words(protocol: Protocol, tongue: Tongue) -> dict[str, str]:
    drugs = sorted({regimen.drug for regimen in protocol.regimens})
    crisis = settings.UNSTUCK_CRISIS_PHONE or tongue.say("the crisis line of your country")
    return {
        "drugs": tongue.say(" or ").join(tongue.say(drug) for drug in drugs) or tongue.say("therapy alone"),
        "site": settings.UNSTUCK_SITE_NAME,
        "title": tongue.say(protocol.title),
        "plan": tongue.say(protocol.summary),
        "crisis": crisis,
    }


def _has_home(protocol: Protocol) -> bool:
    return any(isinstance(s.activity, Dose) and s.activity.setting is Setting.HOME for s in protocol.steps)


def issue(
    protocol: Protocol, signer: Account, password: str, at: datetime, language: str = ENGLISH_CODE
) -> ConsentText:  # fmt: skip
    """Signs the text for use from now on. Raises WrongPassword, NoEvidence, SameText."""
    if not signer.check_password(password):
        note("consent.signature_refused", signer.key, at, {"protocol": protocol.key})
        raise WrongPassword(
            _("The password is not right, so nothing was signed."), mend=_("Type your own password again.")
        )
    return issue_as(protocol, signer.key, at, language)


def issue_as(protocol: Protocol, signed_by: str, at: datetime, language: str = ENGLISH_CODE) -> ConsentText:
    """As `issue`, for a signer who has been recognised. Raises NoEvidence and SameText."""
    text, evidence = draft(protocol, language)
    with transaction.atomic():
        last, same = next(iter(texts_of(protocol.key)), None), text_in_use(protocol.key, language)
        if same is not None and same.text == text:
            raise SameText(_("The text in use is the same."), mend=_("There is nothing to sign."))
        made = ConsentText.objects.create(
            protocol=protocol.key,
            number=last.number + 1 if last else 1,
            language=language,
            text=text,
            text_hash=hash_of(text),
            evidence_hash=evidence.text_hash,
            signed_by=signed_by,
            signed_at=at,
        )
        payload = {"protocol": protocol.key, "version": made.version, "hash": made.text_hash, "language": language}
        note("consent.text_signed", signed_by, at, payload)
    return made
