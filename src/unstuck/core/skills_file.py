"""What somebody must be able to do, by role, from its TOML file: complaints name file, line and remedy."""

from __future__ import annotations

from dataclasses import dataclass

from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade
from unstuck.core.time import Span
from unstuck.core.toml_table import Table, read_toml

FILE = "training/skills.toml"


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill: for which roles, how long it holds once signed, and which entries an exercise asks for."""

    key: str
    title: str
    roles: tuple[str, ...]
    good_for: Span
    practise: tuple[str, ...]
    source: str
    grade: Grade


def library_skills() -> tuple[Skill, ...]:
    """The library's own skills. Raises Complaints."""
    return parse_skills((library_root() / FILE).read_text(encoding="utf-8"), FILE)


def parse_skills(text: str, where: str) -> tuple[Skill, ...]:
    """The skills that a TOML text describes. Raises Complaints with every fault and its line."""
    table = read_toml(text, where)
    table.text("version")
    found = tuple(_skill(inner) for inner in table.tables("skill"))
    table.finish()
    table.notes.refuse()
    return found


def _skill(table: Table) -> Skill:
    skill = Skill(
        key=table.key(),
        title=table.text("title"),
        roles=table.texts("roles"),
        good_for=table.span("good_for"),
        practise=table.texts("practise", ()),
        source=table.text("source"),
        grade=table.choice("grade", Grade),
    )
    table.finish()
    return skill
