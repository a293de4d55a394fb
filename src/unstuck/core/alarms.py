"""Alarms of a dosing session: a rule of the plan that came to hold, and what people did about it.

An alarm stays open until somebody has taken it and a later reading no longer breaks its limit. Nothing mutes it, and a
value that returns to normal by itself still waits for somebody to have looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.conditions import Seen, Truth, facts_of, judge
from unstuck.core.course import Course
from unstuck.core.events import Event
from unstuck.core.facts import CourseFacts
from unstuck.core.protocol import AlertRule, MonitoringPlan
from unstuck.core.session_events import AlarmAnswered, Answer


@dataclass(frozen=True, slots=True)
class Alarm:
    """One time that a rule came to hold. `holds` is whether it does still; times are None where nobody acted."""

    rule: AlertRule
    raised_at: datetime
    holds: bool
    take_by: datetime | None
    taken_at: datetime | None = None
    taken_by: str = ""
    acted_at: datetime | None = None
    recheck_by: datetime | None = None
    escalated_at: datetime | None = None
    unanswered: bool = False  # nobody took it in the time the plan gives: it becomes an alert of the clinic

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes it something."""
        return self.holds or self.taken_at is None


@dataclass(frozen=True, slots=True)
class _Visit:
    """A course's facts with the readings of earlier visits hidden; clocks and counters stay."""

    facts: CourseFacts
    since: datetime
    kept: frozenset[str]

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]:
        values = self.facts.seen(fact, until)
        return values if fact in self.kept else [s for s in values if s.at >= self.since]


def alarms(plan: MonitoringPlan, course: Course, happened: Sequence[Event], at: datetime) -> tuple[Alarm, ...]:
    """Every alarm of the visit whose events are `happened`, the latest of each rule, as it stands at `at`.

    Only what was observed in this visit raises an alarm: a reading of last week says nothing about today.
    """
    ordered = sorted(happened, key=lambda e: e.observed_at)
    if not ordered:
        return ()
    facts = _Visit(CourseFacts(course), ordered[0].observed_at, frozenset({"doses", "treatments"}))
    found = (_latest(plan, rule, facts, ordered, at) for rule in plan.alerts)
    return tuple(alarm for alarm in found if alarm is not None)


def _latest(
    plan: MonitoringPlan, rule: AlertRule, facts: _Visit, ordered: Sequence[Event], at: datetime
) -> Alarm | None:
    """Walks the visit's readings and answers in order of time; the rule is judged whenever one of its facts is seen."""
    alarm: Alarm | None = None
    for event in ordered:
        if isinstance(event.what, AlarmAnswered) and event.what.alarm == rule.key and alarm is not None:
            alarm = _answered(plan, alarm, event, event.what)
        elif _touches(event, rule):
            alarm = _judged(plan, rule, alarm, judge(rule.rule, facts, event.observed_at), event.observed_at)
    return _overdue(alarm, at) if alarm else None


def _touches(event: Event, rule: AlertRule) -> bool:
    """Whether the event brings a fact that the rule reads."""
    match event.what:
        case ev.ReadingTaken(name):
            return name in facts_of(rule.rule)
        case ev.AssessmentCompleted(instrument):
            return any(fact.startswith(f"{instrument}.") for fact in facts_of(rule.rule))
        case _:
            return False


def _judged(plan: MonitoringPlan, rule: AlertRule, alarm: Alarm | None, truth: Truth, at: datetime) -> Alarm | None:
    """A rule that holds raises an alarm, or keeps the open one; what cannot be told changes nothing."""
    if truth is Truth.UNKNOWN:
        return alarm
    if truth is Truth.FAILS:
        return replace(alarm, holds=False) if alarm else None
    if alarm is not None and alarm.is_open:
        return replace(alarm, holds=True)
    seconds = plan.limit("alarm_take_s")
    return Alarm(rule, at, True, at + timedelta(seconds=seconds) if seconds is not None else at)


def _answered(plan: MonitoringPlan, alarm: Alarm, event: Event, what: AlarmAnswered) -> Alarm:
    minutes = plan.limit("alarm_recheck_min")
    again = event.observed_at + timedelta(minutes=minutes) if minutes is not None else None
    match what.answer:
        case Answer.TAKEN:
            taken = alarm.taken_at or event.observed_at
            return replace(alarm, taken_at=taken, taken_by=alarm.taken_by or event.actor, recheck_by=again)
        case Answer.ACTED:
            return replace(alarm, acted_at=event.observed_at, recheck_by=again)
        case Answer.RECHECKED:
            return replace(alarm, recheck_by=again)
        case Answer.ESCALATED:
            return replace(alarm, escalated_at=event.observed_at)


def _overdue(alarm: Alarm, at: datetime) -> Alarm:
    """Marks an alarm that nobody took in time, or that was taken and not looked at again in time."""
    late = alarm.take_by is not None and alarm.taken_at is None and at > alarm.take_by
    again = alarm.holds and alarm.recheck_by is not None and at > alarm.recheck_by
    return replace(alarm, unanswered=late or again)
