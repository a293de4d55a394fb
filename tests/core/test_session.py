from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import START, before_dose, dose, event, recorded, small_protocol
from unstuck.core import events as ev
from unstuck.core.conditions import Any, AtLeast, Is, Not, Within
from unstuck.core.course import replay
from unstuck.core.protocol import AlertRule, ReadingPlan
from unstuck.core.session import Phase, session
from unstuck.core.time import Span, Unit
from unstuck.core.verdict import discharge_verdict

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
        ((dose(1, 72), reading("systolic_mmhg", 125, 74.9), event(ev.Discharged("infusion", 1), 75)), 76, Phase.GONE),
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


@pytest.mark.parametrize(
    ("taken_min", "due_min"), [((), 5), ((1,), 5), ((3,), 40), ((3, 6, 7, 8), 40), ((23,), 100), ((3, 39, 101), None)]
)
def test_an_early_reading_does_not_stand_for_a_later_set_point(taken_min, due_min):
    """Of set points at 5, 40 and 100 minutes a reading meets those behind it and the nearer one, however many it is."""
    row = ReadingPlan(("systolic_mmhg",), "during", None, "site", at_min=(5, 40, 100))
    infused = small_protocol(monitoring=replace(PLAN, readings=(row,), stay_min=None))
    given = replace(dose(1, 72), what=replace(dose(1, 72).what, minutes=200.0))
    reads = [reading("systolic_mmhg", 120, 72 + m / 60) for m in taken_min]
    course_ = replay(infused, [*before_dose(infused), given, *reads])
    due = session(infused, course_, "infusion", 1, at(72) + timedelta(minutes=110)).due
    assert [d.by for d in due] == ([] if due_min is None else [at(72) + timedelta(minutes=due_min)])


RISK = Any((Not(Is("cssrs_screen.risk", "high")), Is("person.leaving_signed", True)))


@pytest.mark.parametrize(
    ("told", "leaves"),
    [
        ((("none", 71.8),), False),
        ((("none", 71.8), ("none", 73)), True),
        ((("high", 73),), False),
        ((("high", 73), (True, 73.2)), True),
        (((True, 72.9), ("high", 73)), False),
        (((True, 71.5), ("high", 73)), False),
    ],
)
def test_leaving_counts_the_answer_after_the_dose_and_the_signature_after_the_answer(told, leaves):
    """Suicide risk asked before the dose opens no way home, nor does a signature older than the answer it signs."""
    watched = small_protocol(monitoring=replace(PLAN, discharge=Within(Span(90, Unit.MINUTES), RISK), stay_min=None))
    events = [event(answer(risk), hours) for risk, hours in told]
    before = [e for e in events if e.observed_at < at(72)]
    after = [e for e in events if e.observed_at >= at(72)]
    here = replay(watched, [*before_dose(watched), *before, dose(1, 72), *after])
    assert discharge_verdict(watched, here, at(73.25)).opens is leaves


def answer(said):
    """A rated risk, or a prescriber's signature."""
    if said is True:
        return ev.FactStated("person.leaving_signed", True)
    return ev.AssessmentCompleted("cssrs_screen", "1", "own", (), (("risk", said),), "infusion", 1, for_care=True)
