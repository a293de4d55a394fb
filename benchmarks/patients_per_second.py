"""How long does one virtual patient's course of 150 days take, against the batched prototype in the same run?

    python benchmarks/patients_per_second.py [--people 2000] [--peers 400] [--most 0.333]

Both sides live 150 days with ten weekly sessions of prolonged exposure, homework, avoidance, belief, scores and
leaving; ours has a run-in besides. The prototype (`jax_patients.py`) is jit, vmap and scan of JAX in single
precision; ours is the compiled patient layer around the compiled learner in double precision, and, below it, the
learner alone on as many events. Times are CPU seconds of all threads over people, best of several, warm; the first
run, which compiles or reads what was compiled, is told apart. Ends with 1 where ours takes more than `--most` of the
prototype's time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import jax
import jax_patients
import numpy as np

from unstuck.lab.fear import kernel
from unstuck.lab.fear.base import History
from unstuck.lab.fear.parameters import load_model
from unstuck.lab.fear.schedule import history_of
from unstuck.lab.patients.batch import Plan, simulate
from unstuck.lab.patients.minds import TruthOf, draw
from unstuck.lab.patients.therapies import load_therapy
from unstuck.lab.patients.timetable import Session, timetable

DAYS, WEEKLY = 150, range(21, 91, 7)
LOOKS = np.array([0.0, 21, 22, 28, 35, 49, 92, 150])


def plan() -> Plan:
    """Ten weekly sessions of prolonged exposure."""
    therapy = load_therapy("pe")
    return Plan(tuple(Session(24.0 * day + 15, therapy) for day in WEEKLY))


def ours(people: int) -> tuple[Callable[[], object], int]:
    """The whole patient layer, and how many events each person lives."""
    asked = plan()
    crowd = draw(TruthOf(), np.arange(people, dtype=np.uint64), 1)
    return lambda: simulate(crowd, asked, LOOKS), timetable(float(LOOKS[-1]), asked.sessions).events


def learner(people: int, events: int) -> Callable[[], object]:
    """The learner alone through so many events of one schedule."""
    history, members = life(events), load_model().people(people)
    return lambda: kernel.run(members, history)


def life(events: int) -> History:
    """Events of a patient's days, four a day, whose outcome is the person's own reaction."""
    at_h = np.arange(events) // 4 * 24.0 + np.array([9.0, 13.0, 18.0, 20.0])[np.arange(events) % 4]
    cues = np.array([[0, 0, 0, 1, 0, 0], [0, 1, 0.3, 0.7, 0, 0], [1, 0, 0.5, 0.5, 0, 0], [0, 1, 0.3, 0.7, 0, 0]])
    columns = {
        "features": cues[np.arange(events) % 4],
        "reaction": np.array([0.0, 1.1, 1.1, 1.1])[np.arange(events) % 4],
    }
    return history_of(at_h, columns, bedtime_h=22.0)


def prototype(people: int) -> tuple[Callable[[], object], int]:
    """The same course by the prototype."""
    events, figures = jax_patients.course(DAYS, WEEKLY), jax_patients.figures(people)
    keys = jax.random.split(jax.random.PRNGKey(1), people)
    return lambda: jax.block_until_ready(jax_patients.simulate(figures, events, keys)), int(events["since"].size)


def best(run: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """CPU seconds of the first run and of the fastest of some more."""
    spent = []
    for _ in range(times + 1):
        start = time.process_time()
        run()
        spent.append(time.process_time() - start)
    return spent[0], min(spent[1:])


def main() -> int:
    """Runs all three and prints milliseconds a patient; 1 where ours is too slow beside the prototype."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=2000)
    options.add_argument("--peers", type=int, default=400)
    options.add_argument("--most", type=float, default=1 / 3)
    asked = options.parse_args()
    whole, events = ours(asked.people)
    peer, peer_events = prototype(asked.peers)
    rows = (
        ("prototype, JAX", peer, asked.peers, peer_events),
        ("unstuck, patients", whole, asked.people, events),
        ("unstuck, learner alone", learner(asked.people, events), asked.people, events),
    )
    told = []
    for name, run, people, lived in rows:
        first, warm = best(run)
        told.append(1e3 * warm / people)
        print(f"{name:24} {told[-1]:7.3f} ms a patient   {lived} events   {1e6 * told[-1] / lived:6.0f} ns an event"
              f"   first run {first:5.1f} s")  # fmt: skip
    ratio = told[1] / told[0]
    print(f"patients here take {ratio:.3f} of the prototype's time; asked: at most {asked.most:.3f}")
    return 0 if ratio <= asked.most else 1


if __name__ == "__main__":
    sys.exit(main())
