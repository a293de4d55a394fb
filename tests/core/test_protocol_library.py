"""The library of protocols holds what it must, and none of its gates opens for want of knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from unstuck.core.conditions import Seen, Truth, facts_of, judge
from unstuck.core.drug_file import load_drugs
from unstuck.core.protocol import Dose, Protocol, gates_of
from unstuck.core.protocol_file import load_profile, load_protocol, protocol_keys
from unstuck.core.sourced import Grade

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WITH_DOSES = [key for key in protocol_keys() if load_protocol(key).regimens]
KEYS = """
    abdallah_2022 cpt emdr feder_2014 feder_2021 induction_maintenance kap_im kap_sublingual ketamine_pe
    ketamine_pe_week maps_frame nasal_tfp oktop_oral pe timber written_exposure
"""


class Known:
    """Facts of which one is known, or none."""

    def __init__(self, **values: float | bool | str) -> None:
        self.values = {name.replace("__", "."): value for name, value in values.items()}

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]:
        return [Seen(NOW, self.values[fact])] if fact in self.values else []


def dose_gates(protocol: Protocol) -> list[tuple[str, object]]:
    """Every gate before every dose step."""
    steps = [s for s in protocol.steps if isinstance(s.activity, Dose)]
    return [(gate.key, gate.rule) for step in steps for gate in gates_of(protocol, step)]


def test_all_are_there() -> None:
    """The library holds at least the sixteen protocols that were promised."""
    assert set(KEYS.split()) <= set(protocol_keys())


@pytest.mark.parametrize("key", protocol_keys())
def test_no_gate_opens_on_nothing(key: str) -> None:
    """Where nothing at all is known, no gate holds."""
    protocol = load_protocol(key)
    assert protocol.gates
    assert [g.key for g in protocol.gates if judge(g.rule, Known(), NOW) is Truth.HOLDS] == []


@pytest.mark.parametrize("key", WITH_DOSES)
def test_what_is_asked_before_a_dose(key: str) -> None:
    """Before every dose stand consent, pressure, suicide risk, pregnancy, escort and the weight of the day."""
    facts = {fact for _, rule in dose_gates(load_protocol(key)) for fact in facts_of(rule)}  # type: ignore[arg-type]
    wanted = {"consent", "systolic_mmhg", "diastolic_mmhg", "cssrs_screen.risk", "weight_kg"}
    assert wanted | {"person.pregnancy_possible", "person.pregnancy_test_negative", "person.escort_reachable"} <= facts


PRESSURES = [("strict", 140, 90, True), ("strict", 141, 90, False), ("strict", 140, 91, False)]
PRESSURES += [("middle", 159, 99, True), ("middle", 160, 99, False), ("middle", 159, 100, False)]
PRESSURES += [("label", 140, 90, True), ("label", 141, 90, False)]


@pytest.mark.parametrize(("profile", "upper", "lower", "opens"), PRESSURES)
def test_pressure_limits(profile: str, upper: float, lower: float, opens: bool) -> None:
    """Each profile holds a dose from its own pressure on."""
    gate = {g.key: g for g in load_profile(profile).gates}["pressure_before"]
    truth = judge(gate.rule, Known(systolic_mmhg=upper, diastolic_mmhg=lower), NOW)
    assert (truth is Truth.HOLDS) == opens
    assert judge(gate.rule, Known(systolic_mmhg=upper), NOW) is not Truth.HOLDS


RISKS = [({"cssrs_screen__risk": "low"}, True), ({"cssrs_screen__risk": "high"}, False), ({}, False)]


@pytest.mark.parametrize(("known", "opens"), RISKS)
def test_suicide_risk(known: dict[str, str], opens: bool) -> None:
    """High risk holds a dose, and so does a question nobody asked."""
    gate = {g.key: g for g in load_profile("strict").gates}["suicide_risk_asked"]
    assert (judge(gate.rule, Known(**known), NOW) is Truth.HOLDS) == opens


@pytest.mark.parametrize("key", WITH_DOSES)
def test_doses_have_a_ceiling(key: str) -> None:
    """Every regimen with a drug in it has a highest amount in mg at or below its drug's cap."""
    drugs = load_drugs()
    for regimen in load_protocol(key).regimens:
        cap = drugs[regimen.drug].cap(regimen.route.value)
        if regimen.amount:
            assert regimen.cap_mg is not None and cap is not None and cap.mg is not None
            assert regimen.cap_mg <= cap.mg


@pytest.mark.parametrize("key", protocol_keys())
def test_what_is_assumed_is_said(key: str) -> None:
    """A protocol that rests on assumed steps says in its gaps what the source does not tell."""
    protocol = load_protocol(key)
    assert protocol.gaps
    assert any(step.grade is Grade.ASSUMED for step in protocol.steps)
