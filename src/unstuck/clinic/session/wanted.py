"""What a session still asks staff to state or to rate, read from the plan's own rules: the page asks no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unstuck.clinic.session.queries import Live
from unstuck.core.conditions import Condition, facts_of
from unstuck.core.instrument import Instrument, Item
from unstuck.core.orders import gates_before_order
from unstuck.core.participant import STATED
from unstuck.core.protocol import gates_of
from unstuck.core.sentences import instrument_words

SIGNED_ELSEWHERE = ("person.accepted",)
"""What is signed on a page of its own and in no session."""

COUNTED_HERE = ("room.ratio_kept", "person.integration_booked", "person.choices_locked", *SIGNED_ELSEWHERE)
"""What the clinic counts for itself, or what has a form of its own."""


BY_A_PRESCRIBER = ("person.leaving_signed", "person.register_checked")
"""What only a prescriber may state."""


def facts_to_state(live: Live, may_order: bool) -> tuple[tuple[str, str], ...]:
    """Facts about the person and the room that the rules of this moment read, and this reader may state."""
    names = dict.fromkeys(f for rule in _rules(live) for f in facts_of(rule) if f in STATED and f not in COUNTED_HERE)
    open_ = [name for name in names if may_order or name not in BY_A_PRESCRIBER]
    return tuple((name, STATED[name].removeprefix("whether ")) for name in open_)


def instruments_to_rate(live: Live) -> tuple[tuple[str, str], ...]:
    """Scales that the rules of this moment, or the plan's rows, ask for: (key, words)."""
    plan = live.loaded.protocol.monitoring
    read = [f for rule in _rules(live) for f in facts_of(rule)]
    phase = "before" if live.session.dose is None else "after"
    rows = [name for row in (plan.readings if plan else ()) if row.phase in (phase, "during") for name in row.readings]
    heads = dict.fromkeys(name.split(".")[0] for name in [*read, *rows] if _is_scale(name))
    return tuple((key, instrument_words(key)) for key in heads)


def _is_scale(name: str) -> bool:
    head = name.split(".")[0]
    return head in SCALES


SCALES = ("cadss", "cadss6", "cssrs_screen", "aldrete", "padss")


def _rules(live: Live) -> Iterator[Condition]:
    """Before the dose its gates, after it the rules for leaving."""
    protocol = live.loaded.protocol
    if live.session.dose is None:
        yield from (gate.rule for gate in gates_before_order(protocol))
        yield from (gate.rule for gate in gates_of(protocol, protocol.step(live.place.step)))
    elif protocol.monitoring and protocol.monitoring.discharge:
        yield protocol.monitoring.discharge


def sheet(instrument: Instrument) -> dict[str, Any]:
    """What the rating sheet shows: each item, and after which answer alone it is asked (empty: always)."""
    labels = {item.key: item for item in instrument.items}
    rows = [(item, _asked_after(item, labels)) for item in instrument.items if not item.optional]
    return {"instrument": instrument, "rows": rows}


def _asked_after(item: Item, items: dict[str, Item]) -> str:
    if item.show_if is None:
        return ""
    before = items[item.show_if.item]
    answers = [choice.label for choice in before.choices if choice.value >= (item.show_if.at_least or 0)]
    return f"{before.label}: {' / '.join(answers)}"
