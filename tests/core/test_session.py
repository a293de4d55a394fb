from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import START, before_dose, dose, event, recorded, small_protocol
from unstuck.core import events as ev
from unstuck.core.conditions import AtLeast
from unstuck.core.protocol import AlertRule, ReadingPlan
from unstuck.core.session import Phase, session

PLAN = replace(
    small_protocol().monitoring,
    readings=(
        ReadingPlan(("systolic_mmhg",), "during", 10, "site"),
        ReadingPlan(("systolic_mmhg", "spo2_percent"), "after", 15, "site"),
    ),
    alerts=(AlertRule("high", AtLeast("systolic_mmhg", 160), "Pause and call.", True, "site"),),
)
WATCHED = small_protocol(monitoring=PLAN)


def at(hours):
    return START + timedelta(hours=hours)


def reading(name, value, hours):
    return event(ev.ReadingTaken(name, value, "infusion", 1, "during"), hours)


def course(*more):
    return recorded(WATCHED, [*before_dose(WATCHED), *more])


@pytest.mark.parametrize(
    ("more", "hours", "phase"),
    [
        ((), 72, Phase.EXPECTED),
        ((reading("systolic_mmhg", 120, 71.9),), 72, Phase.BEFORE),
        ((dose(1, 72),), 72.5, Phase.DURING),
        ((dose(1, 72),), 73, Phase.AFTER),
        ((dose(1, 72), event(ev.Discharged("infusion", 1), 75)), 76, Phase.GONE),
    ],
)
def test_phase(more, hours, phase):
    """The phase of a visit follows from what was recorded and from the clock."""
    assert session(WATCHED, course(*more), "infusion", 1, at(hours)).phase is phase


def test_reading_due_every_ten_minutes():
    """While the drug runs a reading is due ten minutes after the last one, and late after that."""
    given = dose(1, 72)
    first = session(WATCHED, course(given), "infusion", 1, at(72.1)).due[0]
    assert first.by == at(72) + timedelta(minutes=10)
    again = session(WATCHED, course(given, reading("systolic_mmhg", 130, 72.15)), "infusion", 1, at(72.3)).due[0]
    assert again.by == at(72.15) + timedelta(minutes=10)
    assert not again.late(at(72.3)) and again.late(at(72.33))


def test_half_a_set_of_readings_is_not_the_set():
    """Where two readings are asked for, one of them does not stop the clock."""
    half = session(WATCHED, course(dose(1, 72), reading("systolic_mmhg", 130, 72.9)), "infusion", 1, at(73)).due[0]
    assert half.by == at(72) + timedelta(minutes=55)


def test_alert_and_stay():
    """A pressure at the limit raises its alert; the stay counts from the end of the dose."""
    here = session(WATCHED, course(dose(1, 72), reading("systolic_mmhg", 160, 72.2)), "infusion", 1, at(72.3))
    assert [a.key for a in here.alerts] == ["high"]
    assert here.stay_until == at(72) + timedelta(minutes=100)
    assert dict(here.latest)["systolic_mmhg"].value == 160
    assert here.leaving is None
