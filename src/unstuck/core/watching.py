"""What of a course needs a person although nobody called: worse answers, closed windows, silence, fading, late tests.

A watch is data that a site may change (`library/alerts/watch.toml`); each finds causes with a name of their own, so
that one cause raises one alert, however often it is looked for. Pure functions: nothing here raises an alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from unstuck.core.accepting import DueState, watching
from unstuck.core.assessment import Scored, score
from unstuck.core.change import change
from unstuck.core.conditions import Truth
from unstuck.core.course import Course
from unstuck.core.errors import Complaint
from unstuck.core.events import AdverseEventNoted, AssessmentCompleted, Discharged, DoseGiven, Event, StepHeld
from unstuck.core.facts import CourseFacts
from unstuck.core.instrument import Instrument
from unstuck.core.outcomes import evaluate, started_at
from unstuck.core.protocol import Protocol
from unstuck.core.schedule import State, overview
from unstuck.core.screening import Looked, Screening
from unstuck.core.sourced import Grade
from unstuck.core.time import Span


class On(StrEnum):
    """What a watch looks for."""

    WORSE = "worse"  # answers that changed for the worse by the instrument's own rule
    ANSWER = "answer"  # one answer at or above a figure
    FACT = "fact"  # a stated fact that is true
    WINDOW = "window"  # a step's window has closed and it was not done
    SILENCE = "silence"  # nothing was heard of the person since the last dose
    SINCE_DOSE = "since_dose"  # so long after the last dose, once a dose
    LOSS = "loss"  # the protocol's own outcome `relapse` is met
    STALE = "stale"  # a test is late by the site's rules of screening, which alone say what is due and when
    HARM = "harm"  # an unwanted effect that was noted as serious, or of at least that grade


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch. `after` is how long it waits, `until` how far back it looks; `on` says which fields count."""

    key: str
    kind: str
    on: On
    source: str
    grade: Grade
    after: Span | None = None
    until: Span | None = None
    instrument: str = ""
    item: str = ""
    at_least: float = 1.0
    change: str = ""
    facts: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()  # kinds of steps


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for an alert: its kind, its own name, since when it is so, and which watch found it."""

    kind: str
    cause: str
    since: datetime
    watch: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A course under its protocol at one instant."""

    protocol: Protocol
    course: Course
    at: datetime
    zone: tzinfo = UTC
    instruments: Mapping[str, Instrument] | None = None
    rules: Screening | None = None  # what says which tests come back; without them none is late


def causes(watches: Iterable[Watch], seen: Watched) -> tuple[Cause, ...]:
    """Everything that the watches find in the course at that instant, in the order of the file."""
    if seen.course.enrolment is None:
        return ()
    return tuple(cause for watch in watches for cause in _LOOK[watch.on](watch, seen))


def heard_since(course: Course, dose: Event, quiet: timedelta) -> datetime | None:
    """When something was first heard of the person after that dose: answers, a visit, a contact, another dose."""
    left = [e.observed_at for e in course.log if isinstance(e.what, Discharged) and e.observed_at >= dose.observed_at]
    start = min(left, default=dose.observed_at + quiet)
    heard = [e.observed_at for e in course.log if isinstance(e.what, AssessmentCompleted | StepHeld | DoseGiven)]
    return min((moment for moment in heard if moment > start), default=None)


def _worse(watch: Watch, seen: Watched) -> Iterator[Cause]:
    instrument = (seen.instruments or {}).get(watch.instrument)
    mine = [e for e in seen.course.assessments if _is(e, watch.instrument)]
    start = started_at(seen.course)
    before = [e for e in mine if start is None or e.observed_at <= start]
    base = before[-1] if before else None
    if instrument is None or base is None:
        return
    first = _scored(instrument, base)
    for event in mine:
        if event.observed_at > base.observed_at and _recent(watch, seen, event.recorded_at):
            later = _scored(instrument, event)
            if first and later and change(instrument, first, later).results.get(watch.change) is Truth.HOLDS:
                yield Cause(watch.kind, event.id, event.observed_at, watch.key)


def _is(event: Event, instrument: str) -> bool:
    what = event.what
    return isinstance(what, AssessmentCompleted) and what.instrument == instrument and what.for_care


def _scored(instrument: Instrument, event: Event) -> Scored | None:
    """The answers as this version of the instrument scores them; None where it does not know them."""
    what = event.what
    assert isinstance(what, AssessmentCompleted)
    try:
        return score(instrument, dict(what.answers)) if what.version == instrument.version else None
    except Complaint:
        return None


def _answer(watch: Watch, seen: Watched) -> Iterator[Cause]:
    for event in seen.course.assessments:
        what = event.what
        assert isinstance(what, AssessmentCompleted)
        asked = what.instrument == watch.instrument and _recent(watch, seen, event.recorded_at)
        if asked and dict(what.answers).get(watch.item, 0.0) >= watch.at_least:
            yield Cause(watch.kind, event.id, event.observed_at, watch.key)


def _fact(watch: Watch, seen: Watched) -> Iterator[Cause]:
    for fact in watch.facts:
        for told in seen.course.series.get(fact, ()):
            if told.value is True and _recent(watch, seen, told.at):
                yield Cause(watch.kind, f"{fact}:{told.at.isoformat()}", told.at, watch.key)


def _window(watch: Watch, seen: Watched) -> Iterator[Cause]:
    if seen.course.is_over:
        return
    for row in overview(seen.protocol, seen.course, seen.at, seen.zone):
        late = row.state is State.LATE and not row.optional and row.closes is not None
        if late and row.kind in watch.steps and _due(watch, seen, row.closes):
            assert row.closes is not None
            yield Cause(watch.kind, f"window:{row.step}:{row.occurrence}", row.closes, watch.key)


def _silence(watch: Watch, seen: Watched) -> Iterator[Cause]:
    for dose in seen.course.doses[-1:]:
        if _due(watch, seen, dose.observed_at) and heard_since(seen.course, dose, QUIET) is None:
            yield Cause(watch.kind, dose.id, dose.observed_at, watch.key)


def _since_dose(watch: Watch, seen: Watched) -> Iterator[Cause]:
    for dose in seen.course.doses[-1:]:
        if _due(watch, seen, dose.observed_at):
            yield Cause(watch.kind, dose.id, dose.observed_at, watch.key)


def _loss(watch: Watch, seen: Watched) -> Iterator[Cause]:
    for endpoint in seen.protocol.endpoints:
        if endpoint.kind == "relapse":
            found = evaluate(endpoint, seen.course)
            if found.met and found.at and _recent(watch, seen, found.at):
                yield Cause(watch.kind, f"loss:{endpoint.key}", found.at, watch.key)


def _stale(watch: Watch, seen: Watched) -> Iterator[Cause]:
    """A cause is named by the day that its test is counted from: a test done anew is another cause."""
    if seen.rules is None:
        return
    local = seen.at.astimezone(seen.zone)
    looked = Looked(CourseFacts(seen.course), local, local.date())
    for row in watching(seen.rules, seen.course, looked):
        if row.state is DueState.LATE:
            due = datetime.combine(row.due_on, time(), seen.zone)
            yield Cause(watch.kind, f"test:{row.key}:{row.since.isoformat()}", due, watch.key)


def _harm(watch: Watch, seen: Watched) -> Iterator[Cause]:
    for event in seen.course.adverse:
        what = event.what
        assert isinstance(what, AdverseEventNoted)
        grave = what.serious or what.grade >= watch.at_least
        if grave and _recent(watch, seen, event.recorded_at):
            yield Cause(watch.kind, event.id, event.observed_at, watch.key)


QUIET = timedelta(hours=6)  # a dose without a recorded leaving: what was recorded so soon after it belongs to the visit


def _due(watch: Watch, seen: Watched, since: datetime | None) -> bool:
    """Whether `after` has passed since then, and `until` has not."""
    if since is None or seen.at < since + _length(watch.after):
        return False
    return _recent(watch, seen, since)


def _recent(watch: Watch, seen: Watched, moment: datetime) -> bool:
    return watch.until is None or moment > seen.at - _length(watch.until)


def _length(span: Span | None) -> timedelta:
    return timedelta(minutes=span.minutes) if span else timedelta()


_LOOK: dict[On, Callable[[Watch, Watched], Iterator[Cause]]] = {
    On.WORSE: _worse,
    On.ANSWER: _answer,
    On.FACT: _fact,
    On.WINDOW: _window,
    On.SILENCE: _silence,
    On.SINCE_DOSE: _since_dose,
    On.LOSS: _loss,
    On.STALE: _stale,
    On.HARM: _harm,
}
