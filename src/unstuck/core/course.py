"""A course: one participant under one version of a protocol, folded from its events.

`replay` is a pure fold: replaying a prefix and then the rest equals replaying all. There is no status column; what is
so follows from what happened.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from unstuck.core import events as ev
from unstuck.core.conditions import Seen, Value
from unstuck.core.events import Event, Origin
from unstuck.core.protocol import Assess, Expose, Integrate, Prepare, Protocol, Step
from unstuck.core.session_events import ChoicesLocked, SessionWhat
from unstuck.core.therapy_events import TherapyWhat

Occurrence = tuple[str, int]
_COUNTED = {Expose: "therapy_sessions", Prepare: "preparations", Integrate: "integrations"}
COUNTERS = ("doses", "therapy_sessions", "preparations", "integrations")


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of one course. Mappings are never changed in place; a new event makes a new course."""

    key: str = ""
    enrolment: Event | None = None
    protocol_hash: str = ""
    version: str = ""
    arm: str | None = None
    ended: Event | None = None
    log: tuple[Event, ...] = ()
    done: Mapping[Occurrence, datetime] = field(default_factory=dict)
    parts: Mapping[Occurrence, frozenset[str]] = field(default_factory=dict)  # what of an assessment is in
    skipped: Mapping[Occurrence, Event] = field(default_factory=dict)
    booked: Mapping[Occurrence, datetime] = field(default_factory=dict)
    overrides: Mapping[tuple[str, int, str], Event] = field(default_factory=dict)
    series: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    doses: tuple[Event, ...] = ()  # by time of their start
    therapies: tuple[Event, ...] = ()
    assessments: tuple[Event, ...] = ()
    adverse: tuple[Event, ...] = ()
    sessions: Mapping[Occurrence, tuple[Event, ...]] = field(default_factory=dict)  # live events of each visit, by time

    @property
    def enrolled_at(self) -> datetime | None:
        """When the course began, or None."""
        return self.enrolment.observed_at if self.enrolment else None

    @property
    def origin(self) -> Origin | None:
        """Whether clinic or simulator wrote the course."""
        return self.enrolment.origin if self.enrolment else None

    @property
    def is_over(self) -> bool:
        """Whether the course has ended."""
        return self.ended is not None

    def settled(self, step: str, occurrence: int) -> bool:
        """Whether that occurrence is done or skipped."""
        return (step, occurrence) in self.done or (step, occurrence) in self.skipped


def replay(protocol: Protocol, happened: Iterable[Event], course: Course | None = None) -> Course:
    """The course after these events, on top of `course` where given. Judges nothing: that is `record`'s work."""
    state = course or Course()
    for event in happened:
        state = apply(protocol, state, event)
    return state


def apply(protocol: Protocol, course: Course, event: Event) -> Course:
    """The course after one more event; the same event again changes nothing."""
    if any(known.id == event.id and known == event for known in course.log):
        return course
    if isinstance(event.what, ev.Corrected):
        return _without(protocol, course, event)
    return _fold(protocol, replace(course, log=(*course.log, event)), event)


def standing(log: Sequence[Event]) -> list[Event]:
    """The events that count: those that no correction took back, without the corrections."""
    voided = {e.what.event for e in log if isinstance(e.what, ev.Corrected)}
    return [e for e in log if e.id not in voided and not isinstance(e.what, ev.Corrected)]


def _without(protocol: Protocol, course: Course, correction: Event) -> Course:
    log = (*course.log, correction)
    state = Course()
    for event in standing(log):
        state = _fold(protocol, replace(state, log=(*state.log, event)), event)
    return replace(state, log=log)


def _fold(protocol: Protocol, course: Course, event: Event) -> Course:
    if isinstance(event.what, SessionWhat):
        return _in_session(course, event, event.what)
    if isinstance(event.what, TherapyWhat):
        return course  # the log holds it; no rule reads it
    return _of_the_course(protocol, course, event, event.what)


def _of_the_course(protocol: Protocol, course: Course, event: Event, what: ev.CourseWhat) -> Course:
    match what:
        case ev.Enrolled():
            return _enrolled(course, event, what)
        case ev.ConsentGiven(_, _, step, occurrence):
            course = _observe(course, "consent", event.observed_at, True)
            return _done(course, (step, occurrence), event) if step else course
        case ev.ConsentWithdrawn():
            return _observe(course, "consent", event.observed_at, False)
        case ev.FactStated(name, value):
            return _observe(course, name, event.observed_at, value)
        case ev.StepHeld(step, occurrence):
            return _held(protocol, _done(course, (step, occurrence), event), event, step)
        case ev.AssessmentCompleted():
            return _assessed(protocol, course, event, what)
        case ev.DoseGiven(step, occurrence):
            course = replace(course, doses=_in_time(course.doses, event))
            return _count(_done(course, (step, occurrence), event), "doses", event)
        case ev.ReadingTaken(name, value):
            return _read(protocol, _observe(course, name, event.observed_at, value), event, what)
        case ev.VisitBooked(step, occurrence, at):
            return replace(course, booked={**course.booked, (step, occurrence): at})
        case ev.AdverseEventNoted():
            return replace(course, adverse=_in_time(course.adverse, event))
        case ev.StepSkipped(step, occurrence):
            return replace(course, skipped={**course.skipped, (step, occurrence): event})
        case ev.GateOverridden(step, occurrence, gate):
            return replace(course, overrides={**course.overrides, (step, occurrence, gate): event})
        case ev.Amended(_, new_hash, version):
            return replace(course, protocol_hash=new_hash, version=version)
        case ev.CourseEnded():
            return replace(course, ended=event)
        case ev.Discharged(step, occurrence):
            return _observe(course, f"discharged.{step}", event.observed_at, float(occurrence))
        case ev.Corrected():
            return course
        case _:
            assert_never(what)


def _in_session(course: Course, event: Event, what: SessionWhat) -> Course:
    here = (what.step, what.occurrence)
    course = replace(course, sessions={**course.sessions, here: _in_time(course.sessions.get(here, ()), event)})
    if isinstance(what, ChoicesLocked):
        return _observe(course, "person.choices_locked", event.observed_at, True)
    return course


def _enrolled(course: Course, event: Event, what: ev.Enrolled) -> Course:
    course = replace(course, key=event.course, enrolment=event, arm=what.arm)
    course = replace(course, protocol_hash=what.protocol_hash, version=what.version)
    for counter in COUNTERS:
        course = _observe(course, counter, event.observed_at, 0.0)
    return course


def _held(protocol: Protocol, course: Course, event: Event, step: str) -> Course:
    activity = protocol.step(step).activity if protocol.has(step) else None
    counter = _COUNTED.get(type(activity)) if activity else None
    if isinstance(activity, Expose):
        course = replace(course, therapies=_in_time(course.therapies, event))
    return course if counter is None else _count(course, counter, event)


def _assessed(protocol: Protocol, course: Course, event: Event, what: ev.AssessmentCompleted) -> Course:
    course = replace(course, assessments=_in_time(course.assessments, event))
    if what.for_care:
        for scale, value in what.scores:
            if value is not None:
                course = _observe(course, f"{what.instrument}.{scale}", event.observed_at, value)
        for item, answer in what.answers:
            course = _observe(course, f"{what.instrument}.{item}", event.observed_at, answer)
    return _part(protocol, course, event, (what.step, what.occurrence), what.instrument)


def _read(protocol: Protocol, course: Course, event: Event, what: ev.ReadingTaken) -> Course:
    return _part(protocol, course, event, (what.step, what.occurrence), what.name)


def _part(protocol: Protocol, course: Course, event: Event, at: tuple[str | None, int], part: str) -> Course:
    """Notes one part of an assessment step; the step is done when every part is in."""
    step, occurrence = at
    if step is None or not protocol.has(step):
        return course
    wanted = parts_of(protocol.step(step))
    have = course.parts.get((step, occurrence), frozenset()) | {part}
    course = replace(course, parts={**course.parts, (step, occurrence): have})
    return _done(course, (step, occurrence), event) if wanted and wanted <= have else course


def parts_of(step: Step) -> frozenset[str]:
    """The instruments and readings that an assessment step needs; empty for other steps."""
    activity = step.activity
    return frozenset((*activity.instruments, *activity.readings)) if isinstance(activity, Assess) else frozenset()


def _done(course: Course, occurrence: Occurrence, event: Event) -> Course:
    if occurrence in course.done:
        return course
    course = replace(course, done={**course.done, occurrence: event.observed_at})
    return _count(course, f"done.{occurrence[0]}", event)


def _count(course: Course, counter: str, event: Event) -> Course:
    """One more of `counter`, numbered by when things happened, so that a late entry counts at its own time."""
    course = _observe(course, counter, event.observed_at, math.inf)
    first = 0 if counter in COUNTERS else 1
    numbered = tuple(Seen(seen.at, float(n)) for n, seen in enumerate(course.series[counter], first))
    return replace(course, series={**course.series, counter: numbered})


def _observe(course: Course, name: str, at: datetime, value: Value) -> Course:
    values = list(course.series.get(name, ()))
    insort(values, Seen(at, value), key=lambda seen: seen.at)
    return replace(course, series={**course.series, name: tuple(values)})


def _in_time(events: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    ordered = list(events)
    insort(ordered, event, key=lambda e: e.observed_at)
    return tuple(ordered)
