"""Orders and checks before a dose, in the core alone: whatever a page or an import brings, these rules are passed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.walker import Walk, counted, do_row, next_row, statement, wishes
from unstuck.core import events as ev
from unstuck.core import refusals as no
from unstuck.core.conditions import Truth
from unstuck.core.course import replay
from unstuck.core.events import Event, Origin
from unstuck.core.orders import check_ordered
from unstuck.core.protocol import DoseUnit, gates_of
from unstuck.core.protocol_file import load_protocol
from unstuck.core.record import record
from unstuck.core.session_events import CheckRole, DoseChecked, DoseOrdered, SessionOpened
from unstuck.core.verdict import verdict

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KG = 70.0


@pytest.fixture(scope="module")
def opened() -> Walk:
    """A course of feder_2021 in which the first infusion may begin, the person in the chair, two weights read."""
    protocol = load_protocol("feder_2021")
    here = Walk(protocol, START, random.Random(3))
    here.add(ev.Enrolled(protocol.key, protocol.version, protocol.hash, "ketamine"))
    here.add(ev.ReadingTaken("weight_kg", KG))
    while not any(step == "dosing_day" for step, _ in here.course.done):
        row = next_row(here)
        assert row is not None
        here.now = max(here.now + MINUTE, row.target or here.now)
        assert do_row(here, row)
    here.now += 30 * MINUTE
    _open_gates(here)
    return here


def _open_gates(here: Walk) -> None:
    """States what the gates before a dose and before an order ask, by one person, and the weight by two."""
    protocol = here.protocol
    rules = [g.rule for g in gates_of(protocol, protocol.step("infusion"))]
    rules += [g.rule for g in protocol.gates if g.before == "order"]
    for fact, value in {f: v for rule in rules for f, v in wishes(rule, True) if not counted(f)}.items():
        if fact not in ("consent", "weight_kg"):
            here.add(statement(fact, value), here.now - MINUTE)
    here.add(ev.FactStated("person.pregnancy_possible", False), here.now - MINUTE)
    here.add(statement("cssrs_screen.risk", "none"), here.now - MINUTE)
    here.add(ev.ReadingTaken("weight_kg", KG), here.now - MINUTE)
    here.add(SessionOpened("infusion", 1, "chair_1", ("name", "born_on")), here.now - MINUTE)
    assert verdict(protocol, here.course, "infusion", 1, here.now).truth is Truth.HOLDS


def order_of(here: Walk, **changes: object) -> DoseOrdered:
    until = here.now + timedelta(hours=4)
    made = DoseOrdered("infusion", 1, "o1", "ketamine", "ketamine", "iv_infusion", 0.5, "mg/kg", 80.0, until, 40.0)
    return replace(made, **changes)  # type: ignore[arg-type]


def check(role: CheckRole, **changes: object) -> DoseChecked:
    made = DoseChecked("infusion", 1, "o1", role, "ketamine", "l1", 10.0, "mL", 3.5, KG)
    return replace(made, **changes)  # type: ignore[arg-type]


def given(**changes: object) -> ev.DoseGiven:
    made = ev.DoseGiven(*("infusion", 1, "ketamine", "iv_infusion", 35.0, KG, 40.0, "ketamine"), "o1", "l1", 3.5, "mL")
    return replace(made, **changes)  # type: ignore[arg-type]


def played(here: Walk, *acts: tuple[str, ev.What]) -> None:
    """These acts, one a minute, each by who is named; raises the first refusal."""
    course = here.course
    for number, (actor, what) in enumerate(acts):
        at = here.now + number * MINUTE
        course = record(here.protocol, course, Event(f"x{number}", here.key, at, at, actor, Origin.SIMULATED, what))


def checked(here: Walk) -> list[tuple[str, ev.What]]:
    """An order and two agreeing checks."""
    return [("cleo", order_of(here)), ("nia", check(CheckRole.GIVER)), ("otto", check(CheckRole.CHECKER))]


def test_an_ordered_and_twice_checked_dose_is_recorded(opened: Walk) -> None:
    """The straight way is open."""
    played(opened, *checked(opened), ("nia", given()))


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"amount_mg": 350.0, "units": 35.0}, no.Refusal),
        ({"lot": "l2"}, no.NotAsOrdered),
        ({"units": 3.4}, no.NotAsOrdered),
        ({"weight_kg": 71.0}, no.NotAsOrdered),
        ({"minutes": 20.0}, no.NotAsOrdered),
        ({"order": "o2"}, no.NotAsOrdered),
        ({"drug": "midazolam"}, no.WrongDrug),
        ({"amount_mg": 34.0}, no.NotAsOrdered),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_dose_that_differs_is_refused(opened: Walk, wrong: dict[str, object], refusal: type[no.Refusal]) -> None:
    """Another amount, lot, volume, weight, length, order or drug than ordered and checked is not the dose."""
    with pytest.raises(refusal):
        played(opened, *checked(opened), ("nia", given(**wrong)))


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_nothing_can_be_left_out(opened: Walk, left_out: int) -> None:
    """Without the order, the giver's check or the second check there is no dose."""
    acts = [act for n, act in enumerate(checked(opened)) if n != left_out]
    with pytest.raises((no.NoOrder, no.NotChecked)):
        played(opened, *acts, ("nia", given()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 5.0},
        {"cap_mg": 800.0},
        {"amount": -0.5},
        {"unit": "mL"},
        {"drug": "midazolam"},
        {"valid_until": START - timedelta(days=1)},
    ],
    ids=str,
)
def test_an_order_out_of_bounds_is_refused(opened: Walk, wrong: dict[str, object]) -> None:
    """Above a ceiling, negative, in another unit, of another drug, or over before it begins."""
    with pytest.raises(no.Refusal):
        played(opened, ("cleo", order_of(opened, **wrong)))


@pytest.mark.parametrize(
    ("wrong", "mg"),
    [
        ({"amount": 70.5, "unit": "mg", "cap_mg": 80.0}, "70.5"),
        ({"amount": 80.0, "unit": "mg", "cap_mg": 80.0}, "80"),
    ],
)
def test_an_order_in_mg_above_the_ceiling_by_weight_is_refused_when_it_is_signed(
    opened: Walk, wrong: dict[str, object], mg: str
) -> None:
    """At 70 kg and a ceiling of 1 mg/kg an order of more than 70 mg is never signed, though it lies below the cap."""
    with pytest.raises(no.DoseAboveCap, match=rf"An order of {mg} mg, .* mg/kg at 70 kg, .* ceiling of .* mg"):
        played(opened, ("cleo", order_of(opened, **wrong)))
    played(opened, ("cleo", order_of(opened, amount=35.0, unit="mg", cap_mg=80.0)))


def test_an_order_in_mg_under_a_ceiling_by_weight_needs_a_weight(opened: Walk) -> None:
    """Nobody can tell whether it lies above the ceiling, so it is not signed; an order in mg/kg may wait."""
    weightless = [e for e in opened.events if getattr(e.what, "name", "") != "weight_kg"]
    course = replay(opened.protocol, weightless)
    order = order_of(opened, amount=35.0, unit="mg", cap_mg=80.0)
    step = opened.protocol.step("infusion")
    with pytest.raises(no.WeightUnknown):
        check_ordered(opened.protocol, course, step, order, opened.now)
    check_ordered(opened.protocol, course, step, order_of(opened), opened.now)


def test_a_total_by_weight_above_a_ceiling_in_mg_is_refused_when_it_is_signed(opened: Walk) -> None:
    """A regimen counted in mg has its highest amount in mg: 0.5 mg/kg of 70 kg is more than 30 mg, so not signed."""
    regimens = tuple(
        replace(r, unit=DoseUnit.MG, amount=25.0, highest=30.0) if r.key == "ketamine" else r
        for r in opened.protocol.regimens
    )
    protocol = replace(opened.protocol, regimens=regimens)
    with pytest.raises(no.DoseAboveCap, match=r"35 mg, 0\.5 mg/kg at 70 kg, is above the ceiling of 30 mg"):
        check_ordered(protocol, opened.course, protocol.step("infusion"), order_of(opened), opened.now)


def test_replaying_the_session_gives_the_same_course(opened: Walk) -> None:
    """The events of the course fold to the same state in one go and in two."""
    half = len(opened.events) // 2
    first = replay(opened.protocol, opened.events[:half])
    assert replay(opened.protocol, opened.events[half:], first) == replay(opened.protocol, opened.events)
