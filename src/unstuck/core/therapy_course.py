"""Structured therapy in one course: what was listed and recorded, and what may be recorded next."""

from __future__ import annotations

import re
from collections.abc import Iterator

from unstuck.core import refusals as no
from unstuck.core.course import Course, standing
from unstuck.core.events import Event
from unstuck.core.therapy_events import TherapyItemListed, TherapyRecorded, TherapyWhat

_CODE = re.compile(r"[\w.:/+\-]{1,120}")


def sessions_of(course: Course, therapy: str | None = None) -> tuple[Event, ...]:
    """Every recorded session that stands, by the time at which it began; of one therapy where it is named."""
    found = [e for e in standing(course.log) if isinstance(e.what, TherapyRecorded)]
    kept = [e for e in found if therapy is None or e.what.therapy == therapy]  # type: ignore[union-attr]
    return tuple(sorted(kept, key=lambda e: e.observed_at))


def items_of(course: Course, therapy: str) -> tuple[Event, ...]:
    """Every item that was put on a list of this therapy, in that order."""
    listed = (e for e in standing(course.log) if isinstance(e.what, TherapyItemListed))
    return tuple(e for e in listed if e.what.therapy == therapy)  # type: ignore[union-attr]


def next_number(course: Course, therapy: str) -> int:
    """Which session of this therapy the next one is."""
    return 1 + len(sessions_of(course, therapy))


def next_item(course: Course, therapy: str, listing: str) -> str:
    """The code of the next item of a list; a code is never given twice, also after a correction."""
    there = [e.what for e in course.log if isinstance(e.what, TherapyItemListed)]
    return f"{listing}.{1 + sum(1 for what in there if (what.therapy, what.list) == (therapy, listing))}"


def ratings_of(course: Course, therapy: str, item: str, measure: str) -> Iterator[tuple[Event, float]]:
    """Each value of one measure of one item, oldest first."""
    for event in sessions_of(course, therapy):
        assert isinstance(event.what, TherapyRecorded)
        for key, name, value in event.what.ratings:
            if (key, name) == (item, measure):
                yield event, value


def check_therapy(course: Course, event: Event) -> None:
    """Raises a named Refusal where the record does not fit what happened in the course."""
    what = event.what
    assert isinstance(what, TherapyWhat)
    if isinstance(what, TherapyItemListed):
        if any(e.what == what for e in items_of(course, what.therapy)):
            raise no.AlreadyDone(f"The item {what.item} is on the list already.")
        return
    _check_codes(what)
    if (what.step, what.occurrence) not in course.done:
        raise no.NotInOrder("The session was not held.", mend="Record the visit with it.")
    if any((e.what.step, e.what.occurrence) == (what.step, what.occurrence) for e in sessions_of(course)):  # type: ignore[union-attr]
        raise no.AlreadyDone("This session is recorded already.", mend="Correct that record.")
    begun = sum(1 for dose in course.doses if dose.observed_at <= event.observed_at)
    if not 0 <= what.cycle <= begun:
        raise no.NotInOrder(f"No dose {what.cycle} was given before this session.", mend="Choose one that was given.")
    listed = {e.what.item for e in items_of(course, what.therapy)}  # type: ignore[union-attr]
    for item, _measure, _value in what.ratings:
        if item not in listed:
            raise no.UnknownEvent(f"{item} is on no list of this course.", mend="Put it on its list first.")


def _check_codes(what: TherapyRecorded) -> None:
    """Tuples hold codes and figures; words would stay for ever."""
    codes = [key for key, _ in what.figures] + [part for pair in what.choices for part in pair]
    codes += [part for item, measure, _ in what.ratings for part in (item, measure)]
    for code in codes:
        if not _CODE.fullmatch(code):
            raise no.NotAFact("A session's record holds codes and figures.", mend="Write words into the summary.")
