"""The stock as the acts alone leave it: a pure fold over ledger entries, in parts. Rows are held against it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from unstuck.clinic.ledger.models import Entry

At = tuple[str, int]
"""A container: the lot's key and its number."""


@dataclass(slots=True)
class Drawn:
    """Parts of one drawing."""

    lot: str
    drawn: int
    given: int = 0
    wasted: int = 0


@dataclass(slots=True)
class Stock:
    """What the acts leave in each container, what became of each drawing, and which acts went below nothing."""

    left: dict[At, int] = field(default_factory=dict)
    drawings: dict[str, Drawn] = field(default_factory=dict)
    impossible: list[str] = field(default_factory=list)

    def of_lot(self, lot: str) -> int:
        """Parts of one lot."""
        return sum(left for (key, _), left in self.left.items() if key == lot)


def fold(entries: Iterable[Entry]) -> Stock:
    """The stock after these entries of one location's chain, in their order."""
    stock = Stock()
    for entry in entries:
        _apply(stock, entry, json.loads(entry.payload))
    return stock


def _apply(stock: Stock, entry: Entry, told: dict[str, Any]) -> None:
    match entry.kind:
        case "custody.received":
            for number in range(told["first"], told["first"] + told["count"]):
                _add(stock, entry.act, (told["lot"], number), told["content"])
        case "custody.drawn":
            stock.drawings[entry.act] = Drawn(told["lot"], sum(parts for _, parts in told["takes"]))
            _take(stock, entry.act, told)
        case "custody.wasted":
            _take(stock, entry.act, told)
        case "custody.given":
            _use(stock, entry.act, told, "given")
        case "custody.rest_wasted":
            _use(stock, entry.act, told, "wasted")
        case "custody.closed":
            for number, delta in told["deltas"]:
                _add(stock, entry.act, (told["lot"], number), delta)
        case _:
            pass  # counts, investigations, reports and notices move nothing


def _take(stock: Stock, act: str, told: dict[str, Any]) -> None:
    for number, parts in told["takes"]:
        _add(stock, act, (told["lot"], number), -parts)


def _add(stock: Stock, act: str, at: At, parts: int) -> None:
    stock.left[at] = stock.left.get(at, 0) + parts
    if stock.left[at] < 0:
        stock.impossible.append(act)


def _use(stock: Stock, act: str, told: dict[str, Any], field_name: str) -> None:
    drawing = stock.drawings.get(told["drawing"])
    if drawing is None:
        stock.impossible.append(act)
        return
    setattr(drawing, field_name, getattr(drawing, field_name) + told["parts"])
    if drawing.given + drawing.wasted > drawing.drawn:
        stock.impossible.append(act)
