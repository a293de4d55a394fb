"""`unstuck meta`: pool anybody's effects, or the aggregates of several sites."""

from __future__ import annotations

import argparse
import importlib
import json
import math
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.lab.meta.answer import Answer, Wish, answer, as_json, drawn
from unstuck.lab.meta.inference import Interval, Options
from unstuck.lab.meta.pool import Pooled
from unstuck.lab.meta.priors_file import known_prior
from unstuck.lab.meta.report import text_of
from unstuck.lab.meta.table_file import Chosen, Columns, effects_of, read_sheet
from unstuck.lab.meta.tables import ForestRow, forest_rows, grouped_rows
from unstuck.lab.meta.tau2 import Method

HELP = "Pool effects from a table, with intervals, heterogeneity, moderators and plots."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="a table with a header; one effect a row")
    parser.add_argument("--yi", required=True, metavar="COL", help="column of the effects (ratios as logarithms)")
    spread = parser.add_mutually_exclusive_group(required=True)
    spread.add_argument("--vi", metavar="COL", help="column of their sampling variances")
    spread.add_argument("--sei", metavar="COL", help="column of their standard errors")
    for name, what in COLUMNS.items():
        parser.add_argument(f"--{name}", metavar="COL", help=what)
    parser.add_argument("--moderators", nargs="+", default=[], metavar="COL", help="meta-regression on these columns")
    parser.add_argument("--method", choices=[each.value for each in Method], default="REML", help="for tau2; FE: none")
    parser.add_argument("--knapp-hartung", action=argparse.BooleanOptionalAction, default=True, help=KNAPP_HARTUNG)
    parser.add_argument(
        "--ad-hoc", action="store_true", help="Knapp-Hartung, but never narrower than the normal interval"
    )
    parser.add_argument("--level", type=float, default=0.95, metavar="SHARE", help="of intervals (default 0.95)")
    parser.add_argument("--rho", type=float, default=0.0, help="correlation of sampling errors within a study")
    parser.add_argument("--small-studies", action="store_true", help="Egger's test, and trim and fill")
    parser.add_argument("--each-study", action="store_true", help="leave each study out; influence")
    parser.add_argument("--prior", metavar="KEY", help="a Bayesian pool as well, with this prior of the library")
    parser.add_argument("--keep-twins", action="store_true", help="rows of equal figures are different studies")
    parser.add_argument("--ratio", action="store_true", help="effects are log ratios: show them as ratios as well")
    parser.add_argument("--title", metavar="TEXT", help="title of the plots (default: the file's name)")
    parser.add_argument("--axis", metavar="TEXT", help="what the effects are, under the axis of the plots")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write a forest plot (.png, .svg or .pdf)")
    parser.add_argument("--funnel", type=Path, metavar="FILE", help="write a funnel plot")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


COLUMNS = {
    "label": "what to call a row",
    "study": "which study a row belongs to; several rows of one study are pooled on three levels",
    "scale": "the unit of each row; rows of unlike unit are refused",
    "by": "subgroups by this column",
    "cumulative": "pool study by study in the order of this column, a year for instance",
}
KNAPP_HARTUNG = "the interval for few and unlike studies (the default; --no-knapp-hartung for the normal one)"


def run(args: argparse.Namespace) -> int:
    """Reads, pools, draws and prints."""
    chosen = effects_of(read_sheet(args.file), _columns(args), args.keep_twins)
    found = answer(chosen, _wish(args))
    _plots(args, chosen, found)
    print(_json(chosen, found) if args.json else text_of(chosen.effects, found), end="")
    if args.ratio and not args.json and found.pooled is not None:
        print(_as_ratio(found.pooled), end="")
    return 0


def _columns(args: argparse.Namespace) -> Columns:
    needed = (*args.moderators, *(name for name in (args.by, args.cumulative, args.study) if name))
    return Columns(args.yi, args.vi, args.sei, args.label, args.study, args.scale, needed)


def _wish(args: argparse.Namespace) -> Wish:
    normal = Interval.KNAPP_HARTUNG if args.knapp_hartung else Interval.NORMAL
    interval = Interval.AD_HOC if args.ad_hoc else normal
    return Wish(
        Options(Method(args.method), interval, args.level),
        tuple(args.moderators),
        args.by,
        args.cumulative,
        args.small_studies,
        args.each_study,
        known_prior(args.prior) if args.prior else None,
        args.rho,
    )


def _plots(args: argparse.Namespace, chosen: Chosen, found: Answer) -> None:
    if args.plot is None and args.funnel is None:
        return
    plots = importlib.import_module("unstuck.lab.meta.plots")  # Matplotlib is needed here only
    sample, pooled = chosen.effects, drawn(found)
    note = " ".join(pooled.notes)
    axis = args.axis or ("Ratio, on a logarithmic axis" if args.ratio else args.yi)
    words = plots.Words(args.title or args.file.stem, axis=axis, note=note, ratio=args.ratio)
    if args.plot is not None:
        plots.forest(_rows(args, chosen, found, pooled), args.plot, words)
    if args.funnel is not None:
        plots.funnel(sample, pooled, args.funnel, words)


def _rows(args: argparse.Namespace, chosen: Chosen, found: Answer, pooled: Pooled) -> tuple[ForestRow, ...]:
    """The rows of the forest, under headings where subgroups were asked for."""
    if found.subgroups is None:
        return forest_rows(chosen.effects, pooled)
    return grouped_rows(chosen.effects, chosen.words(args.by), found.subgroups.groups, pooled)


def _as_ratio(pooled: Pooled) -> str:
    """The mean and the prediction of logarithms as ratios, in one line."""
    mean = pooled.mean
    ends = [mean.estimate, mean.low, mean.high, *(pooled.prediction or ())]
    estimate, low, high, *new = (f"{math.exp(end):.3g}" for end in ends)
    after = f"; a new study's within {new[0]} to {new[1]}" if new else ""
    return f"\nAs a ratio: {estimate} ({low} to {high}){after}\n"


def _json(chosen: Chosen, found: Answer) -> str:
    sample = chosen.effects
    rows = [
        {"label": label, "line": chosen.sheet.lines[place], "effect": float(y), "variance": float(v)}
        for label, place, y, v in zip(sample.labels, chosen.places, sample.y, sample.v, strict=True)
    ]
    parts = as_json(found)
    if not isinstance(parts, dict):
        raise Complaint("There is no answer to print.")
    asked = {name: value for name, value in parts.items() if value is not None and value != []}
    return json.dumps({"effects": rows, "notes": list(sample.notes), **asked}, indent=1) + "\n"
