"""Calibration and recovery of the ensemble's fit: `python tools/ensemble_check.py FOLDER [--rows N] [--write]`.

Simulates rows from the prior, as the first round of tools/ensemble.py does, and writes the report into the library.
Resumable only as a whole: the table is kept in FOLDER when it is done.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from unstuck.core.library_file import library_root
from unstuck.lab.fit import smc
from unstuck.lab.fit.check import check
from unstuck.lab.fit.ensemble import Simulator, distance, fitted_targets, space

SHARE = 5  # one row in so many is kept as a posterior


def main() -> int:
    """Makes the table where it is not there yet, checks, and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, value in (("rows", 600), ("people", 96), ("seed", 77)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    free = space()
    settings = smc.Settings(args.rows, free.size, seed=args.seed)
    table = smc.run(settings, 0, args.folder, Simulator(free, args.people), distance, print)
    whole = np.isfinite(table.findings).all(axis=1)
    tolerances = np.array([t.tolerance for t in fitted_targets()])
    names = (*free.course, *(f"figure.{n}" for n in free.learner))
    found = check(names, table.vectors[whole], table.findings[whole], tolerances, int(whole.sum()) // SHARE)
    text = json.dumps(found.plain(), indent=1) + "\n"
    if args.write:
        (library_root() / "fear" / "ensemble_check.json").write_text(text, encoding="utf-8")
    print(f"coverage of 50 %: {found.cover_50:.2f}, of 90 %: {found.cover_90:.2f}; learned: {', '.join(found.learned)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
