"""Alarms of a dosing session: a rule of the plan that came to hold, and what people did about it.

An alarm stays open until somebody has taken it and a later reading no longer breaks its limit. Nothing mutes it, and a
value that returns to normal by itself still waits for somebody to have looked. A taken alarm whose reading moves away
from the limit by the plan's step rings anew: who took it knew another value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from unstuck.core import events as ev
from unstuck.core.conditions import (
    All,
    Any,
    AtLeast,
    AtMost,
    Condition,
    FallAtLeast,
    ForMinutes,
    Is,
    Not,
    RiseAtMost,
    Seen,
    Truth,
    Within,
    facts_of,
    judge,
)
from unstuck.core.course import Course
from unstuck.core.events import Event
from unstuck.core.facts import CourseFacts
from unstuck.core.protocol import AlertRule, MonitoringPlan, WorseStep
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
    worse: bool = False  # it was taken before, and rings anew because a reading got worse
    marks: tuple[float | None, ...] = ()  # the worst value since it rang, one for each of the plan's steps of its rule

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
            alarm = _judged(_Round(plan, rule, facts, event.observed_at), alarm)
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


@dataclass(frozen=True, slots=True)
class _Round:
    """One look at a rule: its plan, and what was seen until then."""

    plan: MonitoringPlan
    rule: AlertRule
    facts: _Visit
    at: datetime

    def steps(self) -> tuple[tuple[WorseStep, float | None], ...]:
        """The plan's steps for this rule, each with the latest value of its reading; None where it is no number."""
        return tuple((step, self._latest(step.reading)) for step in self.plan.worse if step.alert == self.rule.key)

    def _latest(self, reading: str) -> float | None:
        seen = self.facts.seen(reading, self.at)
        value = seen[-1].value if seen else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _judged(now: _Round, alarm: Alarm | None) -> Alarm | None:
    """A rule that holds raises an alarm, keeps the open one, or rings it anew; what cannot be told changes nothing."""
    truth = judge(now.rule.rule, now.facts, now.at)
    if truth is Truth.UNKNOWN:
        return alarm
    if truth is Truth.FAILS:
        return replace(alarm, holds=False) if alarm else None
    if alarm is None or not alarm.is_open:
        return _rung(now, worse=False)
    if alarm.taken_at is None:
        pairs = zip(now.steps(), alarm.marks, strict=True)
        return replace(alarm, holds=True, marks=tuple(_worst(step, mark, value) for (step, value), mark in pairs))
    return _rung(now, worse=True) if _is_worse(now, alarm) else replace(alarm, holds=True)


def _rung(now: _Round, worse: bool) -> Alarm:
    seconds = now.plan.limit("alarm_take_s")
    take_by = now.at + timedelta(seconds=seconds) if seconds is not None else now.at
    return Alarm(now.rule, now.at, True, take_by, worse=worse, marks=tuple(value for _, value in now.steps()))


def _worst(step: WorseStep, mark: float | None, value: float | None) -> float | None:
    if mark is None or value is None:
        return value if mark is None else mark
    return max(mark, value) if step.by > 0 else min(mark, value)


def _is_worse(now: _Round, alarm: Alarm) -> bool:
    """Whether a reading lies beyond its limit, and by a step of the plan further out than when the alarm was taken."""
    return any(
        value is not None
        and (mark is None or (value - mark if step.by > 0 else mark - value) >= abs(step.by))
        and _breaks(now.rule.rule, step, value)
        for (step, value), mark in zip(now.steps(), alarm.marks, strict=True)
    )


def _breaks(rule: Condition, step: WorseStep, value: float, negated: bool = False) -> bool:
    """Whether the value breaks a limit of the rule on the side on which the step looks."""
    up = step.by > 0
    match rule:
        case AtLeast(fact, limit):
            return fact == step.reading and (not up and value < limit if negated else up and value >= limit)
        case AtMost(fact, limit):
            return fact == step.reading and (up and value > limit if negated else not up and value <= limit)
        case RiseAtMost(fact) | FallAtLeast(fact):
            return fact == step.reading and up is negated
        case Not(inner):
            return _breaks(inner, step, value, not negated)
        case Within(_, inner) | ForMinutes(_, inner):
            return _breaks(inner, step, value, negated)
        case All(rules) | Any(rules):
            return any(_breaks(inner, step, value, negated) for inner in rules)
        case Is():
            return False
        case _:
            assert_never(rule)


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
