"""Courses for a demonstration: whole simulated courses, moved in time so that people stand at every stage today.

A course is moved as one piece, so that every rule that held still holds, and cut off at the present moment. What was
simulated for later is not told; the next dose is booked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from unstuck.core.events import DoseGiven, Event, Origin, ReadingTaken, StepSkipped, VisitBooked
from unstuck.core.protocol import Protocol
from unstuck.core.time import require_aware
from unstuck.lab.trials.job import Job, Wish, prepare, run_one

BORROWED = "feder_2021:ketamine"  # for protocols without a published arm; a demonstration shows no outcome as found
CHAIRS = (timedelta(minutes=25), timedelta(minutes=70), -timedelta(minutes=45))  # since the dose began, for each chair
HELD, LATE = 3, 5  # so many people stand before a closed gate, and so many owe an answer
BOOKED_AHEAD = timedelta(days=14)
STAY = timedelta(hours=18)  # so long after a dose somebody might still count as being here


@dataclass(frozen=True, slots=True)
class Story:
    """One whole simulated course, and the moment in it that shall be the present."""

    events: tuple[Event, ...]
    present: datetime


def demo_courses(protocols: Sequence[Protocol], on: datetime, seed: int, people: int = 60) -> list[list[Event]]:
    """The courses of so many people as they stand at `on`, in this order: three chairs, then every other stage."""
    require_aware(on)
    now = on.replace(second=0, microsecond=0)
    jobs = [_job(protocol, seed) for protocol in protocols]
    return [_told(story, now) for story in _stories(jobs, people, now)]


def _job(protocol: Protocol, seed: int) -> Job:
    arms = tuple(arm.key for arm in protocol.arms) or (None,)
    return prepare(protocol, Wish(arms, 1, seed, {"": BORROWED}))


def _stories(jobs: Sequence[Job], people: int, now: datetime) -> Iterator[Story]:
    """Each person with a role: three on chairs today, a few held or late where their course has it, the rest spread."""
    held, late, chairs = HELD, LATE, list(CHAIRS)
    for number in range(people):
        job = replace(jobs[number % len(jobs)], sparse=not chairs)  # who sits on a chair is read at every interval
        events = _course(job, number, len(jobs))
        closed, owed = _held(events), _owed(events)
        if chairs and _doses(events):
            yield Story(events, _middle(_doses(events)) + chairs.pop(0))
        elif held and closed is not None:
            held -= 1
            yield Story(events, closed)
        elif late and owed is not None:
            late -= 1
            yield Story(events, _at_home(events, _at_the_clock_of(now, owed)))
        else:
            yield Story(events, _at_home(events, _at_the_clock_of(now, _stage(events, number))))


def _course(job: Job, number: int, jobs: int) -> tuple[Event, ...]:
    place = number // jobs % len(job.arms)
    return run_one(job, place, number, f"demo-{number:03d}").course.log


def _doses(events: Sequence[Event]) -> list[datetime]:
    return [event.observed_at for event in events if isinstance(event.what, DoseGiven)]


def _middle(moments: list[datetime]) -> datetime:
    return moments[len(moments) // 2]


def _held(events: Sequence[Event]) -> datetime | None:
    """Shortly after readings before a dose that was then not given; None where every dose was."""
    doses = _doses(events)
    for event in events:
        if isinstance(event.what, ReadingTaken) and event.what.phase == "before":
            after = (event.observed_at, event.observed_at + timedelta(minutes=30))
            if not any(after[0] <= dose <= after[1] for dose in doses):
                return after[0] + timedelta(minutes=20)
    return None


def _owed(events: Sequence[Event]) -> datetime | None:
    """The last day on which an answer was late and not yet written off; None where nothing was owed."""
    skipped = [e.observed_at for e in events if isinstance(e.what, StepSkipped) and e.what.reason == "not_answered"]
    return skipped[0] - timedelta(minutes=1) if skipped else None


def _at_the_clock_of(now: datetime, moment: datetime) -> datetime:
    """The last instant up to `moment` at which the simulated clock shows what the clock here shows now.

    So a visit that was simulated for nine o'clock took place at nine o'clock here.
    """
    clock = now.time().replace(tzinfo=moment.tzinfo)
    found = datetime.combine(moment.date(), clock)
    return found if found <= moment else found - timedelta(days=1)


def _at_home(events: Sequence[Event], moment: datetime) -> datetime:
    """That clock of the last day up to `moment` without a dose before it: only the three chairs are watched now."""
    while any(moment - STAY < dose <= moment for dose in _doses(events)):
        moment -= timedelta(days=1)
    return moment


def _stage(events: Sequence[Event], number: int) -> datetime:
    """A moment that belongs to this person: from the day of enrolment to some days after the end of the course.

    Stages follow the golden ratio, so that any few people in a row are already well spread.
    """
    first, last = events[0].observed_at, events[-1].observed_at
    share = (number * 0.6180339887) % 1
    return first + timedelta(days=1) + share * 1.1 * (last - first)


def _told(story: Story, on: datetime) -> list[Event]:
    """The course moved so that its present is `on`, without its future."""
    by = on - story.present
    past = [_moved(event, by) for event in story.events if event.observed_at <= story.present]
    return [*past, *_booked(story, past, by)]


def _moved(event: Event, by: timedelta) -> Event:
    at = event.observed_at + by
    return replace(event, observed_at=at, recorded_at=at)


def _booked(story: Story, past: list[Event], by: timedelta) -> Iterator[Event]:
    """The next dose, where one follows soon."""
    coming = [e for e in story.events if e.observed_at > story.present and isinstance(e.what, DoseGiven)]
    if not coming or coming[0].observed_at > story.present + BOOKED_AHEAD:
        return
    dose, last = coming[0].what, past[-1]
    assert isinstance(dose, DoseGiven)
    what = VisitBooked(dose.step, dose.occurrence, coming[0].observed_at + by)
    key = f"{last.course}-{len(past):04d}"
    yield Event(key, last.course, last.observed_at, last.observed_at, "sim-desk", Origin.SIMULATED, what)
