"""`unstuck trial`: what a trial's design can and cannot show, by simulating it many times."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.trial_file import read_design
from unstuck.lab.trials.virtual.job import CHUNK, prepare_trial
from unstuck.lab.trials.virtual.report import place_report, write_report
from unstuck.lab.trials.virtual.run import Cluster, Hands, run_trial
from unstuck.lab.trials.virtual.summary import summarise
from unstuck.lab.trials.virtual.texts import texts_of
from unstuck.lab.trials.virtual.words import text_of

DASK = "address of a Dask scheduler, or 'local' for one of this machine; no effect on the result"
PLACE = "data folder of a clinic: its protocol pages list the report beside each arm's protocol"
WORKERS = "processes, or 'all' for one on each core; no effect on the result"
HELP = "Simulate a trial's design many times, to see what it could show and what could fool it."
INTERRUPTED = 130
EVERY_S = 10.0  # between two lines of a log


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("design", help="a TOML file; examples/trials holds some")
    parser.add_argument("--reps", type=int, required=True, metavar="N", help="replicates of each scenario")
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="names the luck; same seed, same files")
    parser.add_argument("--workers", default="1", metavar="K", help=WORKERS)
    parser.add_argument("--dask", metavar="ADDR", help=DASK)
    parser.add_argument("--chunk", type=int, default=CHUNK, metavar="N", help="replicates in one piece of work")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    parser.add_argument("--place", type=Path, metavar="HOME", help=PLACE)
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def run(args: argparse.Namespace) -> int:
    """Simulates what is missing, writes summary and report, prints the summary. Interrupted, it says how to go on."""
    count = workers(args.workers)
    if args.dask is not None and count > 1:
        raise Complaint("--dask and --workers exclude each other.", mend="Give one of the two.")
    job = prepare_trial(read_design(args.design), args.reps, args.seed, args.chunk)
    try:
        files = run_trial(job, args.out, Hands(count, _cluster(args.dask)), args.resume, Telling())
    except KeyboardInterrupt:
        print(f"\nStopped. Add --resume to go on; what is done lies in {args.out}.", file=sys.stderr)
        return INTERRUPTED
    told = summarise(job, files)
    texts = texts_of(job, Path(args.design).read_text(encoding="utf-8"))
    write_report(told, args.out, texts)
    if args.place is not None:
        place_report(told, args.place, texts)
    print(json.dumps(told, indent=1, sort_keys=True) if args.json else text_of(told), end="")
    return 0


def _cluster(address: str | None) -> Cluster | None:
    """The Dask cluster of that address; its module is loaded by name, so that only --dask needs the extra."""
    if address is None:
        return None
    found = importlib.import_module("unstuck.lab.trials.virtual.cluster")
    return partial(found.cluster, address)


def workers(text: str) -> int:
    """How many processes that means. Raises Complaint for a number below 1 or a word that is none."""
    if text == "all":
        return os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise Complaint(f"--workers {text} is no number of processes.", mend="Give 1 or more, or all.")
    return int(text)


class Telling:
    """Says how far the run is: over and over on one line of a terminal, now and then on a line of a log."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.said = clock, -math.inf

    def __call__(self, done: int, of: int, left_s: float) -> None:
        """So many pieces of so many are there; seconds left by the pace so far, NaN while there is none."""
        left = f", about {_span(left_s)} left" if done < of and math.isfinite(left_s) else ""
        words, now = f"simulated {done} of {of} pieces{left}", self.clock()
        if sys.stderr.isatty():
            print(f"\r{words}   ", end="\n" if done == of else "", file=sys.stderr, flush=True)
        elif done == of or now - self.said >= EVERY_S:
            self.said = now
            print(words, file=sys.stderr, flush=True)


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
