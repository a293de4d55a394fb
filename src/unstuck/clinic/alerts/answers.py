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

AT_RISK, MENTIONED = "suicide_risk", "suicide_mentioned"
RECENT = timedelta(days=1)  # the worker looks back so far for answers whose alert was not raised when they were saved


def raise_for_answers(course_key: str, events: Iterable[Event]) -> int:
    """How many alerts stand for these answers; each answer has one, whenever and however often it is looked at."""
    raised = 0
    for event in events:
        kind = kind_of_answer(event)
        if kind and isinstance(event.what, AssessmentCompleted):
            details = {"instrument": event.what.instrument}
            raised += raise_alert(kind, course_key, event.actor, event.recorded_at, event.id, details) is not None
    return raised


def kind_of_answer(event: Event) -> str:
    """The kind of alert that a completed instrument asks for; empty where its own rules mark nothing.

    Where the instrument sorts the risk into levels, the lowest asks for a person today and every other at once; an
    answer that is marked and cannot be sorted counts as the highest.
    """
    what = event.what
    if not isinstance(what, AssessmentCompleted) or not what.flags or not _marked(what):
        return ""
    level = dict(what.scores).get("risk")
    return MENTIONED if level == "low" else AT_RISK


def _marked(what: AssessmentCompleted) -> bool:
    """Whether a flag holds that the instrument marks as an alert."""
    try:
        flags = load_instrument(what.instrument).flags
    except Complaint:  # an instrument that the library no longer has
        return False
    return any(flag.role is Role.ALERT and flag.key in what.flags for flag in flags)


def sweep(courses: Iterable[Loaded], at: datetime) -> int:
    """How many alerts were raised for answers of the last day that had none: from a bedside, an import, a late save."""
    found = {
        one.row.key: [e for e in one.state.assessments if e.recorded_at > at - RECENT and kind_of_answer(e)]
        for one in courses
    }
    waiting = {key: events for key, events in found.items() if events}
    raised = Alert.objects.filter(kind__in=(AT_RISK, MENTIONED), course__key__in=waiting)
    known = set(raised.values_list("cause", flat=True))
    return sum(raise_for_answers(key, [e for e in events if e.id not in known]) for key, events in waiting.items())


def work_round(at: datetime) -> None:
    """The worker's share."""
    sweep(queries.loaded(queries.everyone().filter(ended_at=None)), at)
