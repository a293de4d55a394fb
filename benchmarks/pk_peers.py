"""The engines beside which ours is timed, each on the scenario of `pk_scenario`, each at a tolerance that it is given.

A peer integrates stretch by stretch, so that none steps over the edge of an infusion. It is imported by name: one
that is not installed is told as such and left out.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.pk_scenario import HOURS, STARTS_H, TIMES_H, Floats, Scenario, rates, stretches

Engine = Callable[[Scenario, float, float], Floats]
"""(people, rtol, atol in mg) -> concentrations (n, 2, T) in ng/mL."""


def _flow(state: Floats, r: Floats, on: float) -> list[float]:
    c, p1, p2, n = state
    return [
        r[7] * on - (r[0] + r[1] + r[3]) * c + r[2] * p1 + r[4] * p2,
        r[1] * c - r[2] * p1,
        r[3] * c - r[4] * p2,
        r[5] * c - r[6] * n,
    ]


def with_scipy(method: str) -> Engine:
    """SciPy's solve_ivp, one person after the other."""
    solve_ivp = importlib.import_module("scipy.integrate").solve_ivp

    def run(scenario: Scenario, rtol: float, atol: float) -> Floats:
        found = np.zeros((len(scenario.who), 2, TIMES_H.size))
        for i, r in enumerate(rates(scenario)):
            state = np.zeros(4)
            for begin, end, on, inside in stretches():
                wanted = np.unique(np.append(inside, end))
                got = solve_ivp(lambda t, y, r=r, on=on: _flow(y, r, on), (begin, end), state, method, wanted,
                                rtol=rtol, atol=atol).y  # fmt: skip
                for k, time in enumerate(wanted[: inside.size]):
                    place = np.searchsorted(TIMES_H, time - 1e-9)
                    found[i, :, place] = 1000 * got[0, k] / r[8], 1000 * got[3, k] / r[9]
                state = got[:, -1]
        return found

    return run


def with_numbalsoda() -> Engine:
    """numbalsoda's LSODA, called from a compiled loop over people."""
    numba, lsoda = importlib.import_module("numba"), importlib.import_module("numbalsoda")
    call = lsoda.lsoda

    @numba.cfunc(lsoda.lsoda_sig)  # type: ignore[untyped-decorator]
    def flow(t, y, d, p):  # type: ignore[no-untyped-def]
        d[0] = p[7] * p[10] - (p[0] + p[1] + p[3]) * y[0] + p[2] * y[1] + p[4] * y[2]
        d[1] = p[1] * y[0] - p[2] * y[1]
        d[2] = p[3] * y[0] - p[4] * y[2]
        d[3] = p[5] * y[0] - p[6] * y[3]

    pointer = flow.address

    @numba.njit  # type: ignore[untyped-decorator]
    def loop(rows, times, first, last, on, rtol, atol):  # type: ignore[no-untyped-def]
        found = np.zeros((rows.shape[0], 2, times.size))
        data = np.zeros(11)
        for i in range(rows.shape[0]):
            data[:10] = rows[i]
            state = np.zeros(4)
            place = 1
            for k in range(on.size):
                data[10] = on[k]
                got, _ = call(pointer, state, WANTED[first[k] : last[k]], data, rtol, atol)
                for m in range(1, last[k] - first[k]):
                    if place < times.size and abs(WANTED[first[k] + m] - times[place]) < 1e-9:
                        found[i, 0, place] = 1000.0 * got[m, 0] / data[8]
                        found[i, 1, place] = 1000.0 * got[m, 3] / data[9]
                        place += 1
                state = got[-1]
        return found

    wanted, first, last, on = [], [], [], []
    for begin, end, runs, inside in stretches():
        first.append(len(wanted))
        wanted += [begin, *inside, *([] if abs(inside[-1] - end) < 1e-9 else [end])] if inside.size else [begin, end]
        last.append(len(wanted))
        on.append(float(runs))
    WANTED = np.array(wanted)
    fixed = np.array(first), np.array(last), np.array(on)

    def run(scenario: Scenario, rtol: float, atol: float) -> Floats:
        return np.asarray(loop(rates(scenario), TIMES_H, *fixed, rtol, atol))

    return run


def with_roadrunner() -> Engine:
    """libroadrunner's compiled CVODE on the model as SBML; infusions switch by events."""
    antimony, roadrunner = importlib.import_module("antimony"), importlib.import_module("roadrunner")
    roadrunner.Logger.disableLogging()
    later = [f"  at (time >= {s!r}): on = 1;\n  at (time >= {s + HOURS!r}): on = 0;\n" for s in STARTS_H[1:]]
    switches = "".join(later)
    antimony.loadAntimonyString(
        f"""model pk
  c = 0; p1 = 0; p2 = 0; n = 0; on = 1;
  k10 = 1; k12 = 1; k21 = 1; k13 = 1; k31 = 1; made = 1; kn = 1; rate = 1;
  c' = rate*on - (k10 + k12 + k13)*c + k21*p1 + k31*p2;
  p1' = k12*c - k21*p1; p2' = k13*c - k31*p2; n' = made*c - kn*n;
  at (time >= {HOURS!r}): on = 0;
{switches}end"""
    )
    model = roadrunner.RoadRunner(antimony.getSBMLString("pk"))
    model.timeCourseSelections = ["c", "n"]
    names = ("k10", "k12", "k21", "k13", "k31", "made", "kn", "rate")

    def run(scenario: Scenario, rtol: float, atol: float) -> Floats:
        model.integrator.relative_tolerance, model.integrator.absolute_tolerance = rtol, atol
        found = np.zeros((len(scenario.who), 2, TIMES_H.size))
        for i, r in enumerate(rates(scenario)):
            model.resetAll()
            for name, value in zip(names, r, strict=False):
                model[name] = float(value)
            with _quiet():  # CVODE writes about its small steps straight to the terminal
                got = np.asarray(model.simulate(times=TIMES_H.tolist()))
            found[i] = 1000 * got[:, 0] / r[8], 1000 * got[:, 1] / r[9]
        return found

    return run


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing that a library writes by itself reaches the terminal."""
    sys.stdout.flush()
    kept, nothing = [os.dup(1), os.dup(2)], os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        for place, old in enumerate(kept, start=1):
            os.dup2(old, place)
            os.close(old)
        os.close(nothing)


def with_diffrax() -> Engine:
    """diffrax's Tsit5 under vmap and jit, with jumps at the infusions' edges."""
    jax, dfx = importlib.import_module("jax"), importlib.import_module("diffrax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    edges = jnp.array([e for begin, end, _, _ in stretches() for e in (begin, end)][1:-1:2])
    starts = jnp.array([b for b, _, on, _ in stretches() if on])

    def flow(t, y, r):  # type: ignore[no-untyped-def]
        on = jnp.any((t >= starts) & (t < starts + HOURS)).astype(float)
        return jnp.stack(_flow(y, r, on))

    def single(r, rtol, atol):  # type: ignore[no-untyped-def]
        steps = dfx.PIDController(rtol=rtol, atol=atol)
        steps = dfx.ClipStepSizeController(steps, jump_ts=edges)
        got = dfx.diffeqsolve(dfx.ODETerm(flow), dfx.Tsit5(), 0.0, float(TIMES_H[-1]), 0.01, jnp.zeros(4), r,
                              saveat=dfx.SaveAt(ts=TIMES_H), stepsize_controller=steps, max_steps=2**17).ys  # fmt: skip
        return jnp.stack([1000 * got[:, 0] / r[8], 1000 * got[:, 3] / r[9]])

    many = jax.jit(jax.vmap(single, in_axes=(0, None, None)))

    def run(scenario: Scenario, rtol: float, atol: float) -> Floats:
        return np.asarray(many(rates(scenario), rtol, atol))

    return run


PEERS: dict[str, tuple[Callable[[], Engine], int, tuple[float, float], tuple[float, float]]] = {
    "numbalsoda LSODA": (with_numbalsoda, 400, (1e-3, 1e-6), (1e-12, 1e-12)),
    "diffrax Tsit5": (with_diffrax, 64, (1e-3, 1e-6), (1e-11, 1e-12)),
    "libroadrunner CVODE": (with_roadrunner, 60, (1e-6, 1e-12), (1e-12, 1e-14)),
    "scipy LSODA": (lambda: with_scipy("LSODA"), 4, (1e-3, 1e-6), (1e-12, 1e-12)),
}
"""Name -> engine, people timed, its own default tolerances, and those at which its error comes down to ours."""
