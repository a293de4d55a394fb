"""`unstuck trial-size`: the smallest size of a design that would tell often enough, the search's error held."""

from __future__ import annotations

import argparse
import json

from unstuck.core.trial import Truth
from unstuck.core.trial_file import read_design
from unstuck.lab.trials.virtual.optimise import Found, Search, smallest
from unstuck.lab.trials.virtual.trying import successes_of

HELP = "Find the smallest size of a trial's design that would tell often enough."
FINDING = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("design", help="a TOML file")
    parser.add_argument(
        "--reach", type=float, default=0.8, metavar="SHARE", help="share of trials to be read as working"
    )
    parser.add_argument("--between", type=int, nargs=2, required=True, metavar=("LOW", "HIGH"), help="sizes to search")
    parser.add_argument("--step", type=int, default=4, metavar="N", help="between two sizes")
    parser.add_argument("--truth", choices=[Truth.DRAWN.value, Truth.PUBLISHED.value], default=Truth.DRAWN.value)
    parser.add_argument("--error", type=float, default=0.05, help="chance that any statement of the search is wrong")
    parser.add_argument("--most", type=int, default=2000, metavar="N", help="trials to spend on one size")
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="names the luck")
    parser.add_argument("--json", action="store_true", help="print the search as JSON")


def run(args: argparse.Namespace) -> int:
    """Searches and prints; 1 where no size within the bounds was shown to be enough."""
    design = read_design(args.design)
    low, high = args.between
    search = Search(args.reach, low, high, step=args.step, error=args.error, most=args.most)
    found = smallest(successes_of(design, Truth(args.truth), args.seed), search)
    print(json.dumps(_told(found)) if args.json else _text(found, search))
    return 0 if found.size is not None else FINDING


def _told(found: Found) -> dict[str, object]:
    tried = [{"size": t.size, "side": t.side.value, "met": t.met, "of": t.of} for t in found.tried]
    return {"size": found.size, "undecided": list(found.undecided), "tried": tried, "simulated": True}


def _text(found: Found, search: Search) -> str:
    lines = [f"  {t.size} people: {t.met} of {t.of} trials, {t.side.value}" for t in found.tried]
    if found.size is None:
        words = f"No size up to {found.tried[0].size} was shown to reach {100 * search.target:g} %."
    else:
        words = (
            f"{found.size} people reach {100 * search.target:g} %; the search errs in {100 * search.error:g} % at most."
        )
    if found.undecided:
        words += f" Undecided, and counted as not enough: {', '.join(map(str, found.undecided))}."
    return "\n".join(["SIMULATED.", *lines, words])
