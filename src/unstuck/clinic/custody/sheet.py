"""One day of a location's stock, derived from the acts alone: what a day sheet prints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from unstuck.clinic.custody.amounts import Form, amount_of, number_words, plain, said
from unstuck.clinic.custody.models import Outcome, Reason
from unstuck.clinic.ledger.models import Entry


@dataclass(frozen=True, slots=True)
class Line:
    """One act of the day. `change` is empty where nothing moved."""

    at: datetime
    what: str
    containers: str
    change: str
    balance: str
    course: str
    actor: str
    witness: str


@dataclass(slots=True)
class LotDay:
    """A lot as its receipt describes it, with the day's lines and the balance before and after them."""

    key: str
    drug: str
    code: str
    label: str
    expires_on: str
    form: Form
    mg_per_unit: Decimal
    left: int = 0
    opening: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def unit(self) -> str:
        return self.form.unit

    def amount(self, parts: int) -> Decimal:
        return amount_of(self.form, parts)

    def mg(self, parts: int) -> Decimal:
        return plain(self.amount(parts) * self.mg_per_unit)


@dataclass(frozen=True, slots=True)
class DaySheet:
    """The day. `entries` acts were read, the last with hash `tip`; `open_drawings` are not accounted for."""

    location: str
    on: date
    lots: tuple[LotDay, ...]
    open_drawings: int
    open_discrepancies: int
    entries: int
    tip: str


@dataclass(slots=True)
class _Walk:
    """Where the reading of the chain stands."""

    on: date
    zone: tzinfo
    names: Mapping[str, str]
    lots: dict[str, LotDay] = field(default_factory=dict)
    drawn: dict[str, tuple[str, int]] = field(default_factory=dict)  # drawing -> (lot, parts not accounted for)
    discrepancies: dict[str, str] = field(default_factory=dict)  # open discrepancy -> lot
    day_begun: bool = False


def day_sheet(location: str, on: date, entries: Iterable[Entry], names: Mapping[str, str], zone: tzinfo) -> DaySheet:
    """The sheet of the day `on` at the site's clock, from every entry of the location's chain up to its end."""
    walk = _Walk(on, zone, names)
    count, tip = 0, ""
    for entry in entries:
        day = entry.recorded_at.astimezone(zone).date()
        if day > on:
            break
        count, tip = entry.seq, entry.hash
        _begin_day(walk, day)
        _read(walk, entry, json.loads(entry.payload))
    _begin_day(walk, on)
    shown = tuple(lot for lot in walk.lots.values() if lot.left or lot.opening or lot.lines)
    still = sum(1 for _lot, parts in walk.drawn.values() if parts)
    return DaySheet(location, on, shown, still, len(walk.discrepancies), count, tip)


def _begin_day(walk: _Walk, day: date) -> None:
    """Once, before the first act of the day: what is left now is the opening balance."""
    if day >= walk.on and not walk.day_begun:
        walk.day_begun = True
        for lot in walk.lots.values():
            lot.opening = lot.left


def _read(walk: _Walk, entry: Entry, told: dict[str, Any]) -> None:
    """Moves the balances on, and writes a line where the act is of the day."""
    match entry.kind:
        case "custody.received":
            lot = walk.lots.setdefault(told["lot"], _lot(told))
            numbers = [told["first"], told["first"] + told["count"] - 1]
            _move(walk, lot, entry, told, [[n, told["content"]] for n in range(numbers[0], numbers[1] + 1)])
        case "custody.drawn":
            walk.drawn[entry.act] = (told["lot"], sum(parts for _n, parts in told["takes"]))
            _move(walk, walk.lots[told["lot"]], entry, told, [[n, -parts] for n, parts in told["takes"]])
        case "custody.wasted":
            _move(walk, walk.lots[told["lot"]], entry, told, [[n, -parts] for n, parts in told["takes"]])
        case "custody.closed":
            walk.discrepancies.pop(told["discrepancy"], None)
            _move(walk, walk.lots[told["lot"]], entry, told, told["deltas"])
        case "custody.given" | "custody.rest_wasted":
            key, parts = walk.drawn[told["drawing"]]
            walk.drawn[told["drawing"]] = (key, parts - told["parts"])
            _line(walk, walk.lots[key], entry, told, None, "")
        case "custody.discrepancy_opened":
            walk.discrepancies[told["discrepancy"]] = told["lot"]
            _line(walk, walk.lots[told["lot"]], entry, told, None, "")
        case "custody.counted" | "custody.set_aside" | "custody.released":
            _line(walk, walk.lots[told["lot"]], entry, told, None, "")
        case "custody.investigated" | "custody.reported":
            _line(walk, walk.lots[walk.discrepancies[told["discrepancy"]]], entry, told, None, "")
        case _:
            pass


def _lot(told: dict[str, Any]) -> LotDay:
    strength = plain(Decimal(told["mg_per_unit"]))
    facts = (told["lot"], told["drug"], told["code"], told["label"], told["expires_on"])
    return LotDay(*facts, form=Form(told["form"]), mg_per_unit=strength)


def _move(walk: _Walk, lot: LotDay, entry: Entry, told: dict[str, Any], changes: list[list[int]]) -> None:
    change = sum(parts for _n, parts in changes)
    lot.left += change
    _line(walk, lot, entry, told, change, number_words([n for n, _p in changes]))


def _line(walk: _Walk, lot: LotDay, entry: Entry, told: dict[str, Any], change: int | None, numbers: str) -> None:
    at = entry.recorded_at.astimezone(walk.zone)
    if at.date() != walk.on:
        return
    second = told.get("witness", "")
    lot.lines.append(
        Line(
            at=at,
            what=_words(entry.kind, told, lot),
            containers=numbers,
            change="" if change is None else f"{'+' if change > 0 else ''}{_amount(lot, change)}",
            balance=_amount(lot, lot.left),
            course=told.get("course", ""),
            actor=walk.names.get(entry.actor, entry.actor),
            witness=walk.names.get(second, second),
        )
    )


def _words(kind: str, told: dict[str, Any], lot: LotDay) -> str:
    """The act in a few words."""
    match kind:
        case "custody.received":
            return _("received %(n)s containers") % {"n": told["count"]}
        case "custody.drawn":
            return _("drawn for a dose")
        case "custody.given":
            return _("of a drawing: %(amount)s given") % {"amount": _amount(lot, told["parts"])}
        case "custody.rest_wasted":
            facts = {"amount": _amount(lot, told["parts"]), "why": Reason(told["reason"]).label}
            return _("of a drawing: %(amount)s wasted, %(why)s") % facts
        case "custody.wasted":
            return _("wasted, %(why)s") % {"why": Reason(told["reason"]).label}
        case "custody.counted":
            found = {"found": _amount(lot, told["found"]), "expected": _amount(lot, told["expected"])}
            agrees = _("counted: %(found)s, agrees")
            return (agrees if not told["deltas"] else _("counted: %(found)s, recorded %(expected)s")) % found
        case "custody.closed":
            return _("discrepancy closed: %(outcome)s") % {"outcome": Outcome(told["outcome"]).label}
        case _:
            return {
                "custody.discrepancy_opened": _("discrepancy opened"),
                "custody.investigated": _("investigation written"),
                "custody.reported": _("discrepancy reported"),
                "custody.set_aside": _("set aside"),
                "custody.released": _("released"),
            }[kind]


def _amount(lot: LotDay, parts: int) -> str:
    return said(lot.form, parts)
