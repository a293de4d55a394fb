"""How many times numbalsoda's speed is pharmacokinetics with effects here? The same eleven states, in the same run.

    python benchmarks/pk_effects_subjects_per_second.py [--people 20000] [--peers 150] [--finer 0.25] [--least 80]

Everybody gets six infusions of 0.5 mg/kg over 40 minutes in 17 days and is told at 100 times: three compartments of
ketamine, norketamine, effect site, glutamate, mTORC1, BDNF, permissive state and two pools of spines. Times are CPU
seconds of one thread, best of several; compiling is left out. Errors are the largest of any state over its own peak,
against SciPy's DOP853 at 1e-12. numbalsoda is run at its default tolerance and at tighter ones. Ends with 1 when this
package is less than `--least` times numbalsoda at the loosest tolerance whose error is no larger than ours.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numba import carray, cfunc, njit
from numbalsoda import lsoda, lsoda_sig
from scipy.integrate import solve_ivp

from unstuck.lab.effects import kernel
from unstuck.lab.effects.modes import Modes, timetable
from unstuck.lab.effects.parameters import LN2, Array, load_effects

MODEL = load_effects()
STARTS_H = np.array([0.0, 72.0, 168.0, 240.0, 336.0, 408.0])
LONG_H, MG_PER_KG = 40 / 60, 0.5
AFTER_MIN = np.array([0, 10, 20, 30, 40, 50, 60, 80, 100, 120, 150, 180, 240, 360, 720, 1440])
LATE_H = 408.0 + np.array([48.0, 72.0, 96.0, 120.0])
TIMES_H = np.unique(np.concatenate([*(s + AFTER_MIN / 60 for s in STARTS_H), LATE_H]))
STATES = ("ketamine", "norketamine", "site", "glutamate", "mtorc1", "bdnf", "permissive", "spines_early", "spines_kept")
TOLERANCES = ((1e-3, 1e-6), (1e-4, 1e-7), (1e-6, 1e-9), (1e-8, 1e-11))  # the first is numbalsoda's own default


@dataclass(frozen=True, slots=True)
class People:
    """Flows in L/h, volumes in L, weights in kg, each of shape (people,)."""

    cl: Array
    q2: Array
    q3: Array
    v1: Array
    v2: Array
    v3: Array
    cl_nor: Array
    v_nor: Array
    weight: Array


def population(n: int) -> People:
    """Adults around Kamp 2020 with one compartment of norketamine, log-normal; 20 to 40 % between people."""
    luck = np.random.default_rng(1)
    weight = np.clip(77 * np.exp(0.2 * luck.standard_normal(n)), 40, 160)

    def spread(typical: float, cv: float, power: float) -> Array:
        return typical * (weight / 70) ** power * np.exp(np.sqrt(np.log1p(cv * cv)) * luck.standard_normal(n))

    flows = [spread(v, cv, 0.75) for v, cv in ((84.0, 0.2), (161.0, 0.3), (79.0, 0.3))]
    volumes = [spread(v, cv, 1.0) for v, cv in ((25.0, 0.4), (56.0, 0.3), (157.0, 0.25))]
    return People(*flows, *volumes, spread(60.0, 0.3, 0.75), spread(150.0, 0.3, 1.0), weight)


def modes(p: People) -> Modes:
    """The exponential basis of everybody, by the trigonometric solution of the cubic; weights in ng/mL per mg."""
    k10, k12, k13, k21, k31 = p.cl / p.v1, p.q2 / p.v1, p.q3 / p.v1, p.q2 / p.v2, p.q3 / p.v3
    a0, a2 = k10 * k21 * k31, k10 + k12 + k13 + k21 + k31
    a1 = k10 * k31 + k21 * k31 + k21 * k13 + k10 * k21 + k31 * k12
    depth = a2 * a2 / 3 - a1
    turn = np.arccos(np.clip((2 * a2**3 / 27 - a1 * a2 / 3 + a0) / (2 * np.sqrt(depth**3 / 27)), -1, 1)) / 3
    size = 2 * np.sqrt(depth / 3)
    rates = [a2 / 3 + size * np.cos(turn + 2 * np.pi * n / 3) for n in range(3)]
    weights, made, kn = [], [], p.cl_nor / p.v_nor
    for n, rate in enumerate(rates):
        one, two = (rates[m] for m in range(3) if m != n)
        weights.append(1000 / p.v1 * (k21 - rate) * (k31 - rate) / ((one - rate) * (two - rate)))
        made.append(0.8 * p.cl / p.v_nor * weights[-1] / (kn - rate))
    zero = np.zeros_like(kn)
    stack = np.column_stack
    return Modes(
        stack([*rates, kn]), stack([*weights, zero]), stack([*made, -sum(made)]), MG_PER_KG * p.weight
    )  # fmt: skip


def ours(p: People, finer: float) -> Array:
    """All states of everybody by the compiled kernel, the basis included; shape (people, times, states)."""
    table = timetable([(s, LONG_H) for s in STARTS_H], TIMES_H, finer)
    return kernel.solve(MODEL, modes(p), table, STATES)


def figures(p: People) -> Array:
    """Everything that the differential equations of one person need, shape (people, 21); the last is the infusion."""
    c, o = MODEL.cascade, MODEL.occupancy
    common = [
        MODEL.site.rate_per_h, 1 / o.half_ketamine_ng_per_ml, 1 / o.half_norketamine_ng_per_ml, c.glutamate_gain,
        c.glutamate_per_h, c.mtorc1_per_h, c.bdnf_per_h, LN2 / c.permissive_half_life_h, 1 / c.spine_life_h,
        c.spine_kept_share, 1 / c.spine_kept_life_h,
    ]  # fmt: skip
    own = [
        p.cl / p.v1, p.q2 / p.v1, p.q2 / p.v2, p.q3 / p.v1, p.q3 / p.v3, 0.8 * p.cl / p.v1, p.cl_nor / p.v_nor,
        1000 / p.v1, 1000 / p.v_nor,
    ]  # fmt: skip
    shared = [np.full(p.cl.size, value) for value in common]
    return np.ascontiguousarray(np.column_stack([*own, *shared, MG_PER_KG * p.weight / LONG_H]))


@njit(cache=True)
def slopes(u, f, rate, du):  # type: ignore[no-untyped-def]
    """The eleven differential equations; amounts in mg, concentrations at the site in ng/mL."""
    du[0] = rate - (f[0] + f[1] + f[3]) * u[0] + f[2] * u[1] + f[4] * u[2]
    du[1] = f[1] * u[0] - f[2] * u[1]
    du[2] = f[3] * u[0] - f[4] * u[2]
    du[3] = f[5] * u[0] - f[6] * u[3]
    du[4] = f[9] * (f[7] * u[0] - u[4])
    r = u[4] * f[10] + f[8] * u[3] * f[11]
    bell = 4 * r / ((1 + r) * (1 + r))
    du[5] = f[13] * (f[12] * bell * bell * bell - u[5])
    du[6] = f[14] * (u[5] - u[6])
    du[7] = f[15] * (u[5] - u[7])
    du[8] = f[16] * (u[6] + u[7] - u[8])
    du[9] = u[8] - f[17] * u[9]
    du[10] = f[18] * f[17] * u[9] - f[19] * u[10]


@cfunc(lsoda_sig)
def _equations(t, u, du, data):  # type: ignore[no-untyped-def]
    figures_of_one = carray(data, (22,))
    slopes(carray(u, (11,)), figures_of_one, figures_of_one[21], carray(du, (11,)))


@njit
def _peer(address, given, marks, running, rtol, atol, found):  # type: ignore[no-untyped-def]
    """Everybody by LSODA, begun anew at each start and end of an infusion."""
    for i in range(given.shape[0]):
        u, data = np.zeros(11), np.zeros(22)
        data[:21] = given[i]
        for n in range(len(running)):
            data[21] = given[i, 20] * running[n]
            first, last = marks[n], marks[n + 1]
            solved, _ = lsoda(address, u, TIMES_H[first : last + 1], data, rtol=rtol, atol=atol)
            found[i, first : last + 1] = solved
            u = solved[-1].copy()


def stretches() -> tuple[Array, Array]:
    """Places in the times where the infusion starts or ends, and whether it runs in between."""
    ends = np.unique(np.concatenate([STARTS_H, STARTS_H + LONG_H, TIMES_H[-1:]]))
    marks = np.array([int(np.argmin(np.abs(TIMES_H - t))) for t in ends])
    middle = (ends[1:] + ends[:-1]) / 2
    running = ((middle[:, None] > STARTS_H) & (middle[:, None] < STARTS_H + LONG_H)).any(axis=1)
    return marks, running.astype(float)


def peer(p: People, rtol: float, atol: float) -> Array:
    """All states of everybody by numbalsoda, in the units of `ours`."""
    given, (marks, running) = figures(p), stretches()
    found = np.zeros((p.cl.size, TIMES_H.size, 11))
    _peer(_equations.address, given, marks, running, rtol, atol, found)
    return told(found, given)


def told(found: Array, given: Array) -> Array:
    """Amounts as concentrations, and only the states that both sides tell."""
    parent, nor = found[..., :1] * given[:, None, 7:8], found[..., 3:4] * given[:, None, 8:9]
    return np.concatenate([parent, nor, found[..., 4:]], axis=-1)


def reference(p: People) -> Array:
    """The same by SciPy's DOP853 at 1e-12, slowly."""
    given, (marks, running) = figures(p), stretches()
    found = np.zeros((p.cl.size, TIMES_H.size, 11))
    for i, f in enumerate(given):
        u = np.zeros(11)
        for n, on in enumerate(running):
            times = TIMES_H[marks[n] : marks[n + 1] + 1]
            args = (f, f[20] * on, np.empty(11))
            run = solve_ivp(_right, times[[0, -1]], u, "DOP853", times, args=args, rtol=1e-12, atol=1e-15)
            found[i, marks[n] : marks[n + 1] + 1], u = run.y.T, run.y[:, -1]
    return told(found, given)


def _right(_t: float, u: Array, f: Array, rate: float, du: Array) -> Array:
    slopes(u, f, rate, du)
    return du.copy()


def error(found: Array, exact: Array) -> tuple[float, float]:
    """Largest error over a state's own peak: of the two concentrations, and of the effects."""
    worst = np.abs(found[: len(exact)] - exact).max(axis=(0, 1)) / np.abs(exact).max(axis=(0, 1))
    return float(worst[:2].max()), float(worst[2:].max())


def best(run: Callable[[], Array], times: int) -> tuple[float, Array]:
    """CPU seconds of the fastest of some runs, and what it gave; one more goes before and compiles."""
    found, spent = run(), []
    for _ in range(times):
        start = time.process_time()
        found = run()
        spent.append(time.process_time() - start)
    return min(spent), found


def main() -> int:
    """Runs both sides, prints rates, errors and ratios; 1 when the ratio is too low."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, value in (
        ("people", int, 20000),
        ("peers", int, 150),
        ("finer", float, 0.25),
        ("least", float, 80),
    ):
        options.add_argument(f"--{name}", type=kind, default=value)
    asked = options.parse_args()
    numba.set_num_threads(1)
    many, few = population(asked.people), population(asked.peers)
    exact = reference(population(4))
    spent, _ = best(lambda: ours(many, asked.finer), 5)
    rate = asked.people / spent
    mine = error(ours(population(4), asked.finer), exact)
    print(f"{len(STATES)} outputs x {TIMES_H.size} times, {asked.people} people, one thread")
    print(f"unstuck            {rate:12,.0f} people/s   error {mine[0]:.1e} concentrations, {mine[1]:.1e} effects")
    ratios = []
    for rtol, atol in TOLERANCES:
        spent, _ = best(lambda r=rtol, a=atol: peer(few, r, a), 2)  # type: ignore[misc]
        theirs = error(peer(population(4), rtol, atol), exact)
        ratios.append((rate * spent / asked.peers, max(theirs)))
        print(f"numbalsoda {rtol:.0e}   {asked.peers / spent:12,.0f} people/s   error {theirs[0]:.1e} concentrations, "
              f"{theirs[1]:.1e} effects   ratio {ratios[-1][0]:,.0f}")  # fmt: skip
    equal = next((r for r, e in ratios if e <= max(mine)), ratios[-1][0])
    print(f"ratio at numbalsoda's default {ratios[0][0]:,.0f}, at equal error {equal:,.0f}; asked: {asked.least:g}")
    return 0 if equal >= asked.least else 1


if __name__ == "__main__":
    sys.exit(main())
