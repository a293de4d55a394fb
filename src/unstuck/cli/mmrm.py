"""`unstuck mmrm`: repeated measures of anybody's table, by REML."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from unstuck.lab.analysis.answers import Answer, check_level
from unstuck.lab.analysis.repeated import Df, Mmrm, mmrm
from unstuck.lab.analysis.structures import NAMES
from unstuck.lab.analysis.table import read_table

HELP = "Analyse repeated measures of a table (MMRM by REML), with contrasts and least-squares means."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "file", type=Path, metavar="FILE.csv", help="a table with a header; one row a patient and visit"
    )
    parser.add_argument("--formula", required=True, help="such as 'chg ~ base*visit + arm*visit'")
    parser.add_argument("--subject", required=True, metavar="COL", help="column that says whose row it is")
    parser.add_argument("--visit", required=True, metavar="COL", help="column of the visits, which are categories")
    parser.add_argument("--df", choices=list(Df), default=Df.KENWARD_ROGER, help="(default kenward-roger)")
    parser.add_argument("--cov", default="us", metavar="NAME", help=f"covariance of the visits: {', '.join(NAMES)}")
    parser.add_argument(
        "--contrast", metavar="COL", help="compare the levels of this column: each other minus the first"
    )
    parser.add_argument("--at", metavar="VISIT", help="at this visit only")
    parser.add_argument("--level", type=float, default=0.95, metavar="SHARE", help="of intervals (default 0.95)")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(args: argparse.Namespace) -> int:
    """Reads, fits and prints."""
    check_level(args.level)
    fit = mmrm(read_table(args.file), args.formula, args.subject, args.visit, args.df, args.cov)
    tables = {"coefficients": fit.coefficients(args.level)}
    if args.contrast:
        tables = {
            "contrasts": fit.contrast(args.contrast, args.at, args.level),
            "means": fit.means(args.contrast, args.at, args.level),
            **tables,
        }
    print(_json(args, fit, tables) if args.json else _text(args, fit, tables))
    return 0


def _json(args: argparse.Namespace, fit: Mmrm, tables: dict[str, tuple[Answer, ...]]) -> str:
    parts: dict[str, object] = {name: [each.as_dict() for each in rows] for name, rows in tables.items()}
    told = {
        "formula": args.formula,
        "df": fit.df,
        "covariance": {"name": args.cov, "visits": fit.visits, "matrix": fit.covariance.tolist()},
        "solver": fit.solver,
        "patients": fit.problem.sums.patients,
        "outcomes": fit.problem.sums.values,
        "minus2_reml": fit.minus2,
        "level": args.level,
        "notes": fit.notes,
    }
    return json.dumps({**told, **parts}, indent=1)


def _text(args: argparse.Namespace, fit: Mmrm, tables: dict[str, tuple[Answer, ...]]) -> str:
    sums = fit.problem.sums
    lines = [
        f"{args.formula}",
        f"{sums.patients} patients, {sums.values} outcomes at {args.visit} {', '.join(fit.visits)}",
        f"covariance: {NAMES[args.cov]}; REML by {fit.solver}; -2 log likelihood {fit.minus2:.4f}; df: {fit.df}",
        *(f"note: {note}" for note in fit.notes),
    ]
    titles = {
        "contrasts": "Contrasts: each other level minus the first",
        "means": "Least-squares means: other factors weigh equally, numbers stand at their mean over patients",
        "coefficients": "Coefficients",
    }
    for name, rows in tables.items():
        lines += ["", titles[name], *_rows(rows, args.level)]
    visits = [f"{value:>10}" for value in fit.visits]
    lines += ["", "Covariance of the visits", " " * 10 + "".join(visits)]
    rows_of_s = zip(fit.visits, fit.covariance, strict=True)
    lines += [f"{name:>10}" + "".join(f"{value:10.3f}" for value in row) for name, row in rows_of_s]
    return "\n".join(lines)


def _rows(rows: Sequence[Answer], level: float) -> list[str]:
    wide = max(len(row.what) for row in rows)
    head = f"{'':<{wide}}  {'estimate':>10} {'SE':>9} {'df':>8} {f'{100 * level:.6g} % interval':>22} {'p':>9}"
    return [head, *(_row(row, wide) for row in rows)]


def _row(row: Answer, wide: int) -> str:
    interval = f"{row.low:.4f} to {row.high:.4f}"
    p = "<0.0001" if row.p < 0.0001 else f"{row.p:.4f}"
    df = "" if row.df is None else f"{row.df:.2f}"
    return f"{row.what:<{wide}}  {row.estimate:10.4f} {row.se:9.4f} {df:>8} {interval:>22} {p:>9}"
