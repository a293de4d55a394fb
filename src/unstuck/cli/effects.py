"""`unstuck effects REGIMEN.toml`: what a regimen does, from receptor to pressure, and a hypothesis on what follows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.lab.patients.effects_answer import Asked, answer, person_of, text_of
from unstuck.lab.pk import load_set
from unstuck.lab.pk.regimen_file import EXAMPLE, read_question

HELP = "Predict dissociation, sedation, blood pressure and pulse for a regimen; a model, not a measurement."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("regimen", nargs="?", type=Path, metavar="REGIMEN", help="a TOML file, as for 'unstuck pk'")
    parser.add_argument("--model", metavar="NAME", help="another model of pharmacokinetics than the file's")
    parser.add_argument("--people", type=int, default=500, metavar="N", help="people behind the ranges (500)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="names the luck (0)")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument("--example", action="store_true", help="print an example of a regimen file")


def run(args: argparse.Namespace) -> int:
    """Prints the answer."""
    if args.example:
        print(EXAMPLE, end="")
        return 0
    if args.regimen is None:
        raise Complaint("No regimen is named.", mend="Name a file; --example prints one.")
    if args.people < 2 or args.seed < 0:
        raise Complaint("--people or --seed is too small.", mend="Give at least 2 people, and a seed of 0 or more.")
    question = read_question(args.regimen)
    asked = Asked(
        found=load_set(args.model or question.model),
        regimen=question.regimen,
        person=person_of(question.person),
        until_h=float(question.times_h[-1]),
        count=args.people,
        seed=args.seed,
    )
    told = answer(asked)
    print(json.dumps(told.plain(), indent=1) if args.json else text_of(told), end="\n" if args.json else "")
    return 0
