"""`unstuck trial-choose`: the design of a sweep that tells often enough for the least, the search's error held."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from unstuck.cli.trial import WORKERS, workers
from unstuck.core.errors import Complaint
from unstuck.core.trial import TrialDesign, Truth
from unstuck.core.trial_file import read_design
from unstuck.lab.trials.virtual.race import Finish, Rules, Runner, Standing, race
from unstuck.lab.trials.virtual.run import processes
from unstuck.lab.trials.virtual.trying import Least, Trying, trying

HELP = (
    "Of the designs of a sweep, choose the one that would tell often enough for the least cost, hours, people or days."
)
FINDING = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("design", help="a TOML file with a [sweep]; each combination is a candidate")
    parser.add_argument(
        "--reach", type=float, default=0.8, metavar="SHARE", help="share of trials to be read as working"
    )
    parser.add_argument("--least", choices=list(Least), default=Least.COST.value, help="what to take the least of")
    parser.add_argument("--truth", choices=[Truth.DRAWN.value, Truth.PUBLISHED.value], default=Truth.DRAWN.value)
    parser.add_argument("--error", type=float, default=0.05, help="chance that any statement of the search is wrong")
    parser.add_argument("--most", type=int, default=2000, metavar="N", help="trials to spend on one candidate")
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="names the luck")
    parser.add_argument("--workers", default="1", metavar="K", help=WORKERS)
    parser.add_argument("--json", action="store_true", help="print the search as JSON")


def run(args: argparse.Namespace) -> int:
    """Races the candidates and prints each with what is shown of it; 1 where nothing is decided."""
    design = read_design(args.design)
    if not design.sweep:
        raise Complaint("There is nothing to choose from.", args.design, "Add a [sweep] with the values to be tried.")
    count = workers(args.workers)
    rules = Rules(args.reach, args.error, args.most)
    made = trying(design, Truth(args.truth), Least(args.least), args.seed)
    with nullcontext() if count == 1 else processes(count) as pool:
        end = race(made.over(pool), len(made.job.settings), rules, _tell)
    told = _told(design, made, rules, end)
    print(json.dumps(told, indent=1) if args.json else _text(told))
    return 0 if _decided(end) else FINDING


def _decided(end: Finish) -> bool:
    """Whether one was shown to be enough, and no other may be so for less."""
    return end.best is not None and not any(r.standing is Standing.OPEN for r in end.rivals)


def _tell(runners: Sequence[Runner]) -> None:
    left, spent = sum(r.runs for r in runners), sum(r.of for r in runners)
    print(f"{spent} trials simulated, {left} of {len(runners)} designs left", file=sys.stderr, flush=True)


def _told(design: TrialDesign, made: Trying, rules: Rules, end: Finish) -> dict[str, Any]:
    unit = {Least.COST: design.costs.currency if design.costs else "", Least.HOURS: "hours"}
    words = [setting.cell.words for setting in made.job.settings]
    return {
        "simulated": True,
        "reach": rules.target,
        "error": rules.error,
        "least": made.least.value,
        "unit": unit.get(made.least, made.least.value),
        "choice": None if end.best is None else words[end.best.place],
        "decided": _decided(end),
        "may_be_better": [words[r.place] for r in end.rivals],
        "trials": sum(r.of for r in end.runners),
        "designs": [_runner(r, words[r.place]) for r in end.runners],
        "design_hash": made.job.design.hash,
        "seed": made.job.seed,
        "waits": design.interim is not None,
    }


def _runner(runner: Runner, words: str) -> dict[str, Any]:
    return {
        "design": words,
        "standing": runner.standing.value,
        "met": runner.met,
        "of": runner.of,
        "share_between": [round(runner.low, 4), round(runner.high, 4)],
        "takes": round(runner.mean, 2),
        "takes_between": [round(runner.takes_low, 2), round(runner.takes_high, 2)],
    }


def _text(told: dict[str, Any]) -> str:
    lines = ["SIMULATED. Intervals hold together, over all designs and looks, but for the stated error."]
    lines += [f"  {_line(one, told['unit'])}" for one in told["designs"]]
    return "\n".join([*lines, *_verdict(told)])


def _line(one: dict[str, Any], unit: str) -> str:
    low, high = (100 * bound for bound in one["share_between"])
    share = f"{100 * one['met'] / one['of']:.1f} % ({low:.1f} to {high:.1f}) of {one['of']}"
    least, most = one["takes_between"]
    return f"{one['design']}: {share}; {one['takes']:,.0f} {unit} ({least:,.0f} to {most:,.0f}): {one['standing']}"


def _verdict(told: dict[str, Any]) -> list[str]:
    reach, error = f"{100 * told['reach']:g} %", f"{100 * told['error']:g} %"
    spent = f"{told['trials']} trials were simulated."
    if told["choice"] is None:
        unsure = any(one["standing"] == Standing.OPEN for one in told["designs"])
        words = "Some are not decided; give --most more." if unsure else "None does."
        return [f"No design here was shown to reach {reach}. {words} {spent}"]
    others = len(told["may_be_better"])
    if told["decided"]:
        lines = [f"Choice: {told['choice']}. It reaches {reach} for the least {told['least']}. {spent}"]
        lines += [f"As good, or not told apart from it: {'; '.join(told['may_be_better'])}."] if others else []
    else:
        lines = [
            f"Not decided: of those shown to reach {reach}, {told['choice']} takes the least {told['least']}. {spent}"
        ]
        lines.append(f"{others} designs that may reach it for less are not decided; give --most more.")
    if told["waits"]:
        lines.append("People who enrol while a look waits for its last visits are not counted in what a design takes.")
    return [*lines, f"The chance that any statement here is wrong is at most {error}; that of costs is approximate."]
