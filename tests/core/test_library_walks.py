"""Laws of care on every protocol of the library: what must never open, and what must never be exceeded."""

import pytest

from tests.builders import START
from tests.walker import counted, walk
from unstuck.core import events as ev
from unstuck.core.conditions import All, Any, Condition, ForMinutes, Not, Within, facts_of
from unstuck.core.course import replay
from unstuck.core.events import Event
from unstuck.core.protocol import Gate, Protocol, gates_of
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.verdict import verdict

PROTOCOLS = [load_protocol(key) for key in protocol_keys()]
named = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.key)


def states(event: Event, fact: str) -> bool:
    """Whether the event states that fact."""
    what = event.what
    if fact == "consent":
        return isinstance(what, ev.ConsentGiven | ev.ConsentWithdrawn)
    if isinstance(what, ev.AssessmentCompleted):
        return fact.startswith(f"{what.instrument}.")
    return isinstance(what, ev.ReadingTaken | ev.FactStated) and what.name == fact


def observed(rule: Condition) -> list[str]:
    """The facts of a rule that somebody must observe (counters follow from the events themselves)."""
    return [f for f in facts_of(rule) if not counted(f)]


def counters_suffice(rule: Condition) -> bool:
    """Whether the rule can hold on counters alone, such as "at most two doses so far, or the score has fallen"."""
    match rule:
        case All(rules):
            return all(counters_suffice(inner) for inner in rules)
        case Any(rules):
            return any(counters_suffice(inner) for inner in rules)
        case Within(_, inner) | ForMinutes(_, inner) | Not(inner):
            return counters_suffice(inner)
        case _:
            return all(counted(fact) for fact in facts_of(rule))


def all_needed(rule: Condition) -> bool:
    """Whether every fact of the rule is needed for it to hold: no alternative stands beside it."""
    match rule:
        case All(rules):
            return all(all_needed(inner) for inner in rules)
        case Within(_, inner):
            return all_needed(inner)
        case _:
            return len(facts_of(rule)) == 1


def passages(protocol: Protocol, happened: list[Event]) -> list[tuple[Event, Gate]]:
    """Each event that passed a gate, with that gate."""
    found = []
    for event in happened:
        if isinstance(event.what, ev.DoseGiven | ev.StepHeld | ev.ConsentGiven) and event.what.step:
            step = protocol.step(event.what.step)
            found += [(event, gate) for gate in gates_of(protocol, step)]
    return found


@named
def test_walk_reaches_treatment(protocol):
    """Each protocol can be walked with the core alone: treatment is reached, so that the laws below say something."""
    course = replay(protocol, walk(protocol, START, 1))
    if all(r.amount is not None for r in protocol.regimens):
        assert course.doses or course.therapies


@named
def test_without_its_reading_no_gate_opens(protocol):
    """With any observed fact of a gate deleted from the trace, the step behind the gate does not open."""
    happened = walk(protocol, START, 1)
    for event, gate in passages(protocol, happened):
        if counters_suffice(gate.rule):
            continue
        before = [e for e in happened if e.observed_at <= event.observed_at and e is not event]
        groups = [[f] for f in observed(gate.rule)] if all_needed(gate.rule) else [observed(gate.rule)]
        for lost in groups:
            kept = [e for e in before if not any(states(e, fact) for fact in lost)]
            said = verdict(protocol, replay(protocol, kept), event.what.step, event.what.occurrence, event.observed_at)
            assert not said.opens, f"{gate.key} opened without {lost}"


@named
def test_no_dose_above_its_ceiling(protocol):
    """No dose of any walk exceeds its regimen's cap, and a dose of ten times the plan is refused on every walk."""
    regimens = {r.key: r for r in protocol.regimens}
    for dose in replay(protocol, walk(protocol, START, 2)).doses:
        cap = regimens[dose.what.regimen].cap_mg
        assert cap is not None, "a regimen without a cap guards nobody"
        mg = dose.what.amount_mg
        assert mg <= cap < 10 * mg or mg == cap == 0  # a control may hold no drug


@named
def test_replay_in_two_halves(protocol):
    """Replaying half a walk and then the rest equals replaying all of it."""
    happened = walk(protocol, START, 3, skips=0.1)
    half = len(happened) // 2
    assert replay(protocol, happened[half:], replay(protocol, happened[:half])) == replay(protocol, happened)


@named
def test_walk_survives_its_file_format(protocol):
    """Every event of a walk reads back from its JSON, and the course is the same."""
    happened = walk(protocol, START, 4)
    again = [ev.from_dict(ev.to_dict(e)) for e in happened]
    assert replay(protocol, again) == replay(protocol, happened)
