"""Answers that need a person at once: whatever an instrument itself marks as an alert, however it was answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.queries import Loaded
from unstuck.core.errors import Complaint
from unstuck.core.events import AssessmentCompleted, Event
from unstuck.core.instrument import Role
from unstuck.core.instrument_file import load_instrument

KIND = "suicide_risk"
RECENT = timedelta(days=1)  # the worker looks back so far for answers whose alert was not raised when they were saved


def raise_for_answers(course_key: str, events: Iterable[Event]) -> int:
    """How many alerts stand for these answers; each answer has one, whenever and however often it is looked at."""
    raised = 0
    for event in events:
        for flag in alert_flags(event):
            details = {"instrument": _instrument(event), "alarm": flag}
            made = raise_alert(KIND, course_key, event.actor, event.recorded_at, f"{event.id}:{flag}", details)
            raised += made is not None
    return raised


def alert_flags(event: Event) -> tuple[str, ...]:
    """Keys of the flags that hold in a completed instrument and that the instrument marks as an alert."""
    if not isinstance(event.what, AssessmentCompleted) or not event.what.flags:
        return ()
    try:
        flags = load_instrument(event.what.instrument).flags
    except Complaint:  # an instrument that the library no longer has
        return ()
    return tuple(flag.key for flag in flags if flag.role is Role.ALERT and flag.key in event.what.flags)


def _instrument(event: Event) -> str:
    return event.what.instrument if isinstance(event.what, AssessmentCompleted) else ""


def sweep(courses: Iterable[Loaded], at: datetime) -> int:
    """How many alerts were raised for answers of the last day that had none: from a bedside, an import, a late save."""
    waiting = {
        one.row.key: [e for e in one.state.assessments if e.recorded_at > at - RECENT and alert_flags(e)]
        for one in courses
    }
    waiting = {key: events for key, events in waiting.items() if events}
    known = set(Alert.objects.filter(kind=KIND, course__key__in=waiting).values_list("cause", flat=True))
    raised = 0
    for key, events in waiting.items():
        raised += raise_for_answers(key, [e for e in events if not _all_known(e, known)])
    return raised


def _all_known(event: Event, known: set[str]) -> bool:
    return all(f"{event.id}:{flag}" in known for flag in alert_flags(event))


def work_round(at: datetime) -> None:
    """The worker's share."""
    sweep(queries.loaded(queries.everyone().filter(ended_at=None)), at)
