"""How the house is doing: each indicator is defined here once, with the list of what it counts behind it.

Every measure is a pure function of courses and a period. A share has its denominator and an exact interval, and what
cannot be told is counted as missing, never as good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import quantiles

from unstuck.core.course import Course
from unstuck.core.events import AdverseEventNoted, Discharged, Event, VisitBooked, step_of
from unstuck.core.outcomes import evaluate, who_started
from unstuck.core.protocol import Endpoint, Protocol
from unstuck.core.schedule import State, overview
from unstuck.core.session_events import SessionOpened
from unstuck.core.shares import exact_interval

NOT_TOLD = "not_told"
"""What an item is whose outcome nobody knows."""
NEAR = timedelta(hours=12)  # a visit held within so long of its booked time was kept


@dataclass(frozen=True, slots=True)
class Seen:
    """A course with the protocol that it runs under."""

    protocol: Protocol
    course: Course


@dataclass(frozen=True, slots=True)
class Period:
    """From then until then, and now: what lies in it is counted, what is still to come is not."""

    start: datetime
    end: datetime
    zone: tzinfo = UTC

    def holds(self, moment: datetime) -> bool:
        """Whether the instant lies in the period."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list behind a number: in which course, when, what (a code), and a value where there is one."""

    course: str
    at: datetime
    what: str
    counts: bool  # whether it is one of those counted, or of the others in the denominator
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """So many of so many, with everything that was counted behind it."""

    items: tuple[Item, ...]

    @property
    def unknown(self) -> int:
        """How many of those that do not count are not known: they are in the denominator, and no failure."""
        return sum(1 for item in self.items if item.what == NOT_TOLD)

    @property
    def count(self) -> int:
        """How many of the items count."""
        return sum(1 for item in self.items if item.counts)

    @property
    def of(self) -> int:
        """How many there are in all."""
        return len(self.items)

    @property
    def share(self) -> float | None:
        """Count of all; None where there is nothing to count."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Exact 95 % interval of the share (Clopper and Pearson); (0, 1) where there is nothing to count."""
        return exact_interval(self.count, self.of)


@dataclass(frozen=True, slots=True)
class Times:
    """Lengths in minutes, with every one of them behind the summary."""

    items: tuple[Item, ...]

    @property
    def quartiles_min(self) -> tuple[float, float, float] | None:
        """Lower quartile, median, upper quartile; None under two lengths."""
        values = [item.value for item in self.items if item.value is not None]
        if len(values) < 2:
            return None
        low, middle, high = quantiles(values, n=4, method="inclusive")
        return low, middle, high


def everybody(courses: Iterable[Seen]) -> Ratio:
    """Every course that was begun, at any time; those that are under way count."""
    return Ratio(
        tuple(
            Item(course.key, course.enrolment.observed_at, "enrolled", not course.is_over)
            for course in (seen.course for seen in courses)
            if course.enrolment is not None
        )
    )


def no_shows(courses: Iterable[Seen], period: Period) -> Ratio:
    """Booked visits of the period that were not held near their time, of all that were booked and not moved before."""
    return Ratio(tuple(item for seen in courses for item in _bookings(seen.course, period)))


def _bookings(course: Course, period: Period) -> Iterator[Item]:
    booked = [(e, e.what) for e in course.log if isinstance(e.what, VisitBooked)]
    for event, what in booked:
        later = [o for o, w in booked if (w.step, w.occurrence) == (what.step, what.occurrence) and o is not event]
        moved = any(event.recorded_at < o.recorded_at < what.at for o in later)
        if not period.holds(what.at) or moved:
            continue
        held = course.done.get((what.step, what.occurrence))
        kept = held is not None and abs(held - what.at) <= NEAR
        yield Item(course.key, what.at, f"{what.step}:{what.occurrence}", not kept)


def session_times(courses: Iterable[Seen], period: Period) -> Times:
    """Minutes from check-in (or the dose, where nobody checked in) to leaving, of each dosing visit that has ended."""
    return Times(tuple(item for seen in courses for item in _visits(seen.course, period)))


def _visits(course: Course, period: Period) -> Iterator[Item]:
    left = {step_of(e.what): e.observed_at for e in course.log if isinstance(e.what, Discharged)}
    for dose in course.doses:
        place = step_of(dose.what)
        end = left.get(place)
        if place is None or end is None or not period.holds(dose.observed_at):
            continue
        opened = [e.observed_at for e in course.sessions.get(place, ()) if isinstance(e.what, SessionOpened)]
        start = min([*opened, dose.observed_at])
        yield Item(course.key, start, f"{place[0]}:{place[1]}", True, (end - start) / timedelta(minutes=1))


def chair_use(courses: Iterable[Seen], period: Period, seats: int, days: int) -> tuple[float | None, Ratio]:
    """Dosing visits a chair and working day, and the visits themselves; None without chairs or days."""
    items = tuple(
        Item(seen.course.key, dose.observed_at, _place(dose), True)
        for seen in courses
        for dose in seen.course.doses
        if period.holds(dose.observed_at)
    )
    return (len(items) / (seats * days) if seats and days else None), Ratio(items)


def harmed_doses(courses: Iterable[Seen], period: Period) -> Ratio:
    """Doses of the period to which an unwanted effect is attributed that was not merely expected, of all doses."""
    return Ratio(tuple(item for seen in courses for item in _doses(seen.course, period, serious=False)))


def serious_doses(courses: Iterable[Seen], period: Period) -> Ratio:
    """Doses of the period to which a serious unwanted effect is attributed, of all doses."""
    return Ratio(tuple(item for seen in courses for item in _doses(seen.course, period, serious=True)))


def _doses(course: Course, period: Period, serious: bool) -> Iterator[Item]:
    for number, dose in enumerate(course.doses, 1):
        if period.holds(dose.observed_at):
            harms = [w for w in map(_harm, course.adverse) if w.dose == number and (w.serious or not serious)]
            counts = any(w.serious or not w.expected for w in harms)
            yield Item(course.key, dose.observed_at, _place(dose), counts)


def harms(courses: Iterable[Seen], period: Period) -> Ratio:
    """Every unwanted effect of the period; serious ones count."""
    return Ratio(
        tuple(
            Item(seen.course.key, event.observed_at, _harm(event).category, _harm(event).serious, _harm(event).grade)
            for seen in courses
            for event in seen.course.adverse
            if period.holds(event.observed_at)
        )
    )


def _harm(event: Event) -> AdverseEventNoted:
    assert isinstance(event.what, AdverseEventNoted)
    return event.what


def _place(event: Event) -> str:
    place = step_of(event.what)
    return f"{place[0]}:{place[1]}" if place else ""


def completeness(courses: Iterable[Seen], period: Period) -> Ratio:
    """Questionnaires and interviews that were done, of all whose window closed in the period; skipped ones are not."""
    return Ratio(tuple(item for seen in courses for item in _asked(seen, period)))


def _asked(seen: Seen, period: Period) -> Iterator[Item]:
    for row in overview(seen.protocol, seen.course, period.end, period.zone):
        over = row.closes is not None and period.holds(row.closes)
        if row.kind == "assess" and not row.optional and over and row.state in _SETTLED:
            assert row.closes is not None
            yield Item(seen.course.key, row.closes, f"{row.step}:{row.occurrence}", row.state is State.DONE)


_SETTLED = (State.DONE, State.LATE, State.SKIPPED)


def responders(endpoint: Endpoint, courses: Sequence[Seen], now: datetime) -> Ratio:
    """Who met the endpoint, of everybody who began; whoever has no score there counts in the denominator alone."""
    started = who_started(seen.course for seen in courses)
    results = [(course, evaluate(endpoint, course)) for course in started]
    return Ratio(
        tuple(
            Item(course.key, found.at or now, NOT_TOLD if found.met is None else "told", found.met is True, found.value)
            for course, found in results
        )
    )
