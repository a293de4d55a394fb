"""The check-ins after a dose from their TOML file: complaints name file, line and remedy."""

from __future__ import annotations

from unstuck.core.check_ins import Anchor, Series
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade
from unstuck.core.time import Span, Unit
from unstuck.core.toml_table import Table, read_toml

FILE = "portal/check_ins.toml"


def load_check_ins() -> tuple[Series, ...]:
    """The library's own series. Raises Complaints."""
    return parse_check_ins((library_root() / FILE).read_text(encoding="utf-8"), FILE)


def parse_check_ins(text: str, where: str) -> tuple[Series, ...]:
    """The series that a TOML text describes. Raises Complaints with every fault and its line."""
    table = read_toml(text, where)
    table.text("version")
    found = tuple(_series(inner) for inner in table.tables("series"))
    table.finish()
    table.notes.refuse()
    return found


def _series(table: Table) -> Series:
    series = Series(
        key=table.key(),
        anchor=table.choice("anchor", Anchor),
        window=table.window("window"),
        every=table.span("every") if table.has("every") else Span(0, Unit.DAYS),
        times=table.whole("times", 1, least=1),
        asks=table.texts("asks"),
        source=table.text("source"),
        grade=table.choice("grade", Grade),
    )
    if series.times > 1 and series.every.minutes <= 0:
        table.say("times", f"{series.key!r} repeats without a step.", 'Add every = "7 d".')
    table.finish()
    return series
