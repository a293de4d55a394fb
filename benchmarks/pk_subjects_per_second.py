"""How many people a second does the pharmacokinetic solver simulate, beside other engines, in one run?

    python benchmarks/pk_subjects_per_second.py [--people 20000] [--least 300] [--million] [--peers numbalsoda,...]

Six infusions, 100 times, two outputs (see `pk_scenario`). Every engine is timed at its default tolerances and at
tolerances that bring its error as low as it goes; both errors are printed. Times are seconds of one core, the best
of several; the first, compiling call is left out. Ends with 1 where ours is below `--least` times numbalsoda at an
error of 1e-9 or less, or where our own error exceeds that. With --million a population of a million people is
run as well, and its memory told.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cpu import cpu_seconds
from benchmarks.pk_peers import PEERS
from benchmarks.pk_scenario import TIMES_H, Floats, Scenario, error, exact, people, regimen, system
from unstuck.lab.pk import bolus, infusion, load_set
from unstuck.lab.pk.cohort import Wish, simulate
from unstuck.lab.pk.kernel import Crowd, plan_of, room_for, run_crowd
from unstuck.lab.pk.lanes import LANES, space_for
from unstuck.lab.pk.program import compile_program

CHECKED = 12
BLOCK = 64 * LANES
MOST_ERROR = 1e-9


def ours(scenario: Scenario) -> Floats:
    """Concentrations (n, 2, T): from parameters to curves, block by block; nothing is kept between blocks but the
    curves."""
    found = np.empty((len(scenario.who), 2, TIMES_H.size))
    space = None
    for first in range(0, len(scenario.who), BLOCK):
        rows = slice(first, first + BLOCK)
        part = Scenario(scenario.who.part(rows), {k: v[rows] for k, v in scenario.values.items()})
        made = system(part)
        program = compile_program(regimen(), made, part.who, TIMES_H)
        plan = plan_of(made, program)
        amounts = np.array([c.amount_mg for c in program.channels])
        scales = np.array([r.scale for r in made.readings.values()])
        crowd = Crowd(made.matrix, amounts, scales, np.zeros((len(part.who), len(made.states))))
        room = room_for(plan, len(part.who), np.zeros(0))
        space = space or space_for(plan)
        run_crowd(plan, crowd, room, space)
        found[rows] = room.conc.transpose(0, 3, 2, 1).reshape(len(part.who), 2, -1)
    return found


def solver_alone(scenario: Scenario, repeats: int) -> float:
    """CPU seconds a person of the compiled solver on one block, all curves written."""
    part = scenario.first(BLOCK)
    made = system(part)
    program = compile_program(regimen(), made, part.who, TIMES_H)
    plan = plan_of(made, program)
    scales = np.array([r.scale for r in made.readings.values()])
    crowd = Crowd(made.matrix, np.array([c.amount_mg for c in program.channels]), scales, np.zeros((BLOCK, 4)))
    room, space = room_for(plan, BLOCK, np.zeros(0)), space_for(plan)
    return cpu_seconds(lambda: run_crowd(plan, crowd, room, space), repeats) / BLOCK


def time_peers(chosen: list[str], scenario: Scenario, wanted: Floats) -> dict[str, float]:
    """Prints each peer at its default and at its finest tolerances; returns people a second at the default."""
    rates = {}
    for name, (make, count, default, finest) in PEERS.items():
        if not any(name.startswith(c) for c in chosen):
            continue
        try:
            engine = make()
        except ModuleNotFoundError as missing:
            print(f"{name:<28} not installed ({missing.name})")
            continue
        for label, (rtol, atol) in (("default", default), ("finest", finest)):
            off = error(engine(scenario.first(CHECKED), rtol, atol), wanted)
            few = scenario.first(count)
            speed = count / cpu_seconds(lambda e=engine, f=few, r=rtol, a=atol: e(f, r, a), 3)  # type: ignore[misc]
            print(f"{name + ', ' + label:<28} {speed:>14,.0f} {off:>12.1e}   rtol {rtol:g}, atol {atol:g}", flush=True)
            rates[f"{name}, {label}"] = speed
    return rates


def million(count: int) -> int:
    """Runs a population of that size in this process and prints time and memory; 1 where it took a GiB or more."""
    wish = Wish(load_set("ket1"), infusion(40, mg_per_kg=0.5), np.linspace(0, 24, 100), outputs=OUTPUTS)
    simulate(Wish(load_set("ket1"), bolus(mg=10), np.array([0.0, 1.0]), outputs=OUTPUTS), 64, seed=1)
    begun = time.perf_counter()
    found = simulate(wish, count, seed=1, threads=2)
    spent = time.perf_counter() - begun
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    peak = found.numbers[OUTPUTS[0]].quantile(0.5)[0]
    print(f"{count:,} people, drawn and summarised with quantiles: {spent:.0f} s on two threads, {gib:.2f} GiB at most")
    print(f"median venous peak {peak:.1f} ng/mL")
    return int(gib >= 1.0)


OUTPUTS = ("ketamine_venous", "norketamine_venous")


def main() -> int:
    """Prints the table; returns 1 where a promise is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--least", type=float, default=300)
    parser.add_argument("--peers", default="numbalsoda,diffrax,libroadrunner,scipy")
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--only-million", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only_million:
        return million(args.only_million)
    count = -(-args.people // BLOCK) * BLOCK
    scenario = people(count)
    wanted = exact(scenario.first(CHECKED))
    print(f"{'engine':<28} {'people/s/core':>14} {'error':>12}")
    off = error(ours(scenario.first(BLOCK))[:CHECKED], wanted)
    alone, whole = 1 / solver_alone(scenario, 40), count / cpu_seconds(lambda: ours(scenario), 5)
    print(f"{'unstuck, solver':<28} {alone:>14,.0f} {off:>12.1e}   all curves written")
    print(f"{'unstuck, all':<28} {whole:>14,.0f} {off:>12.1e}   from parameters to curves", flush=True)
    rates = time_peers(args.peers.split(","), scenario, wanted)
    for name, rate in rates.items():
        print(f"ours is {alone / rate:>10,.0f} times {name} ({whole / rate:,.0f} with everything around it)")
    base = rates.get("numbalsoda LSODA, finest")
    missed = off > MOST_ERROR or (base is not None and alone / base < args.least)
    if args.million:
        again = [sys.executable, __file__, "--only-million", "1000000"]
        missed |= subprocess.run(again, check=False).returncode != 0
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
