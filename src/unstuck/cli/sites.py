"""`unstuck sites make | pool`: several sites pool an outcome, and no row leaves any of them."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Sequence
from pathlib import Path

from unstuck.core.claims_file import smallest_group
from unstuck.core.errors import Complaint
from unstuck.lab.meta.answer import Answer, as_json
from unstuck.lab.meta.inference import Options
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.report import text_of
from unstuck.lab.meta.sites import (
    About,
    Contrast,
    Kind,
    Pooling,
    SiteSummary,
    people,
    refuse_difference,
    site_effects,
    summarise,
)
from unstuck.lab.meta.sites_file import read_summary
from unstuck.lab.meta.sites_file import text_of as file_text
from unstuck.lab.meta.table_file import Sheet, read_sheet
from unstuck.lab.meta.tables import forest_rows

HELP = "Pool an outcome over sites from aggregates; no person's row leaves a site."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of both actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="make | pool")
    make = actions.add_parser("make", help="this site's file of aggregates, from a table of one row a person")
    make.add_argument(
        "rows", type=Path, metavar="ROWS.csv", help="one row a person who started; a gap where not measured"
    )
    make.add_argument("--site", required=True, help="the name of this site")
    make.add_argument("--outcome", required=True, metavar="COL", help="column of the outcome")
    make.add_argument("--group", required=True, metavar="COL", help="column of the group, such as the arm")
    make.add_argument("--person", required=True, metavar="COL", help="column that tells persons apart; it stays here")
    make.add_argument("--event", action="store_true", help="the outcome is yes (1) or no (0)")
    make.add_argument("--unit", default="", help="the unit of a measured outcome, such as 'PCL-5 points'")
    make.add_argument("--minimum-cell", type=int, metavar="N", help="default: the library's smallest group")
    make.add_argument(
        "--earlier", type=Path, metavar="FILE", help="the last file given away, to protect the few between"
    )
    make.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="the file to write and to look at")
    pooled = actions.add_parser("pool", help="one estimate from the files of several sites")
    pooled.add_argument("files", type=Path, nargs="+", metavar="FILE.json")
    pooled.add_argument(
        "--effect", choices=[each.value for each in Contrast], required=True, help="what each site gives"
    )
    pooled.add_argument("--groups", nargs="+", required=True, metavar="GROUP", help="treated group, then control")
    pooled.add_argument("--plot", type=Path, metavar="FILE", help="write a forest plot")
    pooled.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(args: argparse.Namespace) -> int:
    """One of the two actions."""
    return _make(args) if args.action == "make" else _pool(args)


def _make(args: argparse.Namespace) -> int:
    sheet = read_sheet(args.rows)
    _refuse_double(sheet, args.person)
    kind = Kind.EVENT if args.event else Kind.MEASURE
    least = smallest_group() if args.minimum_cell is None else args.minimum_cell
    about = About(args.site, args.outcome, kind, args.unit, least)
    values = [sheet.number(row, args.outcome) for row in range(len(sheet.rows))]
    summary = summarise(about, _groups(sheet, args.group), values)
    if args.earlier is not None:
        refuse_difference(summary, read_summary(args.earlier))
    args.out.write_text(file_text(summary), encoding="utf-8")
    print(file_text(summary), end="")
    print(f"Written to {args.out}. Read it before you give it away: it is all that others will see.")
    return 0


def _groups(sheet: Sheet, name: str) -> tuple[str, ...]:
    groups = sheet.column(name)
    if "" in groups:
        where = f"{sheet.path}:{sheet.lines[groups.index('')]}, column {name}"
        raise Complaint("Somebody has no group.", where, "Everyone who started belongs to one.")
    return groups


def _refuse_double(sheet: Sheet, name: str) -> None:
    """A person counted twice would make a group look larger than it is, and more certain."""
    seen: dict[str, int] = {}
    for line, person in zip(sheet.lines, sheet.column(name), strict=True):
        if person in seen or not person:
            said = "A row has no person." if not person else f"This person stands in line {seen[person]} as well."
            raise Complaint(said, f"{sheet.path}:{line}, column {name}", "One row a person.")
        seen[person] = line


def _pool(args: argparse.Namespace) -> int:
    summaries = [read_summary(path) for path in args.files]
    first, second = args.groups[0], args.groups[1] if len(args.groups) == 2 else None
    if len(args.groups) > 2:
        raise Complaint("More than two groups are named.", mend="Name the treated group and the control.")
    found = site_effects(summaries, Contrast(args.effect), first, second)
    answer = Answer(pool(found.effects, Options()))
    if args.plot is not None and answer.pooled is not None:
        plots = importlib.import_module("unstuck.lab.meta.plots")  # Matplotlib is needed here only
        words = plots.Words(summaries[0].outcome, axis=found.effects.scale, ratio=args.effect in ("RR", "OR"))
        plots.forest(forest_rows(found.effects, answer.pooled), args.plot, words)
    print(_as_json(summaries, found, answer) if args.json else _as_text(summaries, found, answer), end="")
    return 0


def _as_json(summaries: Sequence[SiteSummary], found: Pooling, answer: Answer) -> str:
    sites = as_json(summaries)
    silent = [{"site": site, "why": why} for site, why in found.silent]
    rows = zip(found.effects.labels, found.effects.y, found.effects.v, strict=True)
    effects = [{"site": site, "effect": float(y), "variance": float(v)} for site, y, v in rows]
    parts = {"sites": sites, "effects": effects, "silent": silent, "pooled": as_json(answer.pooled)}
    return json.dumps(parts, indent=1) + "\n"


def _as_text(summaries: Sequence[SiteSummary], found: Pooling, answer: Answer) -> str:
    lines = [f"{each.site}: {people(each)}." for each in summaries]
    lines += [f"Not pooled, {site}: {why}." for site, why in found.silent]
    return text_of(found.effects, answer) + "\n" + "\n".join(lines) + "\n"
