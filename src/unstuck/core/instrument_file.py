"""Instruments from `library/instruments/*.toml`: read, checked in one pass, hashed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from unstuck.core import instrument as kinds
from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.library_file import library_root
from unstuck.core.references_file import load_references
from unstuck.core.toml_table import Table, read_toml


def instrument_keys(root: Path | None = None) -> tuple[str, ...]:
    """Keys of all instruments in the library, in order."""
    return tuple(sorted(path.stem for path in ((root or library_root()) / "instruments").glob("*.toml")))


def load_instrument(key: str, root: Path | None = None) -> Instrument:
    """The instrument of that key. Raises Complaint: not there, or everything that is wrong in its file."""
    return _load(key, root or library_root())


@cache
def _load(key: str, root: Path) -> Instrument:
    if key not in instrument_keys(root):
        known = ", ".join(instrument_keys(root))
        raise Complaint(f"There is no instrument {key}.", str(root / "instruments"), f"There are: {known}.")
    path = root / "instruments" / f"{key}.toml"
    instrument, complaints = check_instrument_file(path, frozenset(load_references(root)))
    raise_any(complaints)
    assert instrument is not None
    return instrument


def load_all(root: Path | None = None) -> dict[str, Instrument]:
    """Every instrument of the library by its key. Raises one Complaint that tells all faults of all files."""
    found: dict[str, Instrument] = {}
    complaints: list[Complaint] = []
    for key in instrument_keys(root):
        try:
            found[key] = load_instrument(key, root)
        except Complaint as complaint:
            complaints.append(complaint)
    raise_any(complaints)
    return found


def content_hash(instrument: Instrument) -> str:
    """SHA-256 over the instrument's canonical content; the layout and comments of the file do not count."""
    text = json.dumps(asdict(instrument), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def check_instrument_file(path: Path, references: frozenset[str]) -> tuple[Instrument | None, tuple[Complaint, ...]]:
    """The instrument, or None, with every complaint about the file."""
    text = path.read_text(encoding="utf-8")
    try:
        table = read_toml(text, path.name)
    except Complaint as error:
        return None, (error,)
    instrument = _instrument(table)
    if instrument is not None and instrument.key != path.stem:
        table.say("key", f"key = {instrument.key!r} differs from the file's name.", "Name both alike.")
    _check_sources(table, references)
    return (None if table.notes.found else instrument), table.notes.in_order()


def _check_sources(table: Table, references: frozenset[str]) -> None:
    """Every `source` anywhere in the file is a key of the references."""
    for source in sorted(_sources_in(table.raw) - references):
        lines = [n for n, line in enumerate(table.notes.text.splitlines(), 1) if f'"{source}"' in line]
        mend = "Add it to library/references, or name one that is there."
        table.notes.add(lines[0] if lines else None, f"Source {source!r} is not in the references.", mend)


def _sources_in(data: object) -> set[str]:
    if isinstance(data, list):
        return set().union(*map(_sources_in, data))
    if not isinstance(data, dict):
        return set()
    own = {data[k] for k in ("source", "missing_source") if isinstance(data.get(k), str)}
    own |= {s for s in data.get("sources", []) if isinstance(s, str)}
    return own.union(*map(_sources_in, data.values()))


def _instrument(table: Table) -> Instrument | None:
    scales = [s for s in map(_scale, table.tables("scale")) if s]
    items_of = {s.key: s.items for s in scales}
    fields = dict(
        key=table.text("key"), version=table.text("version"), title=table.text("title"), family=table.text("family"),
        rater=table.choice("rater", kinds.Rater), recall=table.choice("recall", kinds.Recall),
        minutes=table.sourced("minutes", "min"), items=_items(table), scales=tuple(scales), licence=_licence(table),
        sources=table.texts("sources"), higher_is_worse=table.flag("higher_is_worse", True),
        bands=tuple(b for b in map(_band, table.tables("band")) if b),
        flags=tuple(f for f in (_flag(t, items_of) for t in table.tables("flag")) if f),
        triages=tuple(_triage(t, items_of) for t in table.tables("triage")),
        changes=tuple(_change(t) for t in table.tables("change")),
        loinc_panel=table.text("loinc_panel", ""), loinc_total=table.text("loinc_total", ""),
        cdisc_category=table.text("cdisc_category", ""), cdisc_total=table.text("cdisc_total", ""),
        note=table.text("note", ""),
    )  # fmt: skip
    table.finish()
    return None if table.notes.found else table.build(lambda: Instrument(**fields))  # type: ignore[arg-type]


def _licence(table: Table) -> kinds.Licence | None:
    inner = table.table("licence", required=True)
    if inner is None:
        return None
    status = inner.choice("status", kinds.LicenceStatus)
    licence = (inner.text("note"), inner.text("source"))
    inner.finish()
    return kinds.Licence(status, *licence)


def _items(table: Table) -> tuple[kinds.Item, ...]:
    """The items; `answers` gives the range, the labels and the kind of those that do not say their own."""
    default = table.table("answers") or Table({}, ("answers",), table.notes)
    common: dict[str, Any] = {k: default.raw[k] for k in ("low", "labels", "kind", "high") if k in default.raw}
    default.skip("low", "labels", "kind", "high")
    default.finish()
    rows = [Table({**common, **t.raw}, t.path, t.notes) for t in table.tables("item")]
    if not rows:
        table.say("item", "There is no item.", "Write [[item]] for each.")
    return tuple(item for item in map(_item, rows) if item)


def _item(table: Table) -> kinds.Item | None:
    kind = table.choice("kind", kinds.Kind, kinds.Kind.CHOICE) or kinds.Kind.CHOICE
    low, labels = table.whole("low", 0), table.texts("labels", ())
    high = table.whole("high", low + len(labels) - 1)
    choices = () if kind is kinds.Kind.NUMBER else tuple(kinds.Choice(low + n, text) for n, text in enumerate(labels))
    fields = dict(
        key=table.text("key"), label=table.text("label"), low=low, high=high, choices=choices, kind=kind,
        show_if=_show_if(table), screen=table.whole("screen", 1), optional=table.flag("optional"),
        loinc=table.text("loinc", ""), cdisc=table.text("cdisc", ""), note=table.text("note", ""),
    )  # fmt: skip
    table.finish()
    return table.build(lambda: kinds.Item(**fields))  # type: ignore[arg-type]


def _show_if(table: Table) -> kinds.ShowIf | None:
    inner = table.table("show_if")
    return kinds.ShowIf(inner.text("item"), inner.whole("at_least")) if inner else None


def _scale(table: Table) -> kinds.Scale | None:
    method = table.choice("method", kinds.Method, kinds.Method.SUM) or kinds.Method.SUM
    allowed = table.whole("missing_allowed", 0)
    missing_source = table.text("missing_source", None if allowed else "")
    key, label, items = table.text("key"), table.text("label"), table.texts("items")
    scale = kinds.Scale(key, label, items, method, allowed, missing_source, table.text("source"))
    table.finish()
    return scale


def _band(table: Table) -> kinds.Band | None:
    start = table.sourced("start")
    scale, key, label = table.text("scale", "total"), table.text("key"), table.text("label")
    table.finish()
    return kinds.Band(scale, key, label, start) if start else None


def _flag(table: Table, items_of: dict[str, tuple[str, ...]]) -> kinds.Flag | None:
    role = table.choice("role", kinds.Role)
    key, label, when = table.text("key"), table.text("label"), _alternatives(table, items_of)
    source, note = table.text("source"), table.text("note", "")
    table.finish()
    return kinds.Flag(key, label, role, when, source, note) if role else None


def _triage(table: Table, items_of: dict[str, tuple[str, ...]]) -> kinds.Triage:
    rungs = tuple(_rung(t, items_of) for t in table.tables("rung"))
    triage = kinds.Triage(table.text("key"), table.text("label"), rungs, table.text("clear"), table.text("clear_label"))
    table.finish()
    return triage


def _rung(table: Table, items_of: dict[str, tuple[str, ...]]) -> kinds.Rung:
    when = _alternatives(table, items_of)
    rung = kinds.Rung(table.text("key"), table.text("label"), when, table.text("source"), table.text("note", ""))
    table.finish()
    return rung


def _alternatives(table: Table, items_of: dict[str, tuple[str, ...]]) -> kinds.Alternatives:
    """`when` is a list of rows; each row a list of tests that must all hold."""
    rows = table.value("when")
    good = isinstance(rows, list) and rows and all(isinstance(r, list) and r for r in rows)
    if not good or not all(isinstance(t, dict) for r in rows or [] for t in r):
        table.say("when", "`when` is not a list of lists of tests.", 'Write when = [[{ count = "B", value = 2 }]].')
        return ()
    tests = [[_test(Table(t, table.path, table.notes), items_of) for t in row] for row in rows or []]
    return tuple(tuple(t for t in row if t) for row in tests)


def _test(table: Table, items_of: dict[str, tuple[str, ...]]) -> kinds.Test | None:
    test: kinds.Test | None = None
    if "count" in table.raw:
        test = _count(table, items_of)
    elif "person" in table.raw:
        test = kinds.PersonIs(table.text("person"), table.text("is"), table.texts("known"))
    elif "at_most" in table.raw:
        figure = table.sourced("at_most")
        test = kinds.ScaleAtMost(table.text("scale"), figure) if figure else None
    else:
        figure = table.sourced("at_least")
        test = kinds.ScaleAtLeast(table.text("scale"), figure) if figure else None
    table.finish()
    return test


def _count(table: Table, items_of: dict[str, tuple[str, ...]]) -> kinds.CountAtLeast:
    """`count` lists items, or names a scale whose items are meant."""
    named = table.value("count")
    items = items_of.get(named, (named,)) if isinstance(named, str) else table.texts("count")
    top = table.maybe_whole("top")
    return kinds.CountAtLeast(items, table.whole("value"), table.whole("need", 1), top)


def _change(table: Table) -> kinds.ChangeRule:
    tests = tuple(t for t in map(_shift, table.tables("tests")) if t)
    if not tests:
        table.say("tests", "There is no test.", "Write [[change.tests]] for each.")
    key, label, name = table.text("key"), table.text("label"), table.text("definition", "default")
    note = table.text("note", "")
    table.finish()
    return kinds.ChangeRule(key, label, name, tests, note)


def _shift(table: Table) -> kinds.ShiftTest | None:
    shift = table.choice("shift", kinds.Shift)
    of = table.text("of", "total")
    bare = shift in (kinds.Shift.FLAG_GONE, kinds.Shift.LEVEL_RISE)
    figure = None if bare else table.figure()
    table.finish()
    return kinds.ShiftTest(shift, of, figure) if bare or figure else None
