"""`unstuck phenomena`: holds a learner of fear to published experiments and says where it fails."""

from __future__ import annotations

import argparse
import json

from unstuck.lab.fear.answer import answer, text_of
from unstuck.lab.fear.parameters import FAMILY, load_model

HELP = "Hold a learner of fear to published experiments: target, result, pass or fail; and a table of ketamine studies."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--model", default="latent_causes", choices=sorted(FAMILY), help="member of the family (latent_causes)"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(args: argparse.Namespace) -> int:
    """Prints the checklist and the table; 0 whatever passes, since failures are findings about models."""
    told = answer(load_model(args.model))
    print(json.dumps(told.plain(), indent=1) if args.json else text_of(told), end="\n" if args.json else "")
    return 0
