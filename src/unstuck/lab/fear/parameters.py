"""A learner with its figures, read from the library: vectors of figures, how patients differ, where each came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table
from unstuck.lab.fear.associative import Associative
from unstuck.lab.fear.base import Learner, Members
from unstuck.lab.fear.latent_causes import LatentCauses
from unstuck.lab.fear.published import Published

FAMILY: Mapping[str, Learner[Any]] = {learner.key: learner for learner in (LatentCauses(), Associative(), Published())}


class Variant(StrEnum):
    """Ways in which patients' learning is said to differ from healthy learning."""

    HEALTHY = "healthy"
    PATIENT = "patient"  # what the model changes in PTSD to store safety less, or to weigh errors more
    IMPRECISE = "imprecise"  # context is told apart less well


@dataclass(frozen=True, slots=True)
class Change:
    """What a variant does to one figure: sets it, or multiplies it."""

    variant: Variant
    name: str
    figure: Sourced
    multiplies: bool


@dataclass(frozen=True, slots=True)
class Model:
    """A learner with its named vectors; `origins` tells the source and range of each figure of the first."""

    key: str
    version: str
    title: str
    learner: Learner[Any]
    vectors: Mapping[str, Members]  # one person each, the recommended first
    changes: tuple[Change, ...]
    origins: Mapping[str, Sourced]

    def people(self, count: int = 1, vector: str | None = None) -> Members:
        """So many people with the figures of one vector, the recommended one unless another is named."""
        name = vector or next(iter(self.vectors))
        if name not in self.vectors:
            raise Complaint(f"There is no vector {name}.", self.key, f"Known: {', '.join(self.vectors)}.")
        return self.vectors[name].repeated(count)

    def variant(self, members: Members, which: Variant) -> Members:
        """The same people changed as that variant says; unchanged where the model has nothing to change."""
        for change in self.changes:
            if change.variant is which:
                value = change.figure.value * (members[change.name] if change.multiplies else 1.0)
                members = members.having(**{change.name: value})
        return members

    def assumed(self) -> tuple[tuple[str, Sourced], ...]:
        """The figures that nobody measured, by name."""
        return tuple((name, found) for name, found in sorted(self.origins.items()) if found.grade is Grade.ASSUMED)


@cache
def load_model(key: str = "latent_causes", root: Path | None = None) -> Model:
    """The model of that name. Raises Complaint that tells every missing, unknown or faulty figure."""
    table = open_toml((root or library_root()) / "fear" / f"{key}.toml")
    texts = {name: table.text(name) for name in ("key", "version", "title", "learner", "vector")}
    learner = FAMILY.get(texts.pop("learner"))
    if learner is None:
        raise Complaint("This learner is unknown.", f"{key}.toml", f"Known: {', '.join(FAMILY)}.")
    origins = _figures(table.table("figures", required=True), learner.names)
    changes = tuple(c for c in (_change(row) for row in table.tables("variants")) if c)
    others = {row.text("key"): _values(row, learner.names) for row in table.tables("vectors")}
    table.finish()
    table.notes.refuse()
    first = {name: figure.value for name, figure in origins.items()}
    vectors = {texts.pop("vector"): _one(learner.names, first)}
    vectors |= {name: _one(learner.names, first | values) for name, values in others.items()}
    return Model(**texts, learner=learner, vectors=vectors, changes=changes, origins=origins)


def _one(names: tuple[str, ...], values: Mapping[str, float]) -> Members:
    return Members(names, np.array([[values[name] for name in names]]))


def _figures(table: Table | None, names: tuple[str, ...]) -> dict[str, Sourced]:
    if table is None:
        return {}
    rows = {name: table.sourced(name) for name in names}
    table.finish()
    return {name: figure for name, figure in rows.items() if figure is not None}


def _change(row: Table) -> Change | None:
    variant, name = row.choice("key", Variant), row.text("name")
    multiplies = "times" in row.raw
    figure = row.sourced("times" if multiplies else "set")
    row.finish()
    return Change(variant, name, figure, multiplies) if variant and figure else None


def _values(row: Table, names: tuple[str, ...]) -> dict[str, float]:
    """The figures in which a further vector differs from the first."""
    for name in ("title", "source", "grade"):
        row.text(name)
    inner = row.table("values", required=True)
    row.finish()
    if inner is None:
        return {}
    found = {name: inner.number(name) for name in names if name in inner.raw}
    inner.finish()
    return found
