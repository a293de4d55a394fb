"""Departures from the plan, always derived from what happened, never entered by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from unstuck.core import refusals as no
from unstuck.core.course import Course
from unstuck.core.dosing import planned_dose
from unstuck.core.events import DoseGiven, Event
from unstuck.core.occurrences import Moments
from unstuck.core.protocol import Dose, Protocol, Regimen
from unstuck.core.schedule import Due, State, overview

_ROUNDING = 0.05  # share of the planned amount; drawing up to the syringe's marks is no departure


class Departure(StrEnum):
    """Kinds of departure."""

    EARLY = "early"
    LATE = "late"
    MISSED = "missed"
    SKIPPED = "skipped"
    OVERRIDDEN = "overridden"
    AMOUNT = "amount"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One departure: which occurrence, what kind, when, and how much, in words without names."""

    kind: Departure
    step: str
    occurrence: int
    title: str
    at: datetime
    detail: str


def deviations(protocol: Protocol, course: Course, on: datetime, zone: tzinfo = UTC) -> tuple[Deviation, ...]:
    """Every departure of the course up to `on`, oldest first."""
    found = [
        *(d for row in overview(protocol, course, on, zone) for d in _timing(protocol, course, row, on, zone)),
        *(d for dose in course.doses for d in _dosing(protocol, course, dose)),
        *_overrides(protocol, course),
    ]
    return tuple(sorted(found, key=lambda d: (d.at, d.step, d.kind)))


def _timing(protocol: Protocol, course: Course, row: Due, on: datetime, zone: tzinfo) -> Iterator[Deviation]:
    if row.state is State.SKIPPED:
        skip = course.skipped[row.step, row.occurrence]
        yield _departure(Departure.SKIPPED, row, skip.observed_at, "Skipped.")
    elif row.state is State.LATE and not row.optional and row.closes:
        yield _departure(Departure.MISSED, row, row.closes, f"Not done {_ago(row.closes, on)} after its window.")
    elif row.done_at and row.opens and row.closes and _anchored(protocol, course, row, zone):
        if row.done_at < row.opens:
            yield _departure(Departure.EARLY, row, row.done_at, f"{_ago(row.done_at, row.opens)} before its window.")
        elif row.done_at >= row.closes:
            yield _departure(Departure.LATE, row, row.done_at, f"{_ago(row.closes, row.done_at)} after its window.")


def _anchored(protocol: Protocol, course: Course, row: Due, zone: tzinfo) -> bool:
    anchor = Moments(protocol, course, zone).anchor(protocol.step(row.step), row.occurrence)
    return anchor is not None and anchor.actual


def _departure(kind: Departure, row: Due, at: datetime, detail: str) -> Deviation:
    return Deviation(kind, row.step, row.occurrence, row.title, at, detail)


def _dosing(protocol: Protocol, course: Course, dose: Event) -> Iterator[Deviation]:
    given = dose.what
    assert isinstance(given, DoseGiven)
    activity = protocol.step(given.step).activity if protocol.has(given.step) else None
    if not isinstance(activity, Dose):
        return
    regimen = protocol.regimen(activity.regimen, course.arm)
    title = protocol.step(given.step).title
    for kind, detail in _differences(regimen, given):
        yield Deviation(kind, given.step, given.occurrence, title, dose.observed_at, detail)


def _differences(regimen: Regimen, given: DoseGiven) -> Iterator[tuple[Departure, str]]:
    try:
        planned = planned_dose(regimen, given.weight_kg).mg
    except no.Refusal:
        planned = None
    if planned is not None and abs(given.amount_mg - planned) > _ROUNDING * planned:
        yield Departure.AMOUNT, f"{given.amount_mg:g} mg given, {planned:g} mg planned."
    if regimen.minutes and given.minutes is not None and given.minutes != regimen.minutes:
        yield Departure.DURATION, f"Took {given.minutes:g} min, planned {regimen.minutes:g}."


def _overrides(protocol: Protocol, course: Course) -> Iterator[Deviation]:
    for (step, occurrence, gate), event in course.overrides.items():
        title = protocol.step(step).title if protocol.has(step) else step
        detail = f"The gate “{gate}” was passed by a named person."
        yield Deviation(Departure.OVERRIDDEN, step, occurrence, title, event.observed_at, detail)


def _ago(earlier: datetime, later: datetime) -> str:
    hours = (later - earlier).total_seconds() / 3600
    if hours < 1:
        return f"{round(hours * 60)} min"
    return f"{round(hours)} h" if hours < 48 else f"{round(hours / 24)} days"
