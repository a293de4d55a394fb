"""What the batched simulator cannot do, each by its name. Nothing of this is approximated: the run is refused."""

from __future__ import annotations

from collections.abc import Iterator

from unstuck.core.conditions import (
    All,
    Any,
    AtLeast,
    Condition,
    FallAtLeast,
    ForMinutes,
    Leaf,
    Not,
    RiseAtMost,
    Within,
    facts_of,
    leaves,
)
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.participant import STATED
from unstuck.core.protocol import AfterEachDose, Assess, Dose, Gate, OnDate, Protocol, Step, gates_of
from unstuck.lab.patients.vitals import READINGS
from unstuck.lab.trials.batched.people import SCORED
from unstuck.lab.trials.batched.rules import CLOCKS, DISSOCIATION, RATED
from unstuck.lab.trials.batched.state import COUNTED
from unstuck.lab.trials.facts import CHANGING

Instruments = dict[str, Instrument]


def refusals(protocol: Protocol, instruments: Instruments) -> list[str]:
    """Every feature of the protocol that the batched simulator lacks, in words; empty where it has all."""
    found: list[str] = []
    for step in protocol.steps:
        found += [f"“{step.title}”: {words}" for words in _step(protocol, step, instruments)]
    for gate in protocol.gates:
        found += [f"gate {gate.key}: {words}" for words in _gate(protocol, gate, instruments)]
    return list(dict.fromkeys(found))


def refuse(protocol: Protocol, instruments: Instruments) -> None:
    """Nothing where it has all. Raises one Complaint that names all that it lacks."""
    found = refusals(protocol, instruments)
    if found:
        raise Complaint(
            f"The batched simulator lacks what {protocol.key} asks for: {'; '.join(found)}.",
            mend="Simulate it with the reference simulator: 'unstuck simulate', or --engine reference.",
        )


def _step(protocol: Protocol, step: Step, instruments: Instruments) -> Iterator[str]:
    activity = step.activity
    if isinstance(step.after, OnDate):
        yield "a step on a date of the calendar"
    if isinstance(step.after, AfterEachDose) and step.when is not None:
        yield "a conditional step after each dose"
    if isinstance(activity, Assess):
        if not activity.instruments and not activity.readings:
            yield "an assessment of nothing"
        if any(name not in READINGS for name in activity.readings):
            yield "a reading that no virtual patient has"
        if len(set(activity.instruments)) < len(activity.instruments):
            yield "an instrument twice in one assessment"
    if step.when is not None:
        yield from _when(step.when, instruments)


def _when(rule: Condition, instruments: Instruments) -> Iterator[str]:
    """A condition of a step may rest on what only measurements, doses and sessions change, whatever the hour."""
    if any(isinstance(inner, Within | ForMinutes) for inner in nodes(rule)):
        yield "a condition that looks back over a span"
    for leaf in leaves(rule):
        counted = leaf.fact in COUNTED or leaf.fact.startswith("done.")
        if not counted and not _is_scored(leaf.fact, instruments):
            yield f"a condition on {leaf.fact}"
        elif counted and isinstance(leaf, FallAtLeast | RiseAtMost):
            yield f"a change of {leaf.fact}"


def _gate(protocol: Protocol, gate: Gate, instruments: Instruments) -> Iterator[str]:
    if any(isinstance(inner, ForMinutes) for inner in nodes(gate.rule)):
        yield "a rule that must hold for some minutes"
    for leaf in leaves(gate.rule):
        yield from _leaf(leaf, instruments)
    for step in protocol.steps:
        if gate in gates_of(protocol, step):
            yield from _around(protocol, step, gate, instruments)


def _leaf(leaf: Leaf, instruments: Instruments) -> Iterator[str]:
    fact, changes = leaf.fact, isinstance(leaf, FallAtLeast | RiseAtMost)
    if changes and not _is_scored(fact, instruments):
        yield f"a change of {fact}"
    elif fact == DISSOCIATION:
        if not (isinstance(leaf, AtLeast) and leaf.value <= 0):
            yield "a rule on how much somebody dissociates"
    elif not _is_known(fact, instruments):
        yield f"a rule on {fact}"


def _is_known(fact: str, instruments: Instruments) -> bool:
    if fact in READINGS or fact in CLOCKS or fact in COUNTED or fact in STATED or fact in (RATED, "consent"):
        return True
    return fact.startswith("done.") or _is_scored(fact, instruments)


def _is_scored(fact: str, instruments: Instruments) -> bool:
    """Whether the fact is a total that the batched patients have."""
    instrument, _, scale = fact.partition(".")
    return scale == "total" and instrument in instruments and instruments[instrument].family in SCORED


def _around(protocol: Protocol, step: Step, gate: Gate, instruments: Instruments) -> Iterator[str]:
    rated = {RATED, DISSOCIATION} & set(facts_of(gate.rule))
    if rated and not isinstance(step.activity, Dose):
        yield f"{sorted(rated)[0]} before a step that is no dose"
    plan = protocol.monitoring
    leaving = set(facts_of(plan.discharge)) if plan and plan.discharge else set()
    for fact in sorted(leaving & set(facts_of(gate.rule))):
        if _is_scored(fact, instruments) or (fact in STATED and fact not in CHANGING):
            yield f"{fact} in a rule for leaving and before a step"


def nodes(rule: Condition) -> Iterator[Condition]:
    """Every node of the tree."""
    yield rule
    match rule:
        case All(rules) | Any(rules):
            for inner in rules:
                yield from nodes(inner)
        case Not(inner) | Within(_, inner) | ForMinutes(_, inner):
            yield from nodes(inner)
        case _:
            return
