"""Events to tidy tables: one row a course, dose, therapy session, assessment score, reading or adverse event.

Times are given as days from enrolment; calendar instants appear only where `dates` asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from unstuck.core import events as ev
from unstuck.core.course import Course, standing
from unstuck.core.events import Event

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A tidy table: column names and rows that all have these columns, None where a value is not known."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


_KEYS = ("course", "day")
COLUMNS: dict[str, tuple[str, ...]] = {
    "courses": (
        "course",
        "origin",
        "protocol",
        "version",
        "protocol_hash",
        "arm",
        "doses",
        "therapy_sessions",
        "ending",
        "ended_day",
    ),
    "doses": (
        *_KEYS,
        "number",
        "step",
        "occurrence",
        "drug",
        "route",
        "amount_mg",
        "weight_kg",
        "mg_per_kg",
        "minutes",
        "regimen",
    ),
    "therapy_sessions": (*_KEYS, "number", "step", "occurrence", "minutes", "hours_since_dose"),
    "assessments": (*_KEYS, "step", "occurrence", "instrument", "version", "wording", "for_care", "scale", "value"),
    "answers": (*_KEYS, "step", "occurrence", "instrument", "version", "item", "value"),
    "readings": (*_KEYS, "step", "occurrence", "phase", "name", "value"),
    "adverse_events": (*_KEYS, "category", "grade", "serious", "expected", "dose", "minutes"),
}


def tables(courses: Iterable[Course], dates: bool = False) -> dict[str, Table]:
    """The tables of these courses by name, rows in the order of courses and time. `dates` adds an `at` column."""
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    for course in courses:
        if course.enrolment is None:
            continue
        rows["courses"].append(_course(course))
        for name, make in _MAKERS.items():
            rows[name].extend(make(course))
    return {name: _table(name, found, dates) for name, found in rows.items()}


def _table(name: str, rows: list[Row], dates: bool) -> Table:
    columns = COLUMNS[name] + (("at",) if dates and name != "courses" else ())
    return Table(name, columns, tuple({c: row[c] for c in columns} for row in rows))


def _course(course: Course) -> Row:
    assert course.enrolment is not None and isinstance(course.enrolment.what, ev.Enrolled)
    ending = course.ended.what.ending.value if course.ended and isinstance(course.ended.what, ev.CourseEnded) else None
    return {
        "course": course.key,
        "origin": course.enrolment.origin.value,
        "protocol": course.enrolment.what.protocol,
        "version": course.version,
        "protocol_hash": course.protocol_hash,
        "arm": course.arm,
        "doses": len(course.doses),
        "therapy_sessions": len(course.therapies),
        "ending": ending,
        "ended_day": _day(course, course.ended) if course.ended else None,
    }


def _day(course: Course, event: Event) -> float:
    assert course.enrolled_at is not None
    return (event.observed_at - course.enrolled_at) / timedelta(days=1)


def _base(course: Course, event: Event) -> Row:
    row = {"course": course.key, "day": _day(course, event), "at": event.observed_at.isoformat()}
    return row | {"step": getattr(event.what, "step", None), "occurrence": getattr(event.what, "occurrence", None)}


def _doses(course: Course) -> Iterator[Row]:
    for number, event in enumerate(course.doses, 1):
        what = event.what
        assert isinstance(what, ev.DoseGiven)
        row = {name: getattr(what, name) for name in ("drug", "route", "amount_mg", "weight_kg", "minutes", "regimen")}
        per_kg = what.amount_mg / what.weight_kg if what.weight_kg else None
        yield _base(course, event) | row | {"number": number, "mg_per_kg": per_kg}


def _therapies(course: Course) -> Iterator[Row]:
    for number, event in enumerate(course.therapies, 1):
        before = [dose for dose in course.doses if dose.observed_at <= event.observed_at]
        hours = (event.observed_at - before[-1].observed_at) / timedelta(hours=1) if before else None
        minutes = getattr(event.what, "minutes", None)
        yield _base(course, event) | {"number": number, "minutes": minutes, "hours_since_dose": hours}


def _assessments(course: Course) -> Iterator[Row]:
    for event, what in _completed(course):
        row = _base(course, event) | {"instrument": what.instrument, "version": what.version}
        for scale, value in what.scores:
            yield row | {"wording": what.wording, "for_care": what.for_care, "scale": scale, "value": value}


def _answers(course: Course) -> Iterator[Row]:
    for event, what in _completed(course):
        row = _base(course, event) | {"instrument": what.instrument, "version": what.version}
        for item, value in what.answers:
            yield row | {"item": item, "value": value}


def _completed(course: Course) -> Iterator[tuple[Event, ev.AssessmentCompleted]]:
    for event in course.assessments:
        if isinstance(event.what, ev.AssessmentCompleted):
            yield event, event.what


def _readings(course: Course) -> Iterator[Row]:
    for event in sorted(standing(course.log), key=lambda e: e.observed_at):
        if isinstance(event.what, ev.ReadingTaken):
            row = {"phase": event.what.phase, "name": event.what.name, "value": event.what.value}
            yield _base(course, event) | row


def _adverse(course: Course) -> Iterator[Row]:
    for event in course.adverse:
        what = event.what
        assert isinstance(what, ev.AdverseEventNoted)
        names = ("category", "grade", "serious", "expected", "dose", "minutes")
        yield _base(course, event) | {name: getattr(what, name) for name in names}


_MAKERS: dict[str, Callable[[Course], Iterator[Row]]] = {
    "doses": _doses,
    "therapy_sessions": _therapies,
    "assessments": _assessments,
    "answers": _answers,
    "readings": _readings,
    "adverse_events": _adverse,
}
