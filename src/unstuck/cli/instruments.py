"""`unstuck instruments list | show | score | check-wording`."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from unstuck.core.assessment import Answer, Scored, complaints_about, score
from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument, Kind
from unstuck.core.instrument_file import content_hash, load_all, load_instrument
from unstuck.core.wording_file import load_wording

HELP = "List, show and score the instruments of the library, or check a site's licensed wording."
NOT_VALIDATED = "Labels are this project's own; answers to them are not the validated instrument."
PERSON = ("sex",)  # columns that cut-offs may read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The four actions."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="every instrument, a line each")
    showing = actions.add_parser("show", help="items, scales and cut-offs of one instrument")
    scoring = actions.add_parser("score", help="score a CSV file with a column per item")
    wording = actions.add_parser("check-wording", help="check whether a licensed wording fits")
    for one in (showing, scoring, wording):
        one.add_argument("key", metavar="KEY", help="such as pcl5_week")
    scoring.add_argument("file", metavar="FILE.csv", type=Path)
    scoring.add_argument("--out", type=Path, help="write here instead of to the screen")
    wording.add_argument("file", metavar="FILE", type=Path, help="FHIR Questionnaire (.json) or .csv")
    for one in (listing, showing, scoring, wording):
        one.add_argument("--json", action="store_true", help="for a program to read")


def run(args: argparse.Namespace) -> int:
    """0 when done. Raises Complaint for what cannot be read."""
    match args.action:
        case "list":
            _list(args)
        case "show":
            _show(args)
        case "score":
            _score(args)
        case "check-wording":
            _check_wording(args)
    return 0


def _list(args: argparse.Namespace) -> None:
    found = [_summary(i) for i in load_all().values()]
    if args.json:
        print(json.dumps(found, indent=2))
        return
    for one in found:
        print(f"{one['key']:<14} {one['title']:<28} {one['items']:>3} items  {one['rater']:<10} {one['licence']}")


def _summary(instrument: Instrument) -> dict[str, object]:
    return {
        "key": instrument.key,
        "version": instrument.version,
        "title": instrument.title,
        "family": instrument.family,
        "items": len(instrument.items),
        "rater": instrument.rater.value,
        "recall": instrument.recall.value,
        "licence": instrument.licence.status.value,
        "hash": content_hash(instrument),
    }


def _show(args: argparse.Namespace) -> None:
    instrument = load_instrument(args.key)
    if args.json:
        print(json.dumps({**_summary(instrument), **_parts(instrument), "labels": NOT_VALIDATED}, indent=2))
        return
    print(f"{instrument.title}, version {instrument.version} ({instrument.rater}, looks back: {instrument.recall})")
    print(f"Licence: {instrument.licence.status}. {instrument.licence.note}.\n{NOT_VALIDATED}\n")
    for item in instrument.items:
        after = f", asked after {item.show_if.item} >= {item.show_if.at_least}" if item.show_if else ""
        print(f"  {item.key:<7} {item.label} ({item.low} to {item.high}{after})")
    for scale in instrument.scales:
        low, high = instrument.range_of(scale.key)
        print(f"Scale {scale.key}: {scale.label}, {len(scale.items)} items, {low:g} to {high:g}")
    for flag in instrument.flags:
        print(f"Flag {flag.key}: {flag.label}{'. ' + flag.note if flag.note else ''} [{flag.source}]")
    for triage in instrument.triages:
        print(f"Level {triage.key}: {', '.join(r.key for r in triage.rungs)}, {triage.clear}")
    print(f"Definitions of change: {', '.join(instrument.definitions) or 'none'}")
    print(f"Content: {content_hash(instrument)}")


def _parts(instrument: Instrument) -> dict[str, object]:
    ranges = {s.key: instrument.range_of(s.key) for s in instrument.scales}
    return {
        "item_keys": [{"key": i.key, "label": i.label, "low": i.low, "high": i.high} for i in instrument.items],
        "scales": [{"key": s.key, "items": s.items, "low": ranges[s.key][0], "high": ranges[s.key][1]}
                   for s in instrument.scales],
        "flags": [f.key for f in instrument.flags],
        "levels": [t.key for t in instrument.triages],
        "definitions": instrument.definitions,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the file: what is passed through, and what was answered."""

    line: int
    passed: dict[str, str]
    answers: dict[str, Answer]
    person: dict[str, str]


def _score(args: argparse.Namespace) -> None:
    instrument = load_instrument(args.key)
    rows, complaints = _read(instrument, args.file)
    raise_any(complaints)
    scored = [(row, score(instrument, row.answers, row.person)) for row in rows]
    results = [{**row.passed, **_result(found)} for row, found in scored]
    text = json.dumps(results, indent=2) + "\n" if args.json else _csv(results)
    if args.out is None:
        sys.stdout.write(text)
    else:
        _write_whole(args.out, text)
        print(f"{len(results)} rows scored: {args.out}", file=sys.stderr)


def _write_whole(path: Path, text: str) -> None:
    """The file stands there complete, or as it was before."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Complaint(f"Cannot be written: {error.strerror}.", str(path)) from error


def _read(instrument: Instrument, path: Path) -> tuple[list[_Row], list[Complaint]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            complaints = _header_faults(instrument, reader.fieldnames, path)
            raise_any(complaints)
            read = [_row(instrument, reader.line_num, cells, path.name) for cells in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Complaint(f"Cannot be read as CSV: {error}.", str(path)) from error
    return [row for row, _ in read], [c for _, faults in read for c in faults]


def _header_faults(instrument: Instrument, names: object, path: Path) -> list[Complaint]:
    columns = [str(n) for n in names] if isinstance(names, list) else []
    items = [i.key for i in instrument.items]
    if not set(columns) & set(items):
        mend = f"Name the columns {items[0]} to {items[-1]}; others are passed through."
        return [Complaint("No column is an item of this instrument.", f"{path.name}:1", mend)]
    twice = sorted({c for c in columns if columns.count(c) > 1})
    faults = [Complaint(f"The column {c!r} stands twice.", f"{path.name}:1") for c in twice]
    taken = sorted(set(columns) & set(_result(score(instrument, {}))))
    faults += [Complaint(f"The column {c!r} would hide a result of that name.", f"{path.name}:1") for c in taken]
    like = [c for c in columns if c.startswith("item") and c[4:].isdecimal() and c not in items]
    return faults + [Complaint(f"The instrument has no {c}.", f"{path.name}:1") for c in like]


def _row(instrument: Instrument, line: int, cells: dict[str | None, object], name: str) -> tuple[_Row, list[Complaint]]:
    items = {i.key: i.kind for i in instrument.items}
    faults = []
    if None in cells:
        faults.append(Complaint("The row has more cells than the header.", f"{name}:{line}"))
    texts = {k: str(v or "").strip() for k, v in cells.items() if k is not None}
    answers: dict[str, Answer] = {}
    for key in (k for k in texts if k in items):
        try:
            answers[key] = _answer(texts[key], items[key])
        except ValueError:
            faults.append(Complaint(f"{texts[key]!r} is not a number.", f"{name}:{line}, {key}"))
    faults += [Complaint(c.what, f"{name}:{line}, {c.where}", c.mend) for c in complaints_about(instrument, answers)]
    passed = {k: v for k, v in texts.items() if k not in items}
    person = {k: passed[k].lower() for k in PERSON if passed.get(k)}
    return _Row(line, passed, answers, person), faults


def _answer(text: str, kind: Kind) -> Answer:
    """A number, several parted by spaces or semicolons for a multiple item, or None for an empty cell."""
    if kind is Kind.MULTIPLE:
        return tuple(int(part) for part in text.replace(";", " ").split()) or None
    if not text:
        return None
    number = float(text)
    return int(number) if number.is_integer() else number


def _result(found: Scored) -> dict[str, object]:
    """Flat columns: each scale with how it came about, flags, levels, and what is missing."""
    result: dict[str, object] = {}
    for key, scale in found.scales.items():
        result |= {key: scale.value, f"{key}_is": scale.completeness.value}
    result |= {key: truth.value for key, truth in found.flags.items()}
    for key, level in found.triages.items():
        result |= {key: level.level or "unknown", f"{key}_at_least": level.at_least}
    return {**result, "missing": " ".join(found.missing)}


def _csv(results: list[dict[str, object]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(results[0]) if results else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(results)
    return stream.getvalue()


def _check_wording(args: argparse.Namespace) -> None:
    instrument = load_instrument(args.key)
    wording = load_wording(instrument, args.file)
    if args.json:
        print(json.dumps({"fits": True, "instrument": instrument.key, "stamp": wording.stamp}))
    else:
        print(f"{args.file.name} fits {instrument.title} ({wording.language}). Stamp: {wording.stamp}")
