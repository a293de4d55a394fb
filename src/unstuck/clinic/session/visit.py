"""What happened in one visit, as plain values: what a device needs to count, to remind and to alarm on its own.

Amounts are shares of the dose, never mg, so that the list is the same for a reader who may not know the drug.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from unstuck.core import events as ev
from unstuck.core.course import Course
from unstuck.core.events import Event
from unstuck.core.live import dose_of
from unstuck.core.session import visit_of
from unstuck.core.session_events import (
    AlarmAnswered,
    CallAnswered,
    Called,
    InfusionChanged,
    MeasureTaken,
    PartGiven,
    SessionOpened,
)

Plain = dict[str, Any]


def visit_plain(course: Course, step: str, occurrence: int, at: datetime) -> list[Plain]:
    """Every event of the visit that moves a phase, a reminder or an alarm, oldest first."""
    dose = dose_of(course, step, occurrence)
    whole = dose.what.amount_mg if dose and isinstance(dose.what, ev.DoseGiven) else 0.0
    return [
        {"at": event.observed_at.isoformat()} | told
        for event in visit_of(course, step, occurrence, at)
        for told in _told(event, whole)
    ]


def _told(event: Event, whole_mg: float) -> Iterator[Plain]:
    match event.what:
        case ev.ReadingTaken(name, value):
            yield {"kind": "read", "name": name, "value": value}
        case ev.AssessmentCompleted(instrument):
            yield {"kind": "rated", "name": instrument}
        case AlarmAnswered():
            yield {"kind": "answer", "alarm": event.what.alarm, "answer": event.what.answer.value, "by": event.actor}
        case InfusionChanged():
            rate = event.what.rate_mg_per_min
            share = rate / whole_mg if rate is not None and whole_mg else None
            yield {"kind": "flow", "flow": event.what.flow.value, "share_per_min": share}
        case PartGiven():
            yield {"kind": "part", "share": event.what.amount_mg / whole_mg if whole_mg else 0.0}
        case Called():
            yield {"kind": "called", "call": event.what.call.value, "by": event.what.by}
        case CallAnswered():
            yield {"kind": "came", "call": event.what.call.value, "who": event.what.who}
        case MeasureTaken():
            yield {"kind": "measure", "measure": event.what.measure}
        case SessionOpened():
            yield {"kind": "opened"}
        case ev.Discharged():
            yield {"kind": "left"}
        case _:
            yield {"kind": "other"}
