"""How many whole trials fit into one fit of nlme::gls, or of mixedlm? All in one run, in CPU seconds of one core.

    python benchmarks/mmrm_ratio.py [--patients 300] [--trials 10000]

A trial here is drawn, loses patients at random, is analysed by REML with an unstructured covariance, and gets its
Kenward-Roger contrast. The others only fit one such table, drawn by the same simulator; starting R and the first,
compiling or warming call do not count. All three must agree on the estimate. Ends with 1 below 10,000 times gls or 200
times mixedlm, or when 10,000 trials take more than 2 seconds on two threads (wall time: a busy machine shows more).
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mixedlm
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cpu import cpu_seconds
from unstuck.lab.analysis import mmrm
from unstuck.lab.trials.fixed_visits import FixedVisits, Luck, made_up, patients_of, simulate

GLS_LEAST, MIXEDLM_LEAST, WALL_MOST_S = 10_000, 200, 2.0
SEED = 2026
SCRIPT = """
suppressMessages(library(nlme))
d <- read.csv(commandArgs(trailingOnly = TRUE)[1])
d$visit <- factor(d$visit); d$arm <- factor(d$arm)
one <- function() gls(chg ~ base*visit + arm*visit, d, correlation = corSymm(form = ~ as.integer(visit) | id),
                      weights = varIdent(form = ~ 1 | visit), method = "REML")
spent <- system.time(g <- one())
b <- coef(g)
cat(sprintf("%.17g", c(spent["user.self"] + spent["sys.self"], b["arm1"] + b["visit5:arm1"])), sep = "\\n")
"""


def table(made: FixedVisits) -> dict[str, list[float]]:
    """The first trial as a long table of the outcomes that were seen."""
    x, y = patients_of(made, Luck(SEED, 1))
    who, visit = np.nonzero(np.isfinite(y[0]))
    columns = {"id": who, "visit": visit + 1, "arm": x[0, who, 1], "base": x[0, who, 2], "chg": y[0, who, visit]}
    return {name: [float(value) for value in cells] for name, cells in columns.items()}


def gls(data: dict[str, list[float]]) -> tuple[float, float]:
    """CPU seconds of one nlme::gls, and its contrast."""
    script = shutil.which("Rscript")
    if script is None:
        sys.exit("Rscript is not on PATH; without nlme there is no ratio to show.")
    with tempfile.TemporaryDirectory() as name:
        path, program = Path(name) / "trial.csv", Path(name) / "fit.R"
        program.write_text(SCRIPT, encoding="utf-8")
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(data)
            writer.writerows([repr(value) for value in row] for row in zip(*data.values(), strict=True))
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        run = [script, "--vanilla", str(program), str(path)]
        lines = subprocess.run(run, check=True, capture_output=True, text=True, env=env).stdout.split()
    return float(lines[0]), float(lines[1])


def one_mixedlm(data: dict[str, list[float]]) -> tuple[float, float]:
    """CPU seconds of one mixedlm fit with a random effect for each visit, and its contrast."""
    frame = pd.DataFrame(data).astype({"visit": str, "arm": str, "id": str})

    def fit() -> object:
        return mixedlm.lmer("chg ~ base*visit + arm*visit + (0 + visit | id)", frame)

    found = dict(fit().fixef())
    return cpu_seconds(fit, 5), found["arm.1"] + found["arm.1:visit.4"]


def main() -> int:
    """Prints the ratios; 1 below the wanted ones."""
    parser = argparse.ArgumentParser(description="Whole simulated trials beside single fits of other packages.")
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--trials", type=int, default=10_000)
    args = parser.parse_args()
    made = made_up(args.patients)
    data = table(made)
    ours = simulate(made, Luck(SEED, 1)).fits.estimate[0, 0]
    whole = cpu_seconds(lambda: simulate(made, Luck(SEED, args.trials)), 3) / args.trials
    call = cpu_seconds(lambda: mmrm(data, "chg ~ base*visit + arm*visit", "id", "visit").contrast("arm", at=5), 5)
    start = time.perf_counter()
    simulate(made, Luck(SEED, args.trials), threads=2)
    wall = time.perf_counter() - start
    (r_s, r_says), (rust_s, rust_says) = gls(data), one_mixedlm(data)
    apart = max(abs(r_says - ours), abs(rust_says - ours))
    print(f"{args.patients} patients, 5 visits; contrast {ours:.6f}, largest difference of the three {apart:.1e}")
    for name, seconds in (
        ("nlme::gls, one fit", r_s),
        ("mixedlm.lmer, one fit", rust_s),
        ("analysis.mmrm, one call", call),
    ):
        print(f"{name:46} {1e6 * seconds:12.1f} microseconds  {seconds / whole:10.0f} whole trials")
    print(f"{'one whole trial: draw, leave, REML, Kenward-Roger':46} {1e6 * whole:12.1f} microseconds")
    print(f"{args.trials} trials on two threads: {wall:.2f} s of wall time")
    fast = r_s / whole >= GLS_LEAST and rust_s / whole >= MIXEDLM_LEAST and wall * 10_000 / args.trials <= WALL_MOST_S
    return 0 if fast and apart < 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
