"""Which codes and units of a monitor mean which reading: `library/monitors/*.toml`, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root


@dataclass(frozen=True, slots=True)
class Measure:
    """One reading: its name with its unit, and the range in that unit that a monitor can measure."""

    name: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Channel:
    """One way of measuring it, by its IEEE 11073 code and name. Among several the lowest `rank` is shown first."""

    code: str
    reference: str
    measure: Measure
    rank: int


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a value in one unit becomes one in another: times `factor`, to so many decimals."""

    factor: float
    decimals: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Channels by code and by name, units by (code, system), conversions by (from, to)."""

    by_code: dict[str, Channel]
    by_reference: dict[str, Channel]
    units: dict[tuple[str, str], tuple[str, str]]  # (code, system) -> (reference name, our key)
    conversions: dict[tuple[str, str], Conversion]

    def unit(self, code: str, reference: str, system: str) -> str | None:
        """Our key of a unit; None unless code, name and system agree."""
        wanted, key = self.units.get((code, system), ("", None))
        if key is None or (system == "MDC" and reference != wanted):
            return None
        return key


@cache
def vocabulary() -> Vocabulary:
    """Every file of the library's folder together. Raises Complaint when a file does not hold."""
    by_code: dict[str, Channel] = {}
    units: dict[tuple[str, str], tuple[str, str]] = {}
    conversions: dict[tuple[str, str], Conversion] = {}
    for path in sorted((library_root() / "monitors").glob("*.toml")):
        try:
            told = _read(path)
            units |= {(code, system): (name, u["key"]) for u in told["unit"] for code, name, system in u["codes"]}
            conversions |= {(c["from"], c["to"]): Conversion(c["factor"], c["decimals"]) for c in told["conversion"]}
            by_code |= {channel.code: channel for value in told["value"] for channel in _channels(value)}
        except (KeyError, TypeError, ValueError) as wrong:
            raise Complaint(f"The file of monitor codes does not hold: {wrong!r}.", path.name) from wrong
    return Vocabulary(by_code, {c.reference: c for c in by_code.values()}, units, conversions)


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _channels(value: dict[str, Any]) -> list[Channel]:
    measure = Measure(value["name"], value["unit"], float(value["low"]), float(value["high"]))
    return [Channel(str(code), name, measure, rank) for rank, (code, name) in enumerate(value["channels"])]
