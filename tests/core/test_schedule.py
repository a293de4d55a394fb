from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, before_dose, dose, enrolled, event, pcl5, recorded, small_protocol, whole_course
from unstuck.core import events as ev
from unstuck.core.conditions import AtMost
from unstuck.core.course import Course, replay
from unstuck.core.deviations import Departure, deviations
from unstuck.core.protocol import Gate, Otherwise
from unstuck.core.schedule import State, due, overview, plan

SMALL = small_protocol()


def at(hours):
    return START + timedelta(hours=hours)


def states(course, hours):
    return {(d.step, d.occurrence): d.state for d in overview(SMALL, course, at(hours))}


def test_plan_on_target():
    """The plan of a protocol runs on target: doses on days 4, 6 and 8, therapy two days after each."""
    rows = {(r.step, r.occurrence): r.day_target for r in plan(SMALL, START)}
    assert [rows["infusion", n] for n in (1, 2, 3)] == [4, 6, 8]
    assert [rows["therapy", n] for n in (1, 2, 3)] == [6, 8, 10]
    assert rows["decide", 1] == 17


def test_states_move_with_the_day():
    """A dose is planned, then not known, then held or open by what was read, then late, then done."""
    course = recorded(SMALL, [e for e in before_dose(SMALL) if not isinstance(e.what, ev.ReadingTaken)])
    first = ("infusion", 1)
    assert states(course, 27)[first] is State.PLANNED
    assert states(course, 72)[first] is State.NOT_KNOWN
    assert states(recorded(SMALL, before_dose(SMALL)), 72)[first] is State.OPEN
    high = replay(SMALL, [event(ev.ReadingTaken("systolic_mmhg", 170), 71.9)], recorded(SMALL, before_dose(SMALL)))
    assert states(high, 72)[first] is State.HELD
    assert states(course, 24 * 30)[first] is State.LATE
    assert states(recorded(SMALL, [*before_dose(SMALL), dose(1, 72)]), 73)[first] is State.DONE


def test_waiting_for_its_anchor():
    """What is counted from something that has not happened waits, and shows when it would be."""
    course = recorded(SMALL, [enrolled(SMALL)])
    row = next(d for d in overview(SMALL, course, at(0)) if d.step == "infusion" and d.occurrence == 3)
    assert row.state is State.WAITING and row.target == at(24 * 8)


def test_booked_moves_the_plan():
    """A booked visit moves what is counted from it."""
    course = recorded(SMALL, [enrolled(SMALL), event(ev.VisitBooked("infusion", 1, at(24 * 6), "chair_1"), 1)])
    rows = {(d.step, d.occurrence): d for d in overview(SMALL, course, at(2))}
    assert rows["infusion", 1].booked == at(24 * 6)
    assert rows["infusion", 2].target == at(24 * 8)


def test_skipped_dose_moves_on():
    """After a skipped dose the next is counted from the skip, and doses stay numbered by what was given."""
    course = recorded(SMALL, [*before_dose(SMALL), event(ev.StepSkipped("infusion", 1, "ill"), 72)])
    rows = {(d.step, d.occurrence): d for d in overview(SMALL, course, at(73))}
    assert rows["infusion", 1].state is State.SKIPPED
    assert rows["infusion", 2].target == at(72 + 48)
    assert ("therapy", 3) not in rows


def test_conditional_step_is_quiet():
    """A booster appears as due only once its rule holds."""
    done = [event(ev.StepHeld("decide", 1), 400)]
    well = recorded(SMALL, [*whole_course(SMALL, final=20), *done])
    ill = recorded(SMALL, [*whole_course(SMALL, final=48), *done])
    assert states(well, 700)["booster", 1] is State.CONDITIONAL
    assert not any(d.step == "booster" for d in due(SMALL, well, at(700)))
    assert any(d.step == "booster" for d in due(SMALL, ill, at(700)))


def test_a_closed_window_is_not_opened_by_a_later_score():
    """A conditional step whose window closed while its rule failed does not become late when the rule holds later."""
    well = recorded(SMALL, [*whole_course(SMALL, final=20), event(ev.StepHeld("decide", 1), 400)])
    long_after = 400 + 24 * 90
    relapsed = replay(SMALL, [pcl5(60, long_after, None)], well)
    assert states(relapsed, long_after + 24)["booster", 1] is State.CONDITIONAL
    soon = replay(SMALL, [pcl5(60, 400 + 24 * 20, None)], well)
    assert states(soon, long_after)["booster", 1] is State.LATE


def gated(otherwise):
    """The small protocol with a rule on the pulse before each dose, and what is to happen where it fails."""
    gate = Gate("pulse", "dose", AtMost("pulse_per_min", 100), otherwise, "For the test.", "site")
    return small_protocol(gates=(*SMALL.gates, gate))


@pytest.mark.parametrize(
    ("otherwise", "pulse", "state"),
    [
        (Otherwise.STOP, 120, State.STOP),
        (Otherwise.STOP, 80, State.OPEN),
        (Otherwise.STOP, None, State.NOT_KNOWN),
        (Otherwise.SKIP, 120, State.CONDITIONAL),
        (Otherwise.SKIP, None, State.NOT_KNOWN),
        (Otherwise.HOLD, 120, State.HELD),
    ],
)
def test_what_a_failed_gate_means(otherwise, pulse, state):
    """A failed gate holds, passes over or stops as the protocol says; an unknown one never stops nor passes over."""
    protocol = gated(otherwise)
    course = recorded(protocol, before_dose(protocol))
    if pulse:
        course = replay(protocol, [event(ev.ReadingTaken("pulse_per_min", pulse), 71.9)], course)
    rows = {(d.step, d.occurrence): d.state for d in overview(protocol, course, at(72))}
    assert rows["infusion", 1] is state


def test_due_puts_late_first():
    """What is late stands before what is open, and that before what is planned."""
    rows = due(SMALL, recorded(SMALL, [enrolled(SMALL)]), at(24 * 9))
    order = [r.state for r in rows]
    assert order[0] is State.LATE
    assert order == sorted(order, key=[State.LATE, State.HELD, State.OPEN, State.PLANNED, State.WAITING].index)


def test_nothing_due_when_over():
    """A course that ended, and one that never began, ask for nothing."""
    course = recorded(SMALL, [enrolled(SMALL), event(ev.CourseEnded(ev.Ending.WITHDREW), 5)])
    assert due(SMALL, course, at(24 * 9)) == () == due(SMALL, Course(), at(0))


@given(st.integers(0, 24 * 60), st.sampled_from([UTC, ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")]))
def test_overview_is_total(hours, zone):
    """At any time and in any zone every occurrence has one state, and windows are in order."""
    rows = overview(SMALL, recorded(SMALL, whole_course(SMALL)), at(hours), zone)
    assert len({(r.step, r.occurrence) for r in rows}) == len(rows)
    for row in rows:
        if row.opens and row.closes:
            assert row.opens < row.closes


def test_departures():
    """Early, late, missed, overridden, another amount and another duration are each named once."""
    happened = [
        *before_dose(SMALL),
        event(ev.ReadingTaken("systolic_mmhg", 150), 71.9),
        event(ev.GateOverridden("infusion", 1, "pressure", "seen_by_doctor"), 71.95),
        dose(1, 72, mg=30, minutes=46.0),
        event(ev.StepHeld("therapy", 1, 90), 72 + 10),
    ]
    found = deviations(SMALL, recorded(SMALL, happened), at(24 * 30))
    kinds = [(d.kind, d.step, d.occurrence) for d in found]
    assert (Departure.OVERRIDDEN, "infusion", 1) in kinds
    assert (Departure.AMOUNT, "infusion", 1) in kinds
    assert (Departure.DURATION, "infusion", 1) in kinds
    assert (Departure.EARLY, "therapy", 1) in kinds
    assert (Departure.MISSED, "infusion", 2) in kinds
    assert len(kinds) == len(set(kinds)) == 5


def test_no_departures():
    """A course that ran as planned departs from nothing."""
    course = recorded(SMALL, whole_course(SMALL))
    assert deviations(SMALL, course, at(24 * 13)) == ()
