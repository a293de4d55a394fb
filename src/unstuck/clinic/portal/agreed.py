"""What a person has agreed to, with the words as they were shown, and taking it back in one step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from unstuck.clinic.course.models import Course
from unstuck.clinic.course.own import day_words
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.people.texts import text_of
from unstuck.core.consent import Line, lines
from unstuck.core.course import standing
from unstuck.core.events import ConsentGiven


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature: its day, and the words that were shown; none where it was signed on paper."""

    when: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """Whether a consent stands, whether there ever was one, and every signature, the newest first."""

    stands: bool
    ever: bool
    signed: tuple[Signed, ...]


def agreed(course: Course, zone: tzinfo) -> Agreed:
    """What the page shows."""
    state = load(course).state
    told = state.series.get("consent", ())
    macs = {entry.act: entry.text_mac for entry in ledger.entries(course.key) if entry.kind == "ConsentGiven"}
    given = [(e.id, e.observed_at) for e in standing(state.log) if isinstance(e.what, ConsentGiven)]
    rows = tuple(_signed(macs.get(act, ""), at, zone) for act, at in reversed(given))
    valid = bool(told) and told[-1].value is True and course.ended_at is None
    return Agreed(valid, bool(told), rows)


def _signed(mac: str, at: datetime, zone: tzinfo) -> Signed:
    text = text_of(mac)
    return Signed(day_words(at, zone), tuple(lines(text.body)) if text and not text.erased_at else ())
