"""`unstuck evidence pool | forest`: one number for a question, or its rows, with what they leave out."""

from __future__ import annotations

import argparse
import importlib
import json
from dataclasses import asdict
from typing import Any

from unstuck.cli.evidence import query_of
from unstuck.cli.evidence_pools import (
    Asked,
    Effect,
    as_pool,
    of_selection,
    of_table,
    one_measure,
    options,
    pooled,
    shown,
)
from unstuck.core.claims_file import load_reviews
from unstuck.core.errors import Complaint
from unstuck.core.evidence_file import load_measures, load_studies
from unstuck.core.evidence_release import Line, Pool
from unstuck.core.evidence_rows import Selection, Unit, select

UNIT_WORDS = {
    Unit.SMD: "Hedges g; above 0 favours the treatment",
    Unit.MD: "points; above 0 favours the treatment",
    Unit.RR: "ratio of responders; above 1 favours the treatment",
}


def run(args: argparse.Namespace) -> int:
    """Print the pool, or its rows; draw them where --plot says so. Complaint where no trial gives a figure."""
    rows, selection = _rows(args)
    unit = Unit(args.unit) if args.table is None else Unit.SMD
    asked = Asked("asked", _question(args), unit, UNIT_WORDS[unit])
    how = options(args.method, args.normal)
    found = as_pool(asked, rows, how, selection, fewest=2)
    if args.plot is not None and rows:
        importlib.import_module("unstuck.cli.evidence_plot").draw(rows, found, how, args.plot)
    if args.json:
        print(json.dumps(_with_heterogeneity(found, rows, args), indent=2, ensure_ascii=False))
        return 0
    print("\n".join(_text(found, args.action == "forest")))
    if not rows:
        raise Complaint("No trial gives a figure for this question.", mend="Ask for another measure or time.")
    return 0


def _rows(args: argparse.Namespace) -> tuple[tuple[Effect, ...], Selection | None]:
    if args.table is not None:
        return of_table(args.table, args.treatment, args.control or []), None
    query, measures = query_of(args), load_measures()
    selection = select(load_studies(), measures, query)
    if query.unit is Unit.MD:
        one_measure(selection)
    return of_selection(selection, measures), selection


def _question(args: argparse.Namespace) -> str:
    if args.table is not None:
        controls = " or ".join(args.control) if args.control else "every control"
        return f"Table {args.table}: {args.treatment or 'every treatment'} against {controls}"
    parts = [f"{args.purpose}", args.measure or "any PTSD scale", f"at {args.at}" if args.at else "first time read"]
    parts += [args.population] if args.population else []
    return ", ".join(parts + ([f"{args.against} control"] if args.against else []))


def _with_heterogeneity(found: Pool, rows: tuple[Effect, ...], args: argparse.Namespace) -> dict[str, Any]:
    spread = pooled(rows, options(args.method, args.normal)).heterogeneity if len(rows) > 1 else None
    return {**asdict(found), "heterogeneity": asdict(spread) if spread else None}


def _text(found: Pool, every_row: bool) -> list[str]:
    lines = [f"{found.question}. {found.unit}."]
    if every_row or len(found.lines) < 2:
        lines += [_row(line, found.ratio) for line in found.lines]
    if found.mean is not None:
        lines.append(f"{_row(found.mean, found.ratio)}  ({len(found.lines)} rows, {found.method})")
    if found.new_study_low is not None and found.new_study_high is not None:
        low, high = (shown(x, found.ratio) for x in (found.new_study_low, found.new_study_high))
        lines.append(f"A new study would fall within {low} to {high}.")
    lines += [f"Note: {note}" for note in (*found.notes, *([found.warning] if found.warning else []))]
    if found.silent:
        lines.append("Left out:")
        lines += [f"  {s.label}: {s.why}.{' It says: ' + s.says if s.says else ''}" for s in found.silent]
        lines += _published()
    return lines


def _row(line: Line, ratio: bool) -> str:
    interval = f"{shown(line.estimate, ratio):>6} ({shown(line.low, ratio)} to {shown(line.high, ratio)})"
    weight = f"{line.weight_percent:4.0f} %" if line.weight_percent is not None else ""
    return f"  {line.label:<24} {interval:<24} {weight:>6}  {line.detail}".rstrip()


def _published() -> list[str]:
    """What published reviews print, whose rows could not be read."""
    found = [r for r in load_reviews() if r.usable and r.value is not None and "ketamine" in r.scale]
    lines = [f"  {r.title}, {r.question}: {r.value:g} ({r.low:g} to {r.high:g}) {r.scale}" for r in found]
    return ["Published pools, with rows that could not be read:", *lines] if lines else []
