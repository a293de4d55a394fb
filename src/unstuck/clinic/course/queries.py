"""Reading courses: the protocol they run under and their state, replayed from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import QuerySet

from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.protocol.models import Release
from unstuck.clinic.protocol.text import ReleaseAltered as ReleaseAltered
from unstuck.clinic.protocol.text import protocol_of as protocol_of
from unstuck.core.course import Course as State
from unstuck.core.course import replay
from unstuck.core.events import Event
from unstuck.core.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Loaded:
    """A course as it stands: its row, its protocol and its replayed state."""

    row: Course
    protocol: Protocol
    state: State


def load(course: Course) -> Loaded:
    """The course, replayed from the ledger."""
    return Loaded(course, protocol_of(course.release), _state(course.key, ledger.length(course.key), course.release))


@lru_cache(maxsize=256)
def _state(key: str, length: int, release: Release) -> State:
    """Replays once for each length of the chain: a chain only grows, so that the same length is the same state."""
    return replay(protocol_of(release), ledger.events(key))


def events_of(course: Course) -> tuple[Event, ...]:
    """The course's events as the ledger holds them, in the order in which they were recorded."""
    return ledger.events(course.key)


def everyone() -> QuerySet[Course]:
    """Every course with its person and release."""
    return Course.objects.select_related("person", "release")


def loaded(courses: Iterable[Course]) -> list[Loaded]:
    """These courses, replayed."""
    return [load(course) for course in courses]


def own_courses(person_id: int | None) -> list[Course]:
    """The courses of one person, the newest first."""
    return list(everyone().filter(person_id=person_id).order_by("-enrolled_at")) if person_id else []


def search(text: str, with_names: bool) -> QuerySet[Course]:
    """Courses whose person's name (where names may be seen) or key holds `text`; all for an empty text."""
    found = everyone()
    if not text:
        return found
    return found.filter(person__name__icontains=text) if with_names else found.filter(key__icontains=text)
