"""Courses for a demonstration."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from unstuck.core.course import Course
from unstuck.core.events import DoseGiven, Origin
from unstuck.core.protocol_file import load_protocol
from unstuck.core.record import record
from unstuck.core.schedule import State, due
from unstuck.lab.trials.demo import demo_courses

ON = datetime(2026, 3, 10, 14, 7, 30, tzinfo=ZoneInfo("Europe/Zurich"))
PROTOCOLS = tuple(load_protocol(key) for key in ("feder_2021", "ketamine_pe", "kap_im"))
PEOPLE = 24


@cache
def _courses(on=ON, people=PEOPLE):
    found = []
    for events in demo_courses(PROTOCOLS, on, 7, people):
        protocol = next(p for p in PROTOCOLS if p.hash == events[0].what.protocol_hash)
        course = Course()
        for event in events:
            course = record(protocol, course, event)  # the core takes every event: no rule is broken by moving
        found.append((protocol, course))
    return found


def test_nothing_lies_in_the_future():
    """Every event is simulated and was observed before the present; names of courses and events are unique."""
    events = [event for _, course in _courses() for event in course.log]
    assert all(event.observed_at <= ON and event.origin is Origin.SIMULATED for event in events)
    assert len({event.id for event in events}) == len(events)
    assert len({course.key for _, course in _courses()}) == PEOPLE


def test_three_chairs_are_taken_today():
    """One dose runs, one has ended within the hour, one is booked for later today."""
    running, ended, expected = (course for _, course in _courses()[:3])
    assert ON - running.doses[-1].observed_at < timedelta(minutes=40)
    assert timedelta(minutes=40) < ON - ended.doses[-1].observed_at < timedelta(minutes=90)
    assert any(ON < at < ON + timedelta(hours=2) for at in expected.booked.values())


def test_nobody_else_is_left_in_a_chair():
    """Whatever the hour, only those on the chairs had a dose today: the others went home, and the board is calm."""
    for hour in (11, 16, 22):
        now = ON.replace(hour=hour)
        for _, course in _courses(now)[3:]:
            assert all(now - dose.observed_at > timedelta(hours=12) for dose in course.doses)


def test_people_stand_at_every_stage():
    """Some have had no dose, some are in the middle, some have ended; something is late and something is held."""
    doses = [len(course.doses) for _, course in _courses()]
    assert min(doses) == 0 and max(doses) >= 6
    assert any(course.is_over for _, course in _courses())
    states = {row.state for protocol, course in _courses() for row in due(protocol, course, ON, ON.tzinfo)}
    assert {State.LATE, State.OPEN, State.PLANNED} <= states
    assert states & {State.HELD, State.NOT_KNOWN}


def test_visits_keep_to_the_clock():
    """Save on the three chairs and where somebody was held, doses begin in the morning at the site."""
    hours = [
        dose.observed_at.astimezone(ON.tzinfo).hour
        for _, course in _courses()[3:]
        for dose in course.doses
        if isinstance(dose.what, DoseGiven)
    ]
    assert sum(8 <= hour <= 16 for hour in hours) > 0.7 * len(hours)


@pytest.mark.parametrize(
    ("on", "zone"),
    [
        ("2027-12-31T23:59:40", "Pacific/Auckland"),
        ("2028-02-29T00:00:10", "America/Los_Angeles"),
        ("2027-03-28T03:00:00", "Europe/Berlin"),  # the hour before does not exist
        ("2027-10-31T02:30:00", "Europe/Berlin"),  # this hour comes twice
    ],
)
def test_no_hour_is_bad_for_a_demonstration(on, zone):
    """At the year's end, on a leap day and while clocks change, every event is taken, is past, and chairs are taken."""
    now = datetime.fromisoformat(on).replace(tzinfo=ZoneInfo(zone))
    (_, running), (_, ended), (_, expected) = courses = _courses(now, 3)
    assert all(event.observed_at <= now for _, course in courses for event in course.log)
    assert timedelta() <= now.astimezone(UTC) - running.doses[-1].observed_at < timedelta(minutes=40)
    assert timedelta(minutes=40) < now.astimezone(UTC) - ended.doses[-1].observed_at < timedelta(minutes=90)
    assert any(now < at < now.astimezone(UTC) + timedelta(hours=2) for at in expected.booked.values())


def test_a_present_without_a_zone_is_refused():
    """A demonstration must know where it is."""
    with pytest.raises(ValueError, match="no time zone"):
        demo_courses(PROTOCOLS, datetime(2026, 3, 10), 7, 1)
