"""Watches from their TOML file: complaints name file, line and remedy."""

from __future__ import annotations

from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade
from unstuck.core.time import Span
from unstuck.core.toml_table import Table, read_toml
from unstuck.core.watching import On, Watch

FILE = "alerts/watch.toml"

_NEEDS: dict[On, tuple[str, ...]] = {
    On.WORSE: ("instrument", "change"),
    On.ANSWER: ("instrument", "item"),
    On.FACT: ("facts",),
    On.WINDOW: ("steps",),
    On.SILENCE: ("after",),
    On.SINCE_DOSE: ("after",),
    On.LOSS: (),
    On.STALE: (),
    On.HARM: ("at_least",),
}


def library_watches() -> tuple[Watch, ...]:
    """The library's own watches. Raises Complaints."""
    return parse_watches((library_root() / FILE).read_text(encoding="utf-8"), FILE)


def parse_watches(text: str, where: str) -> tuple[Watch, ...]:
    """The watches that a TOML text describes. Raises Complaints with every fault and its line."""
    table = read_toml(text, where)
    table.text("version")
    found = tuple(_watch(inner) for inner in table.tables("watch"))
    table.finish()
    table.notes.refuse()
    return found


def _watch(table: Table) -> Watch:
    watch = Watch(
        key=table.key(),
        kind=table.key("kind"),
        on=table.choice("on", On),
        source=table.text("source"),
        grade=table.choice("grade", Grade),
        after=_span(table, "after"),
        until=_span(table, "until"),
        instrument=table.text("instrument", ""),
        item=table.text("item", ""),
        at_least=table.number("at_least", 1.0),
        change=table.text("change", ""),
        facts=table.texts("facts", ()),
        steps=table.texts("steps", ()),
    )
    for key in _NEEDS[watch.on]:
        if not table.has(key):
            table.say(None, f"The watch {watch.key!r} lacks {key!r}.", f"A watch on {watch.on} needs it.")
    if watch.on is On.STALE and (watch.facts or watch.after):
        table.say(
            None, f"The watch {watch.key!r} names tests.", "Leave them out: the rules of screening say what is due."
        )
    table.finish()
    return watch


def _span(table: Table, key: str) -> Span | None:
    return table.span(key) if table.has(key) else None
