"""How many times metafor's speed is REML with Knapp-Hartung here? Both on the same data sets, in the same run.

    python benchmarks/meta_ratio.py [--studies 10] [--sets 20000] [--least 200]

metafor::rma is timed inside its own loop in R, so that starting R counts for nothing. Times are CPU seconds; the
first, compiling call is left out. `reml` is called once a data set, as rma is. Ends with 1 when `reml` or the batch
is less than `--least` times metafor.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cpu import cpu_seconds
from unstuck.lab.meta.batch import ManyPooled, pool_many
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.sample import Effects, Floats
from unstuck.lab.meta.single import reml

SETS_IN_R = 400
SCRIPT = """
suppressMessages(library(metafor))
d <- as.matrix(read.csv(commandArgs(trailingOnly = TRUE)[1], header = FALSE))
k <- ncol(d) / 2
for (i in 1:20) rma(d[i, 1:k], d[i, (k + 1):(2 * k)], method = "REML", test = "knha")
estimates <- numeric(nrow(d))
spent <- system.time(for (i in seq_len(nrow(d)))
  estimates[i] <- rma(d[i, 1:k], d[i, (k + 1):(2 * k)], method = "REML", test = "knha")$b)
cat(sprintf("%.17g", c((spent["user.self"] + spent["sys.self"]) / nrow(d), estimates)), sep = "\\n")
"""


def simulated(sets: int, studies: int) -> tuple[Floats, Floats]:
    """Effects and variances (sets, studies) of trials of about 15 to 100 people an arm, tau 0.3."""
    luck = np.random.default_rng(1)
    v = luck.uniform(0.02, 0.15, (sets, studies))
    return luck.normal(0.35, np.sqrt(v + 0.09)), v


def metafor(y: Floats, v: Floats) -> tuple[float, Floats]:
    """CPU seconds of one metafor::rma, and its estimates."""
    script = shutil.which("Rscript")
    if script is None:
        sys.exit("Rscript is not on PATH; without metafor there is no ratio to show.")
    with tempfile.TemporaryDirectory() as name:
        data, program = Path(name) / "data.csv", Path(name) / "loop.R"
        program.write_text(SCRIPT, encoding="utf-8")
        with data.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[repr(float(x)) for x in row] for row in np.hstack([y, v])])
        run = [script, "--vanilla", str(program), str(data)]
        lines = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    return float(lines[0]), np.array([float(line) for line in lines[1:]])


def main() -> int:
    """Prints the ratios; 1 when one data set after the other, or the compiled batch, is below the wanted ratio."""
    parser = argparse.ArgumentParser(description="REML with Knapp-Hartung, beside metafor::rma.")
    parser.add_argument("--studies", type=int, default=10)
    parser.add_argument("--sets", type=int, default=20000)
    parser.add_argument("--least", type=float, default=200.0)
    args = parser.parse_args()
    y, v = simulated(args.sets, args.studies)
    theirs, estimates = metafor(y[:SETS_IN_R], v[:SETS_IN_R])
    compiled: ManyPooled = pool_many(y, v)
    apart = float(np.abs(compiled.estimate[:SETS_IN_R] - estimates).max())
    singly = [reml(y[n], v[n]).estimate for n in range(SETS_IN_R)]
    apart = max(apart, float(np.abs(np.array(singly) - compiled.estimate[:SETS_IN_R]).max()))
    names = tuple(str(n) for n in range(args.studies))
    one = Effects(y[0], v[0], names, names)
    each = cpu_seconds(lambda: [reml(y[n], v[n]) for n in range(len(y))], 5) / len(y)
    batch = cpu_seconds(lambda: pool_many(y, v), 5) / args.sets
    rows = [
        ("metafor::rma, in its own loop", theirs),
        ("pool, one data set with everything", cpu_seconds(lambda: [pool(one) for _ in range(50)], 5) / 50),
        ("reml, one data set after the other", each),
        ("pool_many, NumPy", cpu_seconds(lambda: pool_many(y, v, compiled=False), 2) / args.sets),
        ("pool_many, compiled", batch),
    ]
    print(f"REML with Knapp-Hartung, {args.studies} studies; largest difference of estimates {apart:.1e}")
    for name, seconds in rows:
        print(f"{name:36} {1e6 * seconds:10.1f} microseconds  {theirs / seconds:9.1f} x metafor")
    return 0 if theirs / max(each, batch) >= args.least else 1


if __name__ == "__main__":
    sys.exit(main())
