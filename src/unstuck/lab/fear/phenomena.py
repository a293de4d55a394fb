"""Holds a learner to published experiments: for each check a margin, above 0 where the check passes.

The same margins for every member of the family and for every vector; nothing here loosens a target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table
from unstuck.lab.fear.base import Array, Members
from unstuck.lab.fear.battery import Quantities, Runner, lab_of, measured
from unstuck.lab.fear.parameters import Model


@dataclass(frozen=True, slots=True)
class Row:
    """One inequality: quantity `more` less quantity `less` exceeds `by`; an empty name counts as 0."""

    more: str
    less: str
    by: float


@dataclass(frozen=True, slots=True)
class Check:
    """One published finding as inequalities that all have to hold."""

    key: str
    title: str
    source: str
    rows: tuple[Row, ...]
    known_failure: str = ""  # why the recommended vector fails it; empty where it has to pass

    def margin(self, found: Quantities) -> Array:
        """By how much the tightest inequality holds, shape (members,). Raises Complaint for an unknown quantity."""
        zero = np.zeros_like(next(iter(found.values())))
        missing = {name for row in self.rows for name in (row.more, row.less) if name} - set(found)
        if missing:
            raise Complaint(f"Nothing measures {', '.join(sorted(missing))}.", self.key)
        sides = [found.get(row.more, zero) - found.get(row.less, zero) - row.by for row in self.rows]
        return np.asarray(np.min(sides, axis=0))


@cache
def load_checks(root: Path | None = None) -> tuple[Check, ...]:
    """The checks in the order of their file. Raises Complaint that tells every fault of it."""
    table = open_toml((root or library_root()) / "fear" / "phenomena.toml")
    table.skip("key", "version", "title")
    checks = tuple(_check(row) for row in table.tables("checks"))
    table.finish()
    table.notes.refuse()
    return checks


def _check(table: Table) -> Check:
    texts = {name: table.text(name) for name in ("key", "title", "source")}
    rows = tuple(Row(row.text("more", ""), row.text("less", ""), row.number("by")) for row in table.tables("rows"))
    found = Check(**texts, rows=rows, known_failure=table.text("known_failure", ""))
    table.finish()
    return found


def margins(model: Model, members: Members | None = None, runner: Runner | None = None) -> dict[str, Array]:
    """Each check's margin for each member, shape (members,); the plain reference runs unless `runner` is given."""
    found = measured(lab_of(model, members, runner))
    return {check.key: check.margin(found) for check in load_checks()}


def passed(found: Mapping[str, Array]) -> Array:
    """How many checks each member passes, shape (members,)."""
    return np.asarray(sum((margin > 0).astype(int) for margin in found.values()))


def by_most(found: Mapping[str, Array]) -> tuple[str, ...]:
    """The checks that at least half of the members pass."""
    return tuple(key for key, margin in found.items() if (margin > 0).mean() >= 0.5)


def shuffled(checks: Sequence[Check], seed: int) -> tuple[Check, ...]:
    """The same inequalities between quantities that were dealt out anew at random: a target that means nothing."""
    names = sorted({name for check in checks for row in check.rows for name in (row.more, row.less) if name})
    dealt = dict(zip(names, np.random.default_rng(seed).permutation(names).tolist(), strict=True)) | {"": ""}

    def again(check: Check) -> Check:
        rows = tuple(Row(dealt[row.more], dealt[row.less], row.by) for row in check.rows)
        return Check(check.key, check.title, check.source, rows)

    return tuple(again(check) for check in checks)
