"""Therapies from their TOML files: complaints name file, line and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade
from unstuck.core.therapy import Choice, Extent, ItemList, Option, Scale, Stage, Therapy
from unstuck.core.toml_table import Table, read_toml


def library_therapies() -> tuple[Therapy, ...]:
    """Every therapy of the library, by key. Raises Complaints."""
    return read_therapies(sorted((library_root() / "therapies").glob("*.toml")))


def read_therapies(files: Iterable[Path]) -> tuple[Therapy, ...]:
    """The therapies of these files. Raises Complaints with every fault and its line."""
    return tuple(parse_therapy(file.read_text(encoding="utf-8"), file.name) for file in files)


def parse_therapy(text: str, where: str) -> Therapy:
    """The therapy that a TOML text describes. Raises Complaints with every fault and its line."""
    table = read_toml(text, where)
    therapy = Therapy(
        key=table.key(),
        version=table.text("version"),
        title=table.text("title"),
        summary=table.text("summary"),
        fits=table.texts("fits"),
        sources=table.texts("sources"),
        sessions=_extent(table, "sessions"),
        minutes=_extent(table, "minutes"),
        stages=tuple(_stage(inner) for inner in table.tables("stage")),
        lists=tuple(_list(inner) for inner in table.tables("list")),
        figures=tuple(_scale(inner) for inner in table.tables("figure")),
        choices=tuple(_choice(inner) for inner in table.tables("choice")),
        note=table.text("note", ""),
    )
    _refuse_twins(table, therapy)
    table.finish()
    table.notes.refuse()
    return therapy


def _refuse_twins(table: Table, therapy: Therapy) -> None:
    keys = [*(f.key for f in therapy.figures), *(c.key for c in therapy.choices), *(i.key for i in therapy.lists)]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        table.say(None, f"{key!r} stands twice.", "Give each figure, choice and list a key of its own.")


def _extent(table: Table, key: str) -> Extent | None:
    inner = table.table(key)
    if inner is None:
        return None
    least, most = inner.whole("least", least=1), inner.whole("most", least=1)
    found = Extent(least, most, inner.text("source"), inner.choice("grade", Grade))
    if found.most < found.least:
        inner.say("most", "'most' is under 'least'.", "Write the larger number second.")
    inner.finish()
    return found


def _stage(table: Table) -> Stage:
    first = table.whole("first", least=1)
    stage = Stage(table.text("title"), first, table.maybe_whole("last", least=1), table.texts("parts", ()))
    table.finish()
    return stage


def _list(table: Table) -> ItemList:
    measures = tuple(_scale(inner) for inner in table.tables("measure"))
    found = ItemList(table.key(), table.text("title"), table.text("item"), measures, table.flag("ladder"))
    table.finish()
    return found


def _scale(table: Table) -> Scale:
    key, label = table.key(), table.text("label")
    low, high = table.real("low"), table.real("high")
    scale = Scale(key, label, low or 0.0, high or 0.0, table.text("ends", ""), table.text("group", ""))
    if low is None or high is None or high <= low:
        table.say("high", f"The figure {key!r} has no range.", "Write low = 0 and high = 100, or what its ends are.")
    table.finish()
    return scale


def _choice(table: Table) -> Choice:
    options = tuple(_option(inner) for inner in table.tables("option"))
    choice = Choice(table.key(), table.text("label"), options, table.flag("many"), table.text("group", ""))
    if len(options) < 2:
        table.say(None, f"The choice {choice.key!r} has fewer than two options.", "Add [[choice.option]] tables.")
    table.finish()
    return choice


def _option(table: Table) -> Option:
    option = Option(table.key(), table.text("label"))
    table.finish()
    return option
