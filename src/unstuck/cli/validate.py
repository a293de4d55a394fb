"""`unstuck validate`: what published trials would have shown under every candidate truth, misfits told openly."""

from __future__ import annotations

import argparse
import json
import sys

from unstuck.lab.fit.validate import text_of, validate

HELP = "Check mechanistic patients against published trials, beside the prior alone."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--members", type=int, default=24, metavar="N", help="members of the ensemble to use")
    parser.add_argument("--people", type=int, default=120, metavar="N", help="people in each simulated arm")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="names the luck")
    parser.add_argument("--json", action="store_true", help="print the page as JSON")


def run(args: argparse.Namespace) -> int:
    """Prints the page. A misfit is part of the answer and no failure of the command."""
    page = validate(args.members, args.people, args.seed, _tell)
    print(json.dumps(page.plain(), indent=1) if args.json else text_of(page), end="\n" if args.json else "")
    return 0


def _tell(done: int, of: int) -> None:
    end = "\n" if done == of else ""
    print(f"\rsimulated {done} of {of} truths", end=end, file=sys.stderr, flush=True)
