"""What the pages of consent show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.conf import settings
from django.utils.translation import gettext as _

from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.pathway.consent_texts import NoEvidence, draft, text_in_use, texts_in_use, texts_of
from unstuck.clinic.pathway.consents import Goal, goals, shown
from unstuck.clinic.pathway.doors import Door
from unstuck.clinic.people.queries import display_names
from unstuck.clinic.people.texts import is_genuine, text_of
from unstuck.core import events as ev
from unstuck.core.consent import Line, hash_of, lines
from unstuck.core.consent_file import languages
from unstuck.core.course import standing
from unstuck.core.protocol import Protocol
from unstuck.core.tongue import NotTranslated


@dataclass(frozen=True, slots=True)
class SignedRow:
    """One signature of the past: which version, when, and whether the kept bytes are those that were signed."""

    version: str
    language: str
    when: str
    kept: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One language in which a text is in use."""

    code: str
    name: str
    shown: bool


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Exactly what the page shows."""

    key: str
    name: str
    born: str
    level: str
    verdict: str
    kicker: str
    why: str
    lines: tuple[Line, ...]
    shown_hash: str
    version: str
    language: str
    languages: tuple[Choice, ...]
    goals: tuple[Goal, ...]
    signed: tuple[SignedRow, ...]
    confirmed_on: tuple[str, ...]
    may_take: bool
    may_sign: bool
    may_withdraw: bool
    protocol: str
    doors: tuple[Door, ...]


def consent_page(
    course: Course, may_take: bool, doors: tuple[Door, ...], zone: tzinfo, language: str = ""
) -> ConsentPage:  # fmt: skip
    """The page of one course; `may_take` is whether its reader may witness a signature, `language` what they chose."""
    in_use = texts_in_use(course.release.key)
    loaded, text = load(course), text_in_use(course.release.key, language if language in in_use else "")
    given = _given(course, zone)
    stands = loaded.state.series.get("consent", ())
    valid = bool(stands) and stands[-1].value is True
    body = shown(course, text) if text else ""
    versions = frozenset(one.version for one in in_use.values())
    level, verdict, kicker, why = _verdict(valid, bool(stands), given, versions)
    again = [s.at for s in loaded.state.series.get("person.consent_reconfirmed", ()) if s.value is True]
    return ConsentPage(
        key=course.key,
        name=course.person.name,
        born=course.person.born_on.strftime("%-d %b %Y") if course.person.born_on else "",
        level=level,
        verdict=verdict,
        kicker=kicker,
        why=why,
        lines=lines(body),
        shown_hash=hash_of(body) if body else "",
        version=text.version if text else "",
        language=text.language if text else "",
        languages=choices(in_use, text.language if text else ""),
        goals=goals(course),
        signed=given,
        confirmed_on=tuple(_when(moment, zone) for moment in again[::-1]),
        may_take=may_take and course.ended_at is None,
        may_sign=may_take and course.ended_at is None and text is not None and not _same(valid, given, versions),
        may_withdraw=valid and course.ended_at is None,
        protocol=course.release.key,
        doors=doors,
    )


def choices(codes: Iterable[str], shown: str) -> tuple[Choice, ...]:
    """The languages by their own names."""
    names = dict(settings.LANGUAGES)
    return tuple(Choice(code, str(names.get(code, code)), code == shown) for code in sorted(codes))


def _verdict(
    valid: bool, ever: bool, given: tuple[SignedRow, ...], versions: frozenset[str]
) -> tuple[str, str, str, str]:  # fmt: skip
    if valid and given and versions and given[0].version not in versions:
        why = _("It stands as it was signed. Show the newer text before the next dose, and let the person sign anew.")
        return "open", _("Given, and there is a newer text"), _("Consent"), why
    if valid:
        return "ok", _("Given"), _("Consent"), _("It is asked again before each dose.")
    if ever:
        return "held", _("Taken back"), _("Consent"), _("No dose may be given. Links and visits have ended.")
    if not versions:
        why = _("A prescriber signs the text for this protocol first.")
        return "unk", _("No text to sign yet"), _("Consent"), why
    return "open", _("Not given yet"), _("Consent"), _("Read it together. There is time.")


def _same(valid: bool, given: tuple[SignedRow, ...], versions: frozenset[str]) -> bool:
    """Whether the consent that stands is to a text in use, in whatever language: then there is nothing to sign."""
    return valid and bool(given) and given[0].version in versions


def _given(course: Course, zone: tzinfo) -> tuple[SignedRow, ...]:
    """Every signature, the newest first, with the bytes that were shown."""
    macs = {entry.act: entry.text_mac for entry in ledger.entries(course.key) if entry.kind == "ConsentGiven"}
    spoken = {text.version: text.language for text in texts_of(course.release.key)}
    events = [e for e in standing(load(course).state.log) if isinstance(e.what, ev.ConsentGiven)]
    return tuple(_row(e, macs.get(e.id, ""), spoken, zone) for e in reversed(events))


def _row(event: ev.Event, mac: str, spoken: Mapping[str, str], zone: tzinfo) -> SignedRow:
    assert isinstance(event.what, ev.ConsentGiven)
    text = text_of(mac)
    if text is None:
        kept = _("Signed on paper, or simulated: no text is kept here.")
    elif text.erased_at:
        kept = _("The words were erased.")
    else:
        kept = _("Kept as it was shown.") if is_genuine(text) else _("The kept words are not those that were signed.")
    body = lines(text.body) if text and not text.erased_at else ()
    version = event.what.form_version
    return SignedRow(version, spoken.get(version, ""), _when(event.observed_at, zone), kept, body)


def _when(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%-d %b %Y %H:%M")


@dataclass(frozen=True, slots=True)
class TextRow:
    version: str
    language: str
    when: str
    who: str
    hash: str


@dataclass(frozen=True, slots=True)
class TextPage:
    """The text of one protocol: in use, and as it would be signed now."""

    protocol: str
    title: str
    language: str
    languages: tuple[Choice, ...]
    draft: tuple[Line, ...]
    lacking: str
    same: bool
    current: tuple[Line, ...]
    signed: tuple[TextRow, ...]
    may_sign: bool


def text_page(protocol: Protocol, may_sign: bool, zone: tzinfo, language: str) -> TextPage:
    """The page of one protocol's consent in one language."""
    signed = texts_of(protocol.key)
    try:
        body, lacking = draft(protocol, language)[0], ""
    except (NoEvidence, NotTranslated) as why:
        body, lacking = "", str(why)
    names = display_names({text.signed_by for text in signed})
    rows = tuple(
        TextRow(
            t.version, t.language, _when(t.signed_at, zone), names.get(t.signed_by, t.signed_by[:8]), t.text_hash[:12]
        )
        for t in signed
    )
    current = next((text.text for text in signed if text.language == language), "")
    return TextPage(
        protocol=protocol.key,
        title=protocol.title,
        language=language,
        languages=choices(languages(), language),
        draft=lines(body),
        lacking=lacking,
        same=bool(current) and current == body,
        current=lines(current),
        signed=rows,
        may_sign=may_sign and bool(body) and current != body,
    )
