"""Does an MMRM of forty patients keep five per cent? With the model's standard error, and with Kenward-Roger's.

    python benchmarks/mmrm_error_rates.py [--patients 40] [--trials 100000] [--seed 20261122] [--threads 2]

Null trials of two arms, five visits and dropout at random, analysed with base and arm crossed with visit. The interval
is Wilson's. The seed was written down before the first run. Ends with 1 when Kenward-Roger's rate is outside 0.048 to
0.053 or not nearer to 5 % than the model's.
"""

from __future__ import annotations

import argparse
import sys

from unstuck.core.shares import wilson_interval
from unstuck.lab.trials.fixed_visits import Luck, made_up, simulate

LEAST, MOST = 0.048, 0.053


def main() -> int:
    """Prints both rates with their intervals; 1 when the rate of Kenward-Roger is not what it should be."""
    parser = argparse.ArgumentParser(description="Type I error of a small MMRM.")
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    found = simulate(made_up(args.patients), Luck(args.seed, args.trials), args.threads)
    rates = {}
    for name, corrected in (("model standard error", False), ("Kenward-Roger", True)):
        rates[name] = float(found.rejects(kenward_roger=corrected)[0])
        low, high = wilson_interval(round(rates[name] * args.trials), args.trials)
        print(f"{name:22} {rates[name]:.5f}  (95 % interval {low:.5f} to {high:.5f})")
    print(f"{args.trials} null trials of {args.patients}, seed {args.seed}, {found.unanswered} without an answer")
    model, kr = rates.values()
    return 0 if LEAST <= kr <= MOST and abs(kr - 0.05) < abs(model - 0.05) else 1


if __name__ == "__main__":
    sys.exit(main())
