"""How many people a second does a protocol-driven trial take, in the reference simulator and in the batched one?

Run: python benchmarks/protocol_trials.py. Prints people and trials per CPU-second of one core, and their ratio.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from unstuck.core.trial import Truth
from unstuck.core.trial_file import checked, read_design
from unstuck.lab.trials.virtual.analyse import analyse
from unstuck.lab.trials.virtual.batch import many_tables
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.plain import plain_table
from unstuck.lab.trials.virtual.truths import truth_of

DESIGN = Path(__file__).resolve().parents[1] / "examples" / "trials" / "feder_repeat.toml"
SIZE, ALONE, TOGETHER, SEED = 40, 1, 250, 1


def main() -> None:
    """Times both on the same design and prints what they take."""
    design = checked(replace(read_design(DESIGN), size=SIZE))
    setting = prepare_trial(design, TOGETHER, SEED).settings[0]
    truth = truth_of(setting, Truth.PUBLISHED, SEED, 0)
    plain_table(setting, truth, SEED, 0)  # what is worked out once is not timed
    start = time.process_time()
    for replicate in range(ALONE):
        plain_table(setting, truth, SEED, replicate)
    alone = (time.process_time() - start) / ALONE
    start = time.process_time()
    table = many_tables(setting, [truth] * TOGETHER, SEED, 0)
    analyse(design, design.primary, table)
    together = (time.process_time() - start) / TOGETHER
    print(f"reference: {SIZE / alone:,.0f} people, {1 / alone:.2f} trials per CPU-second")
    print(f"batched, with its analysis: {SIZE / together:,.0f} people, {1 / together:,.0f} trials per CPU-second")
    print(f"ratio {alone / together:,.0f}")


if __name__ == "__main__":
    main()
