"""What a person does before a dose visit, from its TOML file: a line a fact that a gate asks for, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unstuck.core.library_file import library_root
from unstuck.core.protocol import Route
from unstuck.core.sourced import Grade
from unstuck.core.toml_table import Table, read_toml

FILE = "portal/before.toml"
LANGUAGES = ("en", "es")
TIME = "{time}"


@dataclass(frozen=True, slots=True)
class Timed:
    """A sentence with an hour in it, for one route: so many hours before the visit."""

    route: Route
    hours: float
    words: Mapping[str, str]
    source: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do, shown where a gate asks for `fact`; `words` stand where no timed sentence fits the route."""

    key: str
    fact: str
    words: Mapping[str, str]
    timed: tuple[Timed, ...]
    source: str


def load_before() -> tuple[Line, ...]:
    """The library's own lines. Raises Complaints."""
    return parse_before((library_root() / FILE).read_text(encoding="utf-8"), FILE)


def parse_before(text: str, where: str) -> tuple[Line, ...]:
    """The lines that a TOML text describes. Raises Complaints with every fault and its line."""
    table = read_toml(text, where)
    table.text("version")
    found = tuple(_line(inner) for inner in table.tables("line"))
    table.finish()
    table.notes.refuse()
    return found


def _line(table: Table) -> Line:
    line = Line(
        key=table.key(),
        fact=table.text("fact"),
        words=_words(table),
        timed=tuple(_timed(inner) for inner in table.tables("timed")),
        source=table.text("source"),
    )
    table.finish()
    return line


def _timed(table: Table) -> Timed:
    hours = table.real("hours")
    timed = Timed(
        route=table.choice("route", Route),
        hours=hours or 0,
        words=_words(table),
        source=table.text("source"),
        grade=table.choice("grade", Grade),
    )
    if hours is None or hours < 0:
        table.say("hours", "The hours before the visit are missing or below none.", "Write for example hours = 2.")
    for language, words in timed.words.items():
        if words and TIME not in words:
            table.say(language, f"The sentence has no place for the hour: {words!r}.", f"Write {TIME} in it.")
    table.finish()
    return timed


def _words(table: Table) -> dict[str, str]:
    return {language: table.text(language) for language in LANGUAGES}
