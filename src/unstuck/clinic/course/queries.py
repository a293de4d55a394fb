"""Reading courses: the protocol they run under and their state, replayed from the ledger."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people.models import Text
from unstuck.clinic.protocol.text import ReleaseAltered as ReleaseAltered
from unstuck.clinic.protocol.text import protocol_of as protocol_of
from unstuck.core.course import Course as State
from unstuck.core.course import replay
from unstuck.core.events import Event
from unstuck.core.protocol import Protocol

log = logging.getLogger("unstuck.worker")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A course as it stands: its row, its protocol and its replayed state."""

    row: Course
    protocol: Protocol
    state: State


def load(course: Course) -> Loaded:
    """The course, replayed from the ledger."""
    return loaded([course])[0]


def loaded(courses: Iterable[Course]) -> list[Loaded]:
    """These courses, replayed. The number of queries does not grow with the number of courses."""
    rows = list(courses)
    states = states_of(rows)
    return [Loaded(row, protocol_of(row.release), states[row.key]) for row in rows]


def readable(courses: Iterable[Course]) -> list[Loaded]:
    """As `loaded`, for the rounds over every course: one that cannot be replayed is logged, and holds up no other."""
    rows = list(courses)
    try:
        return loaded(rows)
    except Exception:  # whichever of them it is, the others are asked for alone
        return [one for row in rows if (one := _alone(row)) is not None]


def _alone(course: Course) -> Loaded | None:
    try:
        return load(course)
    except Exception:
        log.exception("The course %s cannot be replayed: no round looks after it.", course.key)
        return None


def states_of(courses: Sequence[Course]) -> dict[str, State]:
    """The state of each course by its key; only what was appended since the last look is read and replayed."""
    tips = ledger.tips([course.key for course in courses])
    fresh = _still_true(courses, tips)
    stale = {key: kept.seq for key, kept in fresh.items() if tips.get(key, _NONE) != kept.tip}
    news = ledger.events_since(stale)
    for course in courses:
        if course.key in stale:
            kept, tip = fresh[course.key], tips.get(course.key, _NONE)
            state = replay(protocol_of(course.release), news.get(course.key, ()), kept.state)
            fresh[course.key] = Kept(course.release_id, *tip, state)
            _keep(course.key, fresh[course.key])
    return {key: kept.state for key, kept in fresh.items()}


def _still_true(courses: Sequence[Course], tips: Mapping[str, tuple[int, str]]) -> dict[str, Kept]:
    """What is remembered of each course, where the ledger still holds the entry it ends at; else nothing."""
    known = {course.key: kept for course in courses if (kept := _kept(course))}
    grown = {key: kept.seq for key, kept in known.items() if tips.get(key, _NONE) != kept.tip}
    sound = ledger.hashes_at(grown)
    true = {key: kept for key, kept in known.items() if key not in grown or sound.get(key) == kept.hash}
    return {course.key: true.get(course.key, Kept(course.release_id, 0, "", State())) for course in courses}


@dataclass(frozen=True, slots=True)
class Kept:
    """A course's state, the release it was replayed under, and the last ledger entry that it knows."""

    release: int
    seq: int
    hash: str
    state: State

    @property
    def tip(self) -> tuple[int, str]:
        """The end of the chain that this state belongs to."""
        return self.seq, self.hash


_NONE = (0, "")
_MOST = 512  # states that a process keeps
_STATES: dict[str, Kept] = {}


def _kept(course: Course) -> Kept | None:
    kept = _STATES.get(course.key)
    return kept if kept is not None and kept.release == course.release_id else None


def _keep(key: str, kept: Kept) -> None:
    while len(_STATES) >= _MOST:
        _STATES.pop(next(iter(_STATES)), None)
    _STATES[key] = kept


def events_of(course: Course) -> tuple[Event, ...]:
    """The course's events as the ledger holds them, in the order in which they were recorded."""
    return ledger.events(course.key)


def everyone() -> QuerySet[Course]:
    """Every course with its person and release."""
    return Course.objects.select_related("person", "release")


def own_courses(person_id: int | None) -> list[Course]:
    """The courses of one person, the newest first."""
    return list(everyone().filter(person_id=person_id).order_by("-enrolled_at")) if person_id else []


def search(text: str, with_names: bool) -> QuerySet[Course]:
    """Courses whose person's name (where names may be seen) or key holds `text`; all for an empty text."""
    found = everyone()
    if not text:
        return found
    return found.filter(person__name__icontains=text) if with_names else found.filter(key__icontains=text)


def words_of(course: Course, kind: str) -> dict[str, str]:
    """The words of each entry of this kind by its event's id; an erased one is left out."""
    rows = Entry.objects.filter(chain=course.key, kind=kind).exclude(text_mac="").values_list("act", "text_mac")
    macs = {mac: act for act, mac in rows}
    texts = Text.objects.filter(mac__in=macs, erased_at=None).values_list("mac", "body")
    return {macs[mac]: body for mac, body in texts}
