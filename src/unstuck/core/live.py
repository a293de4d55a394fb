"""What may be recorded in a running session: each kind against the state of that session alone."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from unstuck.core import refusals as no
from unstuck.core.course import Course
from unstuck.core.events import DoseGiven, Event
from unstuck.core.facts import run_of
from unstuck.core.infusion import Infusion, Running
from unstuck.core.orders import check_checked, check_ordered
from unstuck.core.protocol import Dose, Protocol, Step
from unstuck.core.session_events import (
    AlarmAnswered,
    CallAnswered,
    Called,
    ChoicesLocked,
    DoseChecked,
    DoseOrdered,
    Flow,
    HandedOver,
    InfusionChanged,
    MeasureTaken,
    PartGiven,
    PresenceNoted,
    SessionOpened,
    SessionWhat,
)

IDENTIFIERS = 2  # the fewest that are compared at check-in (a rule of identification, not a clinical limit)
PHOTO = "photo"  # compared as well where there is one; it stands for neither of the two


def check_live(protocol: Protocol, course: Course, step: Step, event: Event) -> None:
    """Refuses what does not fit the session: named Refusals, nothing recorded."""
    what = event.what
    assert isinstance(what, SessionWhat)
    if not isinstance(step.activity, Dose):
        raise no.WrongActivity(f"“{step.title}” is no dosing session.")
    match what:
        case SessionOpened():
            _check_opened(course, step, what)
        case DoseOrdered():
            _check_not_given(course, step, what.occurrence)
            check_ordered(protocol, course, step, what, event.observed_at)
        case DoseChecked():
            _check_not_given(course, step, what.occurrence)
            check_checked(course, what, event.observed_at, event.actor)
        case InfusionChanged():
            _check_flow(_running(course, what.step, what.occurrence, event.observed_at), what, event.observed_at)
        case PartGiven():
            _check_part(protocol, course, what, event.observed_at)
        case ChoicesLocked():
            _check_not_given(course, step, what.occurrence)
        case AlarmAnswered() | MeasureTaken() | PresenceNoted() | HandedOver() | Called() | CallAnswered():
            return
        case _:
            assert_never(what)


def dose_of(course: Course, step: str, occurrence: int) -> Event | None:
    """The dose of that session, or None."""
    return next((d for d in course.doses if isinstance(d.what, DoseGiven) and _is(d.what, step, occurrence)), None)


def _is(dose: DoseGiven, step: str, occurrence: int) -> bool:
    return (dose.step, dose.occurrence) == (step, occurrence)


def _check_opened(course: Course, step: Step, what: SessionOpened) -> None:
    if len(set(what.identifiers) - {PHOTO}) < IDENTIFIERS:
        raise no.NotInOrder("A person is known by two identifiers.", mend="Ask the name and the date of birth.")
    if course.settled(step.key, what.occurrence):
        raise no.AlreadyDone(f"“{step.title}”, time {what.occurrence}, is already done or skipped.")


def _check_not_given(course: Course, step: Step, occurrence: int) -> None:
    if dose_of(course, step.key, occurrence) is not None:
        raise no.AlreadyDone(f"The dose of “{step.title}”, time {occurrence}, has been given.")


def _running(course: Course, step: str, occurrence: int, at: datetime) -> Infusion:
    dose = dose_of(course, step, occurrence)
    if dose is None or dose.observed_at > at:
        raise no.NotRunning("No dose of this session had begun then.", mend="Check the session and the time.")
    return run_of(course, dose)


def _check_flow(run: Infusion, what: InfusionChanged, at: datetime) -> None:
    state = run.state(at)
    if not run.segments:
        raise no.NotRunning("This dose was given at once; there is nothing to pause or stop.")
    if state is Running.ENDED:
        raise no.NotRunning("The infusion has ended.")
    if what.flow is Flow.RESUMED and state is not Running.PAUSED:
        raise no.NotRunning("The infusion is not paused.")
    if what.flow is Flow.PAUSED and state is Running.PAUSED:
        raise no.NotRunning("The infusion is paused already.")
    if what.flow is Flow.RATE and state is Running.PAUSED:
        raise no.NotRunning("The infusion is paused; another rate does not start it.", mend="Resume it first.")
    if what.flow is Flow.RATE and not (what.rate_mg_per_min and 0 < what.rate_mg_per_min <= run.segments[0].mg_per_min):
        raise no.NotAsOrdered(
            "A new rate lies above 0 and not above the ordered one.", mend="A faster rate is a new order."
        )


def _check_part(protocol: Protocol, course: Course, what: PartGiven, at: datetime) -> None:
    """Parts come in order, in time, and together hold no more than was checked."""
    run = _running(course, what.step, what.occurrence, at)
    dose = dose_of(course, what.step, what.occurrence)
    given = [e for e in course.sessions.get((what.step, what.occurrence), ()) if isinstance(e.what, PartGiven)]
    if run.segments:
        raise no.NotRunning("An infusion has no parts.")
    if what.number != len(given) + 1:
        raise no.AlreadyDone(f"Part {len(given) + 1} is next, not part {what.number}.")
    assert dose is not None
    assert isinstance(dose.what, DoseGiven)
    total = sum(e.what.amount_mg for e in given if isinstance(e.what, PartGiven)) + what.amount_mg
    if what.amount_mg <= 0 or total > dose.what.amount_mg * (1 + 1e-9):
        raise no.DoseAboveCap(f"The parts would hold {total:g} mg; checked are {dose.what.amount_mg:g} mg.")
    least = protocol.monitoring.limit("between_parts_min") if protocol.monitoring else None
    if given and least is not None and (at - given[-1].observed_at).total_seconds() < least * 60:
        raise no.NotInOrder(f"Between two parts lie at least {least:g} minutes.", mend="Wait.")
