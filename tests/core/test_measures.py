"""Each indicator of the house, on courses small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.walker import walk
from unstuck.core import events as ev
from unstuck.core import measures
from unstuck.core.course import Course, replay
from unstuck.core.events import Event, Origin
from unstuck.core.protocol_file import load_protocol
from unstuck.core.shares import share

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
FEDER = load_protocol("feder_2021")
ALL = measures.Period(AT - 1000 * DAY, AT + 1000 * DAY)


def event(number: int, what: ev.What, at: datetime = AT) -> Event:
    return Event(f"e{number}", "c", at, at, "a", Origin.SIMULATED, what)


def booked(number: int, at: datetime, made: datetime = AT, occurrence: int = 1) -> Event:
    return event(number, ev.VisitBooked("infusion", occurrence, at), made)


def seen(*log: Event, **state: object) -> measures.Seen:
    return measures.Seen(FEDER, replace(Course(key="c", log=log), **state))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("log", "done", "told"),
    [
        ((booked(1, AT + DAY),), {}, (1, 1)),
        ((booked(1, AT + DAY),), {("infusion", 1): AT + DAY + 60 * MINUTE}, (0, 1)),
        ((booked(1, AT + DAY),), {("infusion", 1): AT + 3 * DAY}, (1, 1)),
        ((booked(1, AT + DAY), booked(2, AT + 2 * DAY, AT + MINUTE)), {("infusion", 1): AT + 2 * DAY}, (0, 1)),
        ((booked(1, AT + DAY), booked(2, AT + 4 * DAY, AT + 2 * DAY)), {("infusion", 1): AT + 4 * DAY}, (1, 2)),
    ],
    ids=["nobody came", "came an hour late", "came two days later", "moved before", "booked anew after not coming"],
)
def test_no_shows(log: tuple[Event, ...], done: dict[tuple[str, int], datetime], told: tuple[int, int]) -> None:
    """A visit that was moved before its time is none; one booked anew afterwards is, and the new one counts."""
    found = measures.no_shows([seen(*log, done=done)], ALL)
    assert (found.count, found.of) == told


def test_time_in_the_house_counts_from_the_dose_without_a_check_in() -> None:
    """Minutes from the dose to leaving; a visit without a recorded leaving has no length."""
    dose = [event(n, ev.DoseGiven("infusion", n, "ketamine", "iv", 40, 80, 40, "k"), AT + n * DAY) for n in (1, 2)]
    left = event(9, ev.Discharged("infusion", 1), AT + DAY + 130 * MINUTE)
    found = measures.session_times([seen(*dose, left, doses=tuple(dose))], ALL)
    assert [item.value for item in found.items] == [130.0]
    assert found.quartiles_min is None


def test_harmed_doses_have_every_dose_below_them() -> None:
    """Two doses, one with a grade 2 effect and an expected one: 1 of 2 harmed, 0 of 2 serious, both effects listed."""
    doses = tuple(event(n, ev.DoseGiven("infusion", n, "k", "iv", 40, 80, 40, "k"), AT + n * DAY) for n in (1, 2))
    told = (ev.AdverseEventNoted("nausea", 2, dose=1), ev.AdverseEventNoted("blood_pressure", 2, expected=True, dose=2))
    adverse = tuple(event(10 + n, what, AT + 3 * DAY) for n, what in enumerate(told))
    house = [seen(doses=doses, adverse=adverse)]
    assert (measures.harmed_doses(house, ALL).count, measures.harmed_doses(house, ALL).of) == (1, 2)
    assert measures.serious_doses(house, ALL).count == 0
    assert [item.what for item in measures.harms(house, ALL).items] == ["nausea", "blood_pressure"]
    rate, visits = measures.chair_use(house, ALL, seats=2, days=4)
    assert (rate, visits.of) == (0.25, 2)


def test_completeness_counts_skipped_and_late_as_not_done() -> None:
    """A walked course with every assessment done is complete; cut short, what has closed since is missing."""
    events = walk(FEDER, AT, seed=3)
    whole = measures.Seen(FEDER, replay(FEDER, events))
    cut = measures.Seen(FEDER, replay(FEDER, events[: len(events) // 2]))
    period = measures.Period(AT, events[-1].observed_at + 100 * DAY)
    one, other = measures.completeness([whole], period), measures.completeness([cut], period)
    assert one.of >= other.of > other.count
    assert one.count > other.count


def test_responders_agree_with_the_share_of_the_outcomes() -> None:
    """The same endpoint counted here and in `shares` gives the same people, denominators and interval."""
    courses = [replay(FEDER, walk(FEDER, AT, seed=seed)) for seed in range(4)]
    house = [measures.Seen(FEDER, course) for course in courses]
    for endpoint in FEDER.endpoints:
        if endpoint.kind == "response":
            ours, theirs = measures.responders(endpoint, house, AT), share(endpoint, courses)
            assert (ours.count, ours.of, ours.interval) == (theirs.met, theirs.started, theirs.interval())


def test_nothing_to_count_says_so() -> None:
    """Without courses no share is given and the interval is everything."""
    empty = measures.no_shows([], ALL)
    assert (empty.share, empty.interval) == (None, (0.0, 1.0))
