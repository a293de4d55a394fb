"""A protocol in sentences: nothing is left out, everything has its source, and a change is told as was and now."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings

from tests.strategies import protocols
from unstuck.core.protocol import Gate, Protocol, Step
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.protocol_text import PARTS, Change, diff, explain, schedule_table
from unstuck.core.references_file import load_references
from unstuck.core.time import Span, Window


@given(protocols())
@settings(max_examples=60, deadline=None)
def test_explains_every_part(protocol: Protocol) -> None:
    """Every step, regimen, gate, endpoint, finding and gap has its sentence, and every sentence ends."""
    said = explain(protocol)
    keys = {(s.part, s.key) for s in said}
    for part, parts in (
        ("step", protocol.steps),
        ("regimen", protocol.regimens),
        ("gate", protocol.gates),
        ("endpoint", protocol.endpoints),
        ("arm", protocol.arms),
    ):
        assert {(part, p.key) for p in parts} <= keys
    assert sum(s.part == "gap" for s in said) == len(protocol.gaps)
    assert sum(s.part == "finding" for s in said) == len(protocol.findings)
    assert sum(s.part == "limit" for s in said) == len(protocol.limits)
    assert all(s.text.rstrip().endswith((".", "?", "!")) for s in said)


@given(protocols())
@settings(max_examples=40, deadline=None)
def test_nothing_changed_nothing_told(protocol: Protocol) -> None:
    """A protocol does not differ from itself."""
    assert diff(protocol, protocol) == ()


@given(protocols(), protocols())
@settings(max_examples=60, deadline=None)
def test_every_difference_is_told(old: Protocol, new: Protocol) -> None:
    """Two protocols that are not equal have at least one change between them, and going back swaps was and now."""
    there, back = diff(old, new), diff(new, old)
    assert bool(there) == (old != new)
    assert {(c.part, c.key) for c in there} == {(c.part, c.key) for c in back}


def changed_step(protocol: Protocol, key: str, **changes: object) -> Protocol:
    """The protocol with one step changed."""

    def new(step: Step) -> Step:
        return dataclasses.replace(step, **changes) if step.key == key else step  # type: ignore[arg-type]

    return dataclasses.replace(protocol, steps=tuple(new(step) for step in protocol.steps))


def test_finds_a_planted_change() -> None:
    """A window, a dose and a gate that changed are told, each with what it was and what it is now."""
    old = load_protocol("ketamine_pe")
    window = Window(Span.parse("12 h"), Span.parse("24 h"), Span.parse("36 h"))
    new = changed_step(old, "pe_after_infusion", window=window)
    (change,) = diff(old, new)
    assert (change.part, change.key) == ("step", "pe_after_infusion")
    assert "48 hours after each dose (24 to 72 hours)" in change.was
    assert "24 hours after each dose (12 to 36 hours)" in change.now


def test_tells_what_is_new_and_gone() -> None:
    """A gate that was taken out leaves nothing as `now`; one that came in has nothing as `was`."""
    old = load_protocol("feder_2021")
    new = dataclasses.replace(old, gates=tuple(g for g in old.gates if g.key != "escort_reachable"))
    assert [(c.key, c.now) for c in diff(old, new)] == [("escort_reachable", "")]
    assert [(c.key, c.was) for c in diff(new, old)] == [("escort_reachable", "")]


def test_tells_a_new_source() -> None:
    """Citing another source or grade is a change, even where the words stay."""
    old = load_protocol("feder_2021")

    def cite(gate: Gate) -> Gate:
        return dataclasses.replace(gate, source="fda_2023") if gate.key == "escort_reachable" else gate

    new = dataclasses.replace(old, gates=tuple(map(cite, old.gates)))
    (change,) = diff(old, new)
    assert isinstance(change, Change)
    assert "fda_2023" in change.now
    assert "fda_2023" not in change.was


def test_changes_stand_in_order() -> None:
    """Changes come in the order of the parts, whatever order they were made in."""
    parts = [c.part for c in diff(load_protocol("feder_2021"), load_protocol("ketamine_pe"))]
    assert parts == sorted(parts, key=PARTS.index)


@pytest.mark.parametrize("key", protocol_keys())
def test_library_in_words(key: str) -> None:
    """A library protocol's sentences cite known sources, and its findings and gaps are there to read."""
    protocol = load_protocol(key)
    said = explain(protocol)
    assert {s.source for s in said if s.source} <= set(load_references())
    assert protocol.findings
    assert protocol.gaps
    assert all(s.source for s in said if s.part in ("step", "gate", "regimen", "limit", "endpoint", "finding"))


@pytest.mark.parametrize("key", protocol_keys())
def test_schedule_has_every_step(key: str) -> None:
    """The schedule table has a row for each step, with a day for each and somebody who does it."""
    protocol = load_protocol(key)
    rows = schedule_table(protocol)
    assert [row.step for row in rows] == [step.key for step in protocol.steps]
    assert all(row.days and row.who and row.window for row in rows)


def test_schedule_of_exposure() -> None:
    """In ketamine_pe each of the first three sessions stands two days after its infusion, then seven weekly ones."""
    days = {row.step: row.days for row in schedule_table(load_protocol("ketamine_pe"))}
    assert days["infusion"] == (3, 10, 17)
    assert days["pe_after_infusion"] == (5, 12, 19)
    assert days["pe"] == (26, 33, 40, 47, 54, 61, 68)
