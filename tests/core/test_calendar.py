"""The calendar of a course: windows follow bookings, limits count what is booked, and each dose has its companion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core import events as ev
from unstuck.core.calendar import Placed, broken_limit, calendar, companions, number_of
from unstuck.core.course import Course, replay
from unstuck.core.protocol_file import load_protocol

PLAN = load_protocol("induction_maintenance")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def course(*whats: ev.What) -> Course:
    """A course enrolled at AT in which these things were recorded at once."""
    log = [ev.Enrolled(PLAN.key, PLAN.version, PLAN.hash), *whats]
    return replay(PLAN, [ev.Event(str(n), "c", AT, AT, "a", ev.Origin.CLINIC, what) for n, what in enumerate(log)])


def visit(state: Course, step: str, occurrence: int = 1, at: datetime = AT) -> object:
    """That visit in the calendar."""
    return next(v for v in calendar(PLAN, state, at, UTC) if (v.row.step, v.row.occurrence) == (step, occurrence))


def test_a_visit_that_is_moved_moves_what_follows() -> None:
    """Booking the first dose three days later puts the aim of the second and of its talk three days later."""
    early, late = AT + 5 * DAY, AT + 8 * DAY
    for follower in (("dosing_day", 2), ("induction", 2), ("integration", 1)):
        rows = [visit(course(ev.VisitBooked("dosing_day", 1, w), ev.VisitBooked("induction", 1, w)), *follower)
                for w in (early, late)]  # fmt: skip
        assert rows[1].row.target - rows[0].row.target == 3 * DAY  # type: ignore[attr-defined]


def test_a_missed_visit_is_proposed_again_inside_its_window() -> None:
    """A booked time that passed without the visit asks for another, as early as now and inside the window."""
    state = course(ev.VisitBooked("consent", 1, AT + DAY))
    missed = visit(state, "consent", at=AT + 2 * DAY)
    assert missed.placed is Placed.MISSED and missed.asks  # type: ignore[attr-defined]
    assert missed.proposed == AT + 2 * DAY < missed.row.closes  # type: ignore[attr-defined]


def test_beyond_its_window_a_visit_is_overdue() -> None:
    """After the window nothing hides that the visit was not held; a booking there is called late."""
    assert visit(course(), "consent", at=AT + 20 * DAY).placed is Placed.OVERDUE  # type: ignore[attr-defined]
    late = course(ev.VisitBooked("consent", 1, AT + 20 * DAY))
    assert visit(late, "consent").placed is Placed.LATE  # type: ignore[attr-defined]


def test_each_dose_has_its_talk_by_hour_window() -> None:
    """The talk of dose 1 lies 24 to 72 hours after it, and only a booking inside counts."""
    when = AT + 5 * DAY
    (talk,) = companions(PLAN, course(), 1, when, UTC)
    hours = [(moment - when) / timedelta(hours=1) for moment in (talk.opens, talk.closes)]
    assert hours == [24, 72] and not talk.inside
    for offset, inside in ((2, True), (4, False)):
        state = course(ev.VisitBooked("integration", 1, when + offset * DAY))
        assert companions(PLAN, state, 1, when, UTC)[0].inside is inside


def test_doses_are_numbered_in_the_order_of_the_plan() -> None:
    """The fourth induction dose is the fourth dose; a booster in nobody's plan yet is the next one."""
    assert [number_of(PLAN, course(), "induction", n) for n in (1, 4)] == [1, 4]
    assert number_of(PLAN, course(), "booster", 1) == 1


@given(days=st.lists(st.integers(0, 30), min_size=1, max_size=4, unique=True), asked=st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_limits_count_what_is_booked(days: list[int], asked: int) -> None:
    """A booking is refused exactly when some seven days that hold it would hold a third dose."""
    state = course(*(ev.VisitBooked("induction", n, AT + d * DAY) for n, d in enumerate(days, 1)))
    place = ("induction_more", 1)
    every = [*days, asked]
    crowded = any(sum(start <= d < start + 7 for d in every) > 2 for start in range(asked - 6, asked + 1))
    assert (broken_limit(PLAN, state, place, AT + asked * DAY) is not None) is crowded


@pytest.mark.parametrize("step", ["consent", "preparation"])
def test_other_kinds_have_no_limit(step: str) -> None:
    """A limit on doses says nothing of talks."""
    assert broken_limit(PLAN, course(), (step, 1), AT) is None
