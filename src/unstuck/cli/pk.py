"""`unstuck pk REGIMEN.toml`: what the body does with a regimen, for one person or for a population."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.pk import ParameterSet, load_set, set_names
from unstuck.lab.pk.answer import STANDING, for_many, for_one, plain, text_of
from unstuck.lab.pk.nonmem import Subject, read_events
from unstuck.lab.pk.regimen_file import EXAMPLE, read_question
from unstuck.lab.pk.segments import prepare, telling_of_compilation

HELP = "Predict concentrations of ketamine and its metabolites for a regimen; published models by name."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("regimen", nargs="?", metavar="REGIMEN", help="a TOML file, or a CSV with NONMEM's columns")
    parser.add_argument("--model", metavar="NAME", help="key of the library, or a TOML file with a set of your own")
    parser.add_argument("--population", type=int, metavar="N", help="so many drawn adults instead of the file's person")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="names the luck (default 0)")
    parser.add_argument("--threads", type=int, default=1, metavar="K", help="no effect on the result")
    parser.add_argument("--cmt", default="", metavar="1=oral,2=iv", help="what the numbers in CMT mean (CSV)")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument("--plot", metavar="FILE", help="draw the curves (.svg, .pdf or .png)")
    parser.add_argument("--list", action="store_true", help="list the models with their domains")
    parser.add_argument("--example", action="store_true", help="print an example of a regimen file")


def run(args: argparse.Namespace) -> int:
    """Prints the answer."""
    if args.list or args.example:
        print(_listing() if args.list else EXAMPLE, end="")
        return 0
    if not args.regimen:
        raise Complaint("No regimen is named.", mend="Name a file; --example prints one.")
    if args.regimen.lower().endswith(".csv"):
        return _table(args)
    question = read_question(Path(args.regimen))
    found = load_set(args.model or question.model)
    with telling_of_compilation(sys.stderr):
        prepare()
    if args.population is None:
        answer = for_one(found, question)
    else:
        _at_least(args)
        answer = for_many(found, question, args.population, args.seed, args.threads)
    if args.plot:
        importlib.import_module("unstuck.lab.pk.plots").draw_answer(answer, Path(args.plot))
    print(json.dumps(plain(answer), indent=1) if args.json else text_of(answer), end="\n" if args.json else "")
    return 0


def _at_least(args: argparse.Namespace) -> None:
    for name, value, least in (
        ("population", args.population, 1),
        ("threads", args.threads, 1),
        ("seed", args.seed, 0),
    ):
        if value < least:
            raise Complaint(f"--{name} {value} is too small.", f"--{name}", f"Give at least {least}.")


def _listing() -> str:
    lines = []
    for name in set_names():
        s = load_set(name)
        d = s.domain
        lines += [
            f"{name}: {s.title}",
            f"    {STANDING[s.standing]}",
            f"    {s.drug}; ages {d.age_years[0]:g} to {d.age_years[1]:g}, {d.weight_kg[0]:g} to {d.weight_kg[1]:g} kg;"
            f" routes {', '.join(d.routes)}",
            f"    outputs {', '.join(d.outputs)}",
        ]
    return "\n".join(lines) + "\n"


def _table(args: argparse.Namespace) -> int:
    """A CSV in, a CSV (or JSON) out: each observation with what the model says."""
    path = Path(args.regimen)
    if args.population is not None or args.plot:
        raise Complaint("A table answers for its own subjects.", mend="Leave --population and --plot out, or use TOML.")
    if not path.is_file():
        raise Complaint("There is no such file.", str(path), "Name a CSV with TIME and AMT.")
    found = load_set(args.model or "ket1")
    subjects = read_events(path.read_text(encoding="utf-8-sig"), _places(args.cmt))
    rows = [row for subject in subjects for row in _rows(found, subject)]
    if args.json:
        print(json.dumps(rows, indent=1))
    else:
        print(",".join(["line", "ID", "TIME", *found.domain.outputs]))
        for row in rows:
            print(",".join(f"{v:.10g}" if isinstance(v, float) else str(v) for v in row.values()))
    return 0


def _rows(found: ParameterSet, subject: Subject) -> list[dict[str, object]]:
    if not subject.times_h:
        return []
    course = subject.course(found)
    times = np.round(course.time_h, 9)
    rows: list[dict[str, object]] = []
    for n, line in enumerate(subject.lines):
        levels = {o: float(course[o][0, n]) for o in found.domain.outputs}
        rows.append({"line": line, "ID": subject.id, "TIME": float(times[n]), **levels})
    return rows


def _places(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(mark and value.strip() for _, mark, value in pairs):
        raise Complaint(f"--cmt {text!r} is not understood.", "--cmt", "Write for example 1=oral,2=iv.")
    return {name.strip(): value.strip() for name, _, value in pairs}
