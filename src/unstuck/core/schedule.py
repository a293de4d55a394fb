"""What is due, by when, and what keeps it closed; and the plan of a protocol before anything has happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from unstuck.core.conditions import Truth
from unstuck.core.course import Course
from unstuck.core.events import Enrolled, Event, Origin
from unstuck.core.occurrences import Moments
from unstuck.core.protocol import Otherwise, Protocol, Step, kind_of
from unstuck.core.time import closes, opens, study_day
from unstuck.core.verdict import Verdict, verdict


class State(StrEnum):
    """Where an occurrence of a step stands."""

    DONE = "done"
    SKIPPED = "skipped"
    LATE = "late"  # its window is over and it is not done
    OPEN = "open"  # inside its window, and every rule lets it through
    STOP = "stop"  # a rule says that treatment must stop
    HELD = "held"  # inside its window, and a rule says no
    NOT_KNOWN = "not_known"  # inside its window, and a rule lacks a fact
    PLANNED = "planned"  # its window is known and not yet open
    WAITING = "waiting"  # counted from something that has not happened yet
    CONDITIONAL = "conditional"  # only for whom a rule holds; it does not hold now


@dataclass(frozen=True, slots=True)
class Due:
    """One occurrence of a step on a given day. Instants are None where nothing fixes them yet."""

    step: str
    occurrence: int
    title: str
    kind: str
    state: State
    opens: datetime | None
    target: datetime | None
    closes: datetime | None
    booked: datetime | None
    done_at: datetime | None
    verdict: Verdict | None = None
    optional: bool = False

    @property
    def asks(self) -> bool:
        """Whether somebody should act on it now."""
        return self.state in (State.STOP, State.LATE, State.OPEN, State.HELD, State.NOT_KNOWN)


@dataclass(frozen=True, slots=True)
class Planned:
    """One row of a protocol's schedule: study days counted from enrolment."""

    step: str
    occurrence: int
    title: str
    kind: str
    day_min: int | None
    day_target: int | None
    day_max: int | None
    conditional: bool


def due(protocol: Protocol, course: Course, on: datetime, zone: tzinfo = UTC) -> tuple[Due, ...]:
    """Everything still to be done in the course at the instant `on`, most urgent first. Empty once it has ended."""
    if course.enrolment is None or course.is_over:
        return ()
    coming = [d for d in overview(protocol, course, on, zone) if d.state not in (State.DONE, State.SKIPPED)]
    rows = [d for d in coming if d.state is not State.CONDITIONAL]
    return tuple(sorted(rows, key=lambda d: _urgency(d, on)))


def overview(protocol: Protocol, course: Course, on: datetime, zone: tzinfo = UTC) -> tuple[Due, ...]:
    """Every occurrence of every step, done or not, in the order of the protocol's file."""
    moments = Moments(protocol, course, zone)
    return tuple(row for step in protocol.steps for row in _rows(protocol, course, moments, step, on))


def plan(protocol: Protocol, start: datetime, zone: tzinfo = UTC) -> tuple[Planned, ...]:
    """The schedule as it would run on target from an enrolment at `start`, by day; conditional steps once."""
    event = Event("plan", "plan", start, start, "plan", Origin.SIMULATED, Enrolled(protocol.key, protocol.version, ""))
    course = Course(key="plan", enrolment=event)
    rows = [_planned(row, protocol.step(row.step), start, zone) for row in overview(protocol, course, start, zone)]
    return tuple(sorted(rows, key=lambda r: (r.day_target is None, r.day_target or 0)))


def _rows(protocol: Protocol, course: Course, moments: Moments, step: Step, on: datetime) -> Iterator[Due]:
    for occurrence in moments.occurrences(step):
        row = _row(protocol, course, moments, step, occurrence, on)
        yield row
        if step.when is not None and row.state not in (State.DONE, State.SKIPPED):
            return  # of a conditional step only the next time is shown


def _row(
    protocol: Protocol, course: Course, moments: Moments, step: Step, occurrence: int, on: datetime
) -> Due:  # fmt: skip
    anchor = moments.anchor(step, occurrence)
    window, zone = moments.window(step, occurrence), moments.zone
    first = opens(anchor.at, window, zone) if anchor else None
    last = closes(anchor.at, window, zone) if anchor else None
    key = (step.key, occurrence)
    target = moments.of(step, occurrence)
    said = None if course.settled(*key) else verdict(protocol, course, step.key, occurrence, on)
    passed_by = said is not None and _passed_by(protocol, course, step, occurrence, last, on)
    return Due(
        step=step.key,
        occurrence=occurrence,
        title=step.title,
        kind=kind_of(step.activity),
        state=_state(course, key, said, (first, last) if anchor and anchor.actual else None, on, passed_by),
        opens=first,
        target=target.at if target else None,
        closes=last,
        booked=course.booked.get(key),
        done_at=course.done.get(key),
        verdict=said,
        optional=step.optional,
    )


def _state(
    course: Course,
    key: tuple[str, int],
    said: Verdict | None,
    window: tuple[datetime | None, datetime | None] | None,
    on: datetime,
    passed_by: bool,
) -> State:
    if key in course.done:
        return State.DONE
    if key in course.skipped or said is None:
        return State.SKIPPED
    if not _for_this_person(said) or passed_by:
        return State.CONDITIONAL
    if window is None or window[0] is None or window[1] is None:
        return State.WAITING
    if on < window[0]:
        return State.PLANNED
    if stops(said):
        return State.STOP
    return State.LATE if on >= window[1] else _inside(said)


def _passed_by(
    protocol: Protocol, course: Course, step: Step, occurrence: int, closed: datetime | None, on: datetime
) -> bool:
    """Whether a conditional step's window closed while its rule did not hold: it was not for this person then."""
    if step.when is None or closed is None or on < closed:
        return False
    return not _for_this_person(verdict(protocol, course, step.key, occurrence, closed))


def _for_this_person(said: Verdict) -> bool:
    """Whether the step's condition holds and no gate says to pass the step over."""
    passed_over = any(r.otherwise is Otherwise.SKIP and r.truth is Truth.FAILS and not r.overridden for r in said.rules)
    return not passed_over and all(r.truth is Truth.HOLDS for r in said.rules if r.key == "when")


def _inside(said: Verdict) -> State:
    if said.opens:
        return State.OPEN
    return State.HELD if said.truth is Truth.FAILS else State.NOT_KNOWN


_MOMENT = timedelta(seconds=1)
_RANK = {
    State.STOP: -1,
    State.LATE: 0,
    State.HELD: 1,
    State.NOT_KNOWN: 1,
    State.OPEN: 1,
    State.PLANNED: 2,
    State.WAITING: 3,
}


def _urgency(row: Due, on: datetime) -> tuple[int, bool, datetime]:
    return (_RANK.get(row.state, 4), row.optional, row.closes if row.asks and row.closes else row.target or on)


def _planned(row: Due, step: Step, start: datetime, zone: tzinfo) -> Planned:
    day = [study_day(t, start, zone) if t else None for t in (row.opens, row.target, _last_day(row))]
    return Planned(row.step, row.occurrence, row.title, row.kind, day[0], day[1], day[2], step.when is not None)


def _last_day(row: Due) -> datetime | None:
    """The last instant inside the window: a window of days closes at the midnight after it."""
    return row.closes - _MOMENT if row.closes else None


def stops(said: Verdict) -> bool:
    """Whether a failed rule says that the course must stop."""
    return any(r.otherwise is Otherwise.STOP and r.truth is Truth.FAILS and not r.overridden for r in said.rules)
