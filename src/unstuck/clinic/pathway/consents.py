"""A person's consent: goals in their own words, the signature on the very bytes that were shown, and taking it back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.ledger.actions import Act, append, lock, note
from unstuck.clinic.pathway.booking import cancel_coming
from unstuck.clinic.pathway.consent_texts import text_in_use
from unstuck.clinic.pathway.models import ConsentText
from unstuck.clinic.people.models import Text
from unstuck.clinic.people.queries import plain_name
from unstuck.clinic.people.texts import text_of, write_text
from unstuck.clinic.session.models import Sitting
from unstuck.core import events as ev
from unstuck.core.consent import document, hash_of
from unstuck.core.consent_file import load_consent
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Consent
from unstuck.core.schedule import State, overview


class NotGiven(Complaint):
    """No consent was recorded."""


class TextChanged(NotGiven):
    """What would be signed is not what was shown."""


class NotTheirName(NotGiven):
    """The name that was written is not the person's."""


class NotConfirmed(NotGiven):
    """A sentence was not confirmed."""


class Identity(StrEnum):
    """How it was made sure who signs."""

    PASSPORT = "passport"
    ID_CARD = "id_card"
    LICENCE = "licence"
    KNOWN = "known_to_staff"


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal of the person: its act in the ledger and its words, empty where they were erased."""

    act: str
    words: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """What a person signs with: their written name, how they were identified, what they confirmed, what they saw."""

    name: str
    identity: Identity
    confirmed: frozenset[str]
    shown_hash: str
    language: str = ""  # of the text that was shown; empty: the one that the site shows first


def goals(course: Course) -> tuple[Goal, ...]:
    """The goals that stand, in the order in which they were set."""
    entries = [entry for entry in ledger.entries(course.key) if entry.kind in ("goal.set", "goal.dropped")]
    dropped = {entry.payload for entry in entries if entry.kind == "goal.dropped"}
    kept = [e for e in entries if e.kind == "goal.set" and not any(e.act in told for told in dropped)]
    return tuple(Goal(entry.act, _body(entry.text_mac), entry.observed_at) for entry in kept)


def _body(mac: str) -> str:
    found: Text | None = text_of(mac)
    return found.body if found else ""


def set_goal(course: Course, words: str, actor: str, at: datetime) -> None:
    """One more goal, in the person's words, which stay erasable."""
    with transaction.atomic():
        lock(course.key)
        text = write_text(course.person, "goal", words, at)
        append(course.key, Act("goal.set", actor, at, at, {}, text_mac=text.mac, act=uuid.uuid4().hex))


def drop_goal(course: Course, act: str, actor: str, at: datetime) -> None:
    """The goal no longer stands; that it was set stays."""
    if act in {goal.act for goal in goals(course)}:
        note("goal.dropped", actor, at, {"goal": act}, course.key)


def shown(course: Course, text: ConsentText) -> str:
    """What this person reads and signs now."""
    around = load_consent(language=text.language).around
    return document(text.text, [goal.words for goal in goals(course)], course.person.name, around)


def sign(course: Course, signature: Signature, entry: Entry) -> str:
    """Records the consent with the bytes that were shown; their hash. Raises NotGiven."""
    with transaction.atomic():
        lock(course.key)
        text = text_in_use(course.release.key, signature.language)
        if text is None:
            raise NotGiven(_("No text of consent has been signed for this protocol."))
        body = shown(course, text)
        _refuse(course, signature, body)
        step, occurrence = _open_step(course, entry.recorded_at)
        what = ev.ConsentGiven(_form(course), text.version, step, occurrence)
        given = Entry(entry.actor, entry.observed_at, entry.recorded_at, body, entry.id)
        write_all(course, [(what, given)])
        payload = {
            "form_hash": text.text_hash,
            "version": text.version,
            "language": text.language,
            "identity": signature.identity.value,
            "confirmed": sorted(signature.confirmed),
        }
        note("consent.shown", entry.actor, entry.recorded_at, payload, course.key)
        return hash_of(body)


def _refuse(course: Course, signature: Signature, body: str) -> None:
    if signature.shown_hash != hash_of(body):
        raise TextChanged(
            _("The text has changed since it was shown."), mend=_("Show it again, and let the person read it.")
        )
    if plain_name(signature.name) != plain_name(course.person.name):
        raise NotTheirName(
            _("The name that was written is not the name that is registered."),
            mend=_("The person writes their own full name."),
        )
    if {c.key for c in load_consent().confirm} - signature.confirmed:
        raise NotConfirmed(_("Each sentence must be confirmed."), mend=_("Talk about what is not clear."))


def _form(course: Course) -> str:
    """The form that the protocol's consent step names."""
    forms = [s.activity.form for s in load(course).protocol.steps if isinstance(s.activity, Consent)]
    return forms[0] if forms else load_consent().key


def _open_step(course: Course, at: datetime) -> tuple[str | None, int]:
    """The consent step that waits, or none where consent is renewed apart from the plan."""
    loaded = load(course)
    rows = overview(loaded.protocol, loaded.state, at)
    open_ = [row for row in rows if row.kind == "consent" and row.state not in (State.DONE, State.SKIPPED)]
    return (open_[0].step, open_[0].occurrence) if open_ else (None, 1)


def withdraw(course: Course, entry: Entry) -> bool:
    """Takes the consent back in one act: no further dose, every link dead, every coming visit free again.

    The course ends with it, unless somebody sits in a chair now: then watching goes on, and it ends after they left.
    Whether the course has ended.
    """
    with transaction.atomic():
        lock(course.key)
        sitting = Sitting.objects.filter(course=course, left_at=None).exists()
        whats: list[ev.What] = [ev.ConsentWithdrawn(_form(course))]
        if not sitting:
            whats.append(ev.CourseEnded(ev.Ending.WITHDREW))
        write_all(course, list(zip(whats, _entries(entry, len(whats)), strict=True)))
        dead = Link.objects.filter(course=course, finished_at=None, expires_at__gt=entry.recorded_at)
        killed = dead.update(expires_at=entry.recorded_at)
        freed = cancel_coming(course, "withdrew", entry.recorded_at)
        note("consent.links_ended", entry.actor, entry.recorded_at, {"links": killed, "visits": freed}, course.key)
    return not sitting


def _entries(entry: Entry, count: int) -> Iterable[Entry]:
    """One entry an event; words go with the first."""
    for number in range(count):
        key = uuid.uuid5(uuid.NAMESPACE_OID, f"{entry.id}:{number}").hex if entry.id else ""
        yield Entry(entry.actor, entry.observed_at, entry.recorded_at, entry.words if number == 0 else "", key)
