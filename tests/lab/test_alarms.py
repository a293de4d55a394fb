"""Alarms per session: each ring counted once, the interval that of people, the library's figures those of its text."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.builders import START, before_dose, dose, event, recorded, small_protocol
from unstuck.cli import main
from unstuck.core import events as ev
from unstuck.core.alarm_rates_file import load_alarm_rates, plan_mark, rates_text, read_alarm_rates
from unstuck.core.conditions import AtLeast, AtMost
from unstuck.core.errors import Complaint
from unstuck.core.events import Event
from unstuck.core.protocol import AlertRule, MonitoringPlan
from unstuck.core.protocol_file import load_profile, load_protocol
from unstuck.lab.trials.alarms import Asked, _rate, rates_of, rings

HIGH = AlertRule("high", AtLeast("systolic_mmhg", 160), "Pause.", True, "site")
LOW = AlertRule("low", AtMost("spo2_percent", 91), "Oxygen.", True, "site")


def session_with(*values: tuple[str, float, float]) -> tuple[MonitoringPlan, object, list[Event]]:
    """(name, value, minutes after the dose) as readings of one session."""
    small = small_protocol()
    assert small.monitoring is not None
    plan = replace(small.monitoring, alerts=(HIGH, LOW))
    protocol = replace(small, monitoring=plan)
    taken = [event(ev.ReadingTaken(name, value, "infusion", 1, "during"), 72 + at / 60) for name, value, at in values]
    course = recorded(protocol, [*before_dose(protocol), dose(1, 72), *taken])
    return plan, course, taken


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([("systolic_mmhg", 150, 5), ("systolic_mmhg", 155, 15)], []),
        ([("systolic_mmhg", 165, 5), ("systolic_mmhg", 170, 15)], ["high"]),
        ([("systolic_mmhg", 165, 5), ("systolic_mmhg", 150, 15), ("systolic_mmhg", 166, 25)], ["high", "high"]),
        ([("systolic_mmhg", 165, 5), ("spo2_percent", 90, 6), ("systolic_mmhg", 150, 15)], ["high", "low"]),
    ],
    ids=["none", "one that lasts", "twice", "two rules"],
)
def test_each_ring_is_counted_once(values: list[tuple[str, float, float]], expected: list[str]) -> None:
    """An alarm that lasts is one ring; one that ends and comes again is two; each rule rings by itself."""
    plan, course, taken = session_with(*values)
    found = rings(plan, course, taken)  # type: ignore[arg-type]
    assert [ring.rule.key for ring in found] == expected
    assert all(ring.raised_at > START for ring in found)


def test_the_interval_is_that_of_people() -> None:
    """With one session a person it is the textbook interval of a mean; the same sessions twice change nothing."""
    single = [(1, 1), (0, 1), (0, 1), (3, 1)]
    rate = _rate(single)
    assert rate.value == 1.0
    assert rate.high - rate.value == pytest.approx(1.96 * (2.0 / 4) ** 0.5, abs=1e-3)  # variance 2 with n - 1
    assert _rate([(2 * a, 2 * s) for a, s in single]) == rate


def test_the_same_luck_gives_the_same_rates() -> None:
    """Two runs agree to the last digit, and more people do not change the first ones."""
    asked = Asked(load_protocol("feder_2021"), "ketamine", 3, 5)
    assert rates_of("strict", asked) == rates_of("strict", asked)


def test_a_stricter_limit_rings_more_often() -> None:
    """On the same people the strict profile rings at least as often as the label's."""
    asked = Asked(load_protocol("feder_2021"), "ketamine", 12, 1)
    assert rates_of("strict", asked).alarms.value >= rates_of("label", asked).alarms.value


def test_the_library_holds_rates_of_its_own_text() -> None:
    """Each profile of the library was measured in its present text; a change of a limit asks for a new run."""
    found = {(one.profile, one.mark) for one in load_alarm_rates()}
    for name in ("strict", "middle", "label"):
        assert (name, plan_mark(load_profile(name).plan)) in found


def test_rates_survive_the_file() -> None:
    """What is written is what is read, and a broken file is a complaint that says what to do."""
    rates = load_alarm_rates()
    assert read_alarm_rates(rates_text(rates, "code"), "x") == tuple(
        sorted(rates, key=lambda r: (r.profile, r.protocol, r.arm))
    )
    with pytest.raises(Complaint, match="cannot be read"):
        read_alarm_rates('{"rates": [{}]}', "x")


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads sessions, people and the interval."""
    assert main.main(["alarms", "strict", "--people", "2", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["people"] == 2 and told["alarms"]["low"] <= told["alarms"]["value"] <= told["alarms"]["high"]
    assert main.main(["alarms", "nonsense", "--people", "2"]) == 2
