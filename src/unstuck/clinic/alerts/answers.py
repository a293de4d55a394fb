"""Answers that need a person at once: whatever an instrument itself marks as an alert, however it was answered."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.queries import Loaded
from unstuck.core.errors import Complaint
from unstuck.core.events import AssessmentCompleted, Event
from unstuck.core.instrument import Role
from unstuck.core.instrument_file import load_instrument

log = logging.getLogger("unstuck.alerts")
AT_RISK, MENTIONED = "suicide_risk", "suicide_mentioned"
AFTER_THE_END = timedelta(days=400)  # people are asked how they are for a year after their last dose
RECENT = timedelta(days=1)  # the worker looks back so far for answers whose alert was not raised when they were saved


def raise_for_answers(course_key: str, events: Iterable[Event]) -> int:
    """How many alerts stand for these answers; each answer has one, whenever and however often it is looked at."""
    return sum(_raised_for(course_key, event) for event in events)


def _raised_for(course_key: str, event: Event) -> bool:
    """Whether an alert stands for the answer. Whatever breaks here breaks alone: the worker looks again for a day."""
    try:
        kind = kind_of_answer(event)
        if not kind or not isinstance(event.what, AssessmentCompleted):
            return False
        details = {"instrument": event.what.instrument}
        with transaction.atomic():
            return raise_alert(kind, course_key, event.actor, event.recorded_at, event.id, details) is not None
    except Exception:  # saving an answer never depends on alerting
        log.exception("The alert of the answer %s could not be raised.", event.id)
        return False


def needs_somebody(event: Event) -> bool:
    """Whether its giver is told at once what to do now; where the answer cannot be sorted, any flag is enough."""
    try:
        return bool(kind_of_answer(event))
    except Exception:
        log.exception("The answer %s could not be sorted.", event.id)
        return isinstance(event.what, AssessmentCompleted) and bool(event.what.flags)


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
    lately = Q(ended_at=None) | Q(ended_at__gt=at - AFTER_THE_END)
    sweep(queries.readable(queries.everyone().filter(lately)), at)
