"""How many protocol-driven trials a second, and how much faster is that than one person at a time?

    python benchmarks/protocol_trials.py [--people 300] [--trials 100]

Every person walks through the protocol's own steps, gates and doses, is measured, may leave, and is analysed by MMRM
with Kenward-Roger. Prints people and trials per CPU-second of one core for the simulator that takes one person at a
time and for the batched one, their ratio, and what 10,000 trials would take on two cores. Beside it stands a trial with
fixed visits and normal scores (mmrm_ratio.py): it walks through no protocol, and is another thing. Ends with 1 when the
batched one is less than 200 times the other.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cpu import cpu_seconds
from unstuck.core.trial import Truth
from unstuck.core.trial_file import checked, read_design
from unstuck.lab.trials.fixed_visits import Luck, made_up, simulate
from unstuck.lab.trials.virtual.analyse import analyse
from unstuck.lab.trials.virtual.batch import many_tables
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.plain import plain_table
from unstuck.lab.trials.virtual.truths import truth_of

DESIGN = Path(__file__).resolve().parents[1] / "examples" / "trials" / "feder_repeat.toml"
ALONE_PEOPLE, SEED, LEAST, WHOLE = 20, 1, 200, 10_000


def main() -> int:
    """Times the simulators on one design and prints what they take."""
    parser = argparse.ArgumentParser(description="Trials whose people walk through a protocol.")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--trials", type=int, default=100)
    args = parser.parse_args()
    few = checked(replace(read_design(DESIGN), size=ALONE_PEOPLE))
    many = checked(replace(few, size=args.people))
    one, all_of_them = (prepare_trial(d, args.trials, SEED).settings[0] for d in (few, many))
    truth = truth_of(one, Truth.PUBLISHED, SEED, 0)

    def together() -> None:
        analyse(many, many.primary, many_tables(all_of_them, [truth] * args.trials, SEED, 0))

    alone = cpu_seconds(lambda: plain_table(one, truth, SEED, 0), 2, warm=False) / ALONE_PEOPLE
    batched = cpu_seconds(together, 2, warm=False) / args.trials
    normal = cpu_seconds(lambda: simulate(made_up(args.people), Luck(SEED, WHOLE)), 2, warm=False) / WHOLE
    ratio = alone * args.people / batched
    print(f"trials of {args.people} people, protocol {many.arms[0].protocol}, {len(many.visits)} visits; one core:")
    print(f"{'one person at a time':30} {1 / alone:10,.0f} people/s {1 / alone / args.people:12,.3f} trials/s")
    print(f"{'batched, with its analysis':30} {args.people / batched:10,.0f} people/s {1 / batched:12,.1f} trials/s")
    print(f"{'fixed visits, no protocol':30} {args.people / normal:10,.0f} people/s {1 / normal:12,.0f} trials/s")
    print(f"batched over one at a time: {ratio:,.0f}")
    print(f"{WHOLE:,} such trials on two cores, by the batched figure: {WHOLE * batched / 2 / 60:,.0f} minutes")
    return 0 if ratio >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
