"""What trials found, read from the library: the half that is fitted and the half that is held out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from unstuck.core.library_file import library_root
from unstuck.core.sourced import Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """One finding. `tolerance` is one unit of distance; `held_out` keeps it from fitting."""

    key: str
    title: str
    observed: Sourced
    tolerance: float
    held_out: bool

    def off(self, simulated: float) -> float:
        """How far a simulated value lies off, in units of tolerance, signed."""
        return (simulated - self.observed.value) / self.tolerance

    def meets(self, low: float, high: float) -> bool:
        """Whether a simulated interval and the published one have a value in common."""
        below = self.observed.value - self.tolerance if self.observed.low is None else self.observed.low
        above = self.observed.value + self.tolerance if self.observed.high is None else self.observed.high
        return low <= above and high >= below


@cache
def load_targets(root: Path | None = None) -> tuple[Target, ...]:
    """Every finding in the order of the file. Raises Complaint that tells all its faults."""
    table = open_toml((root or library_root()) / "patients" / "targets.toml")
    table.skip("key", "version")
    found = [_target(row) for row in table.tables("target")]
    table.finish()
    table.notes.refuse()
    return tuple(t for t in found if t is not None)


def _target(row: Table) -> Target | None:
    key, title, tolerance = row.text("key"), row.text("title"), row.number("tolerance")
    held_out, observed = row.flag("held_out"), row.sourced("observed")
    row.finish()
    return Target(key, title, observed, tolerance, held_out) if observed else None
