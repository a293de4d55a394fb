"""Drugs as data from `library/drugs/*.toml`: the most that one dose may hold by route, and where it may be taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade
from unstuck.core.toml_table import Table, read_toml


@dataclass(frozen=True, slots=True)
class DrugCap:
    """The most in one dose by one route; None where nobody states it. A guard against slips, not a recommendation."""

    route: str
    mg_per_kg: float | None
    mg: float | None
    source: str
    grade: Grade
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug that regimens may name. `supervised_only` forbids doses outside a supervised site."""

    key: str
    title: str
    supervised_only: bool
    supervised_why: str
    source: str
    caps: tuple[DrugCap, ...]

    def cap(self, route: str) -> DrugCap | None:
        """The cap of that route, or None where the drug is not known by it."""
        return next((cap for cap in self.caps if cap.route == route), None)


def load_drugs(root: Path | None = None) -> dict[str, Drug]:
    """Every drug of the library by its key. Raises Complaints naming file and line."""
    paths = sorted(((root or library_root()) / "drugs").glob("*.toml"))
    return {drug.key: drug for drug in map(read_drug, paths)}


def read_drug(path: Path) -> Drug:
    """One drug file. Raises Complaints."""
    text = path.read_text(encoding="utf-8")
    table = read_toml(text, str(path))
    drug = Drug(
        key=table.key(),
        title=table.text("title"),
        supervised_only=table.flag("supervised_only", True),
        supervised_why=table.text("supervised_why", ""),
        source=table.text("source"),
        caps=tuple(_cap(inner) for inner in table.tables("cap")),
    )
    table.finish()
    table.notes.refuse()
    return drug


def _cap(table: Table) -> DrugCap:
    cap = DrugCap(
        route=table.text("route"),
        mg_per_kg=table.real("mg_per_kg"),
        mg=table.real("mg"),
        source=table.text("source"),
        grade=table.choice("grade", Grade),
        note=table.text("note", ""),
    )
    table.finish()
    return cap
