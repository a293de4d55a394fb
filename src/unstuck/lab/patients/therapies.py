"""Therapies as learning events, read from the library: what a session is made of, homework, and how many leave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table


class Kind(StrEnum):
    """What the person has in mind during a part of a session."""

    MEMORY = "memory"  # the trauma memory, called up
    THOUGHT = "thought"  # what it means; the memory only faintly
    CALM = "calm"  # neither


class Teaches(StrEnum):
    """Which step of belief a part takes."""

    EXPOSURE = "exposure"
    COGNITIVE = "cognitive"
    SUPPORTIVE = "supportive"


@dataclass(frozen=True, slots=True)
class Part:
    """So many like events one after the other in a session."""

    key: str
    kind: Kind
    count: int
    every_h: float
    vividness: float
    supported: float
    teaches: Teaches


@dataclass(frozen=True, slots=True)
class Homework:
    """Between sessions: a tape every so many days (0 is none), and the share of avoidance that adherence takes away."""

    tape_every_days: int
    tape_supported: float
    in_vivo: float


@dataclass(frozen=True, slots=True)
class Therapy:
    """One therapy. `leaves` is the share that leaves over a usual course; `origins` hold every figure by name."""

    key: str
    version: str
    title: str
    usual_sessions: int
    usual_every_days: float
    leaves: float
    expectation: float
    parts: tuple[Part, ...]
    homework: Homework
    origins: dict[str, Sourced]

    @property
    def leaves_per_session(self) -> float:
        """Chance of leaving at one session that gives `leaves` over the usual course."""
        return float(1 - (1 - self.leaves) ** (1 / self.usual_sessions))

    def assumed(self) -> tuple[tuple[str, Sourced], ...]:
        """The figures that nobody measured, by name."""
        return tuple((f"{self.key}.{n}", o) for n, o in sorted(self.origins.items()) if o.grade is Grade.ASSUMED)


KNOWN = ("pe", "cpt", "emdr", "written_exposure", "supportive")


@cache
def load_therapy(key: str, root: Path | None = None) -> Therapy:
    """The therapy of that key. Raises Complaint for an unknown one, or one that tells every fault of its file."""
    path = (root or library_root()) / "patients" / "therapies" / f"{key}.toml"
    if not path.is_file():
        raise Complaint(f"What {key} teaches is not modelled.", "therapy", f"Known: {', '.join(KNOWN)}.")
    table = open_toml(path)
    origins: dict[str, Sourced] = {}

    def value(row: Table | None, prefix: str, name: str) -> float:
        found = row.sourced(name) if row else None
        if found is None:
            return 0.0
        origins[f"{prefix}{name}"] = found
        return found.value

    texts = [table.text(name) for name in ("key", "version", "title")]
    whole = [value(table, "", n) for n in ("usual_sessions", "usual_every_days", "leaves", "expectation")]
    parts = tuple(p for p in (_part(row, value) for row in table.tables("part")) if p)
    home = table.table("homework", required=True)
    told = [value(home, "homework.", name) for name in ("tape_every_days", "tape_supported", "in_vivo")]
    if home:
        home.finish()
    table.finish()
    table.notes.refuse()
    homework = Homework(int(told[0]), told[1], told[2])
    every, leaves, hopes = whole[1:]
    named, version, title = texts
    return Therapy(named, version, title, int(whole[0]), every, leaves, hopes, parts, homework, origins)


def _part(row: Table, value: object) -> Part | None:
    assert callable(value)
    key, kind, teaches = row.text("key"), row.choice("kind", Kind), row.choice("teaches", Teaches)
    numbers = [value(row, f"{key}.", name) for name in ("count", "every_h", "vividness", "supported")]
    row.finish()
    every, vivid, supported = numbers[1:]
    return Part(key, kind, int(numbers[0]), every, vivid, supported, teaches) if kind and teaches else None
