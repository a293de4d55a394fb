"""A taken alarm whose reading gets worse rings anew; one that only stays, or gets better, does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import START, before_dose, dose, event, recorded, small_protocol
from unstuck.core import events as ev
from unstuck.core.alarms import Alarm, alarms
from unstuck.core.protocol_file import load_profile
from unstuck.core.session_events import AlarmAnswered, Answer

STRICT = load_profile("strict").plan


def rung(*acts: tuple[str, float | str], at: float = 60.0) -> dict[str, Alarm]:
    """Alarms of a session under the strict profile; acts come five minutes apart: a reading, or ("take", alarm)."""
    protocol = small_protocol(monitoring=replace(STRICT, discharge=None))
    happened = [event(_what(*act), 72 + (n + 1) / 12) for n, act in enumerate(acts)]
    course = recorded(protocol, [*before_dose(protocol), dose(1, 72), *happened])
    return {a.rule.key: a for a in alarms(STRICT, course, happened, START + timedelta(hours=72, minutes=at))}


def _what(name: str, value: float | str) -> ev.What:
    if name == "take":
        return AlarmAnswered("infusion", 1, str(value), Answer.TAKEN)
    return ev.ReadingTaken(name, float(value), "infusion", 1, "during")


@pytest.mark.parametrize(
    ("readings", "anew"),
    [
        ((("systolic_mmhg", 165), ("take", "pressure_high"), ("systolic_mmhg", 175)), True),
        ((("systolic_mmhg", 165), ("take", "pressure_high"), ("systolic_mmhg", 174)), False),
        ((("systolic_mmhg", 165), ("take", "pressure_high"), ("systolic_mmhg", 170), ("systolic_mmhg", 176)), True),
        ((("systolic_mmhg", 165), ("systolic_mmhg", 172), ("take", "pressure_high"), ("systolic_mmhg", 176)), False),
        ((("systolic_mmhg", 190), ("take", "pressure_high"), ("systolic_mmhg", 165)), False),
        ((("systolic_mmhg", 165), ("take", "pressure_high"), ("diastolic_mmhg", 100)), False),
        ((("systolic_mmhg", 165), ("take", "pressure_high"), ("diastolic_mmhg", 101)), True),
        ((("pulse_per_min", 130), ("take", "pulse"), ("pulse_per_min", 122)), False),
        ((("pulse_per_min", 130), ("take", "pulse"), ("pulse_per_min", 140)), True),
        ((("pulse_per_min", 130), ("take", "pulse"), ("pulse_per_min", 45)), True),
        ((("pulse_per_min", 48), ("take", "pulse"), ("pulse_per_min", 43)), True),
        ((("moaas", 3), ("take", "deeply_sedated"), ("moaas", 2)), True),
        ((("moaas", 2), ("take", "deeply_sedated"), ("moaas", 3)), False),
        ((("spo2_percent", 91), ("take", "oxygen_low"), ("spo2_percent", 89)), True),
    ],
)
def test_a_taken_alarm_rings_anew_only_where_its_reading_is_worse_by_the_step(
    readings: tuple[tuple[str, float | str], ...], anew: bool
) -> None:
    """Further out than when it was taken by the profile's step, on the side of the limit that it breaks."""
    (key,) = {value for name, value in readings if name == "take"}
    alarm = rung(*readings)[str(key)]
    assert (alarm.worse, alarm.taken_at is None) == (anew, anew)
    assert alarm.is_open


def test_a_taken_alarm_that_crosses_into_the_life_threatening_range_rings_for_life() -> None:
    """Saturation that falls on after the alarm was taken raises the rule that is marked as life-threatening."""
    found = rung(("spo2_percent", 88), ("take", "oxygen_low"), ("spo2_percent", 87))
    assert found["oxygen_low"].taken_at is not None and not found["oxygen_low"].worse
    assert found["oxygen_emergency"].rule.life and found["oxygen_emergency"].taken_at is None


def test_what_rings_anew_has_its_own_clock_and_is_worse_once() -> None:
    """The new ring counts from the worse reading, becomes an alert if nobody takes it, and is silent once taken."""
    acts = (("systolic_mmhg", 165), ("take", "pressure_high"), ("systolic_mmhg", 180))
    again = rung(*acts, at=20)["pressure_high"]
    assert again.raised_at == START + timedelta(hours=72, minutes=15)
    assert again.take_by == again.raised_at + timedelta(seconds=STRICT.limit("alarm_take_s") or 0) and again.unanswered
    retaken = rung(*acts, ("take", "pressure_high"), ("systolic_mmhg", 185), at=26)["pressure_high"]
    assert retaken.taken_at == START + timedelta(hours=72, minutes=20) and retaken.worse


@pytest.mark.parametrize("profile", ["strict", "middle", "label"])
def test_every_alert_of_the_library_says_when_it_is_worse(profile: str) -> None:
    """No profile of the library lets a taken alarm sleep whatever comes, and each step has a source and a grade."""
    plan = load_profile(profile).plan
    assert {step.alert for step in plan.worse} == {alert.key for alert in plan.alerts}
    assert all(step.source and step.grade for step in plan.worse)
