"""The fast path of `modes.solve`: Numba over blocks of people, the lanes of a block side by side in each vector.

Tables of exponentials are made once a block and distinct step; the chain's matrices are common to all and made once.
Needs Numba; the first call compiles once, takes some seconds, and is kept on disk.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.effects import cascade
from unstuck.lab.effects.filters import weights
from unstuck.lab.effects.modes import NEAR, OUTPUTS, Modes, Timetable
from unstuck.lab.effects.parameters import Array, Model, Value

LANES = 128  # measured: enough to keep the vector units busy, small enough for the cache
LOG = logging.getLogger(__name__)
CHAIN = len(cascade.STATES)
Whole = NDArray[np.int64]


class Plan(NamedTuple):
    """What is common to all people: distinct steps, which one each step is, doses, rows, matrices of the chain."""

    half_h: Array  # (distinct,)
    which: Whole  # (steps,)
    per_h: Array
    at_once: Array
    output: Whole
    transition: Array  # (distinct, chain, chain)
    drive: Array  # (distinct, chain, 3)
    vessels: Array  # (distinct, 4)
    bell: Array  # gain, power
    picked: Whole  # places of the outputs that are kept


class Crowd(NamedTuple):
    """What belongs to each person; lanes last, so that a block lies in one piece."""

    rate_per_h: Array  # (modes, people)
    ketamine: Array
    norketamine: Array
    dose_mg: Array  # (people,)
    site_per_h: Array
    half_ketamine: Array
    half_norketamine: Array


def solve(model: Model, modes: Modes, table: Timetable, outputs: Sequence[str] = OUTPUTS) -> Array:
    """The same as `modes.solve` to 1e-12 of each output's peak, shape (people, rows, outputs).

    Keeps the outputs that are named. Raises Complaint for an output that is none of OUTPUTS.
    """
    unknown = sorted(set(outputs) - set(OUTPUTS))
    if unknown:
        raise Complaint(f"Unknown output {', '.join(unknown)}.", "outputs", f"Known: {', '.join(OUTPUTS)}.")
    if not _run.signatures:
        LOG.info("Preparing the compiled kernel; the first time after installation this takes some seconds.")
    found = np.zeros((modes.dose_mg.size, table.rows, len(outputs)))
    _run(_plan(model, table, outputs), _crowd(model, modes), found)
    return found


def _plan(model: Model, table: Timetable, outputs: Sequence[str]) -> Plan:
    lengths, which = np.unique(table.step_h, return_inverse=True)
    transition, drive = cascade.steps(model.cascade, lengths)
    w = weights(model.circulation.rate_per_h, lengths)
    vessels = np.stack([w.decay, w.start, w.middle, w.end], axis=-1)
    bell = np.array([model.cascade.glutamate_gain, model.cascade.bell_power])
    picked = np.array([OUTPUTS.index(name) for name in outputs], dtype=np.int64)
    return Plan(
        lengths / 2, which.astype(np.int64), table.per_h, table.at_once, table.output,
        transition, drive, vessels, bell, picked,
    )  # fmt: skip


def _crowd(model: Model, modes: Modes) -> Crowd:
    """Everybody's figures, filled up to whole blocks with copies of the last person, who are not written."""
    people = modes.dose_mg.size
    fill = np.minimum(np.arange(-(-people // LANES) * LANES), people - 1)

    def each(value: Value) -> Array:
        return np.ascontiguousarray(np.broadcast_to(np.asarray(value, dtype=float).ravel(), people)[fill])

    def rows(values: Array) -> Array:
        return np.ascontiguousarray(values[fill].T)

    return Crowd(
        rows(modes.rate_per_h), rows(modes.ketamine), rows(modes.norketamine), modes.dose_mg[fill],
        each(model.site.rate_per_h), each(model.occupancy.half_ketamine_ng_per_ml),
        each(model.occupancy.half_norketamine_ng_per_ml),
    )  # fmt: skip


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _tables(half_h, rate, weight, site):  # type: ignore[no-untyped-def]
    """Per distinct half step, mode and lane: decay, gain of the rate, and both weighted responses of the site."""
    steps, modes = half_h.size, rate.shape[0]
    table = np.empty((steps, modes, 4, LANES))
    decay = np.empty((steps, LANES))
    for d in range(steps):
        h = half_h[d]
        for w in range(LANES):
            decay[d, w] = np.expm1(-site[w] * h)  # less one, until the modes are done
        for s in range(modes):
            for w in range(LANES):
                slow, fast, gone = rate[s, w], site[w], np.expm1(-rate[s, w] * h)
                x = (fast - slow) * h / 2
                grown = fast * (gone - decay[d, w]) / (fast - slow)
                if abs(x) < NEAR:
                    root = np.sqrt((1.0 + gone) * (1.0 + decay[d, w]))
                    grown = fast * h * root * (1.0 + x * x / 6.0 + x * x * x * x / 120.0)
                table[d, s, 0, w], table[d, s, 1, w] = 1.0 + gone, -gone / slow
                table[d, s, 2, w] = weight[s, w] * grown
                table[d, s, 3, w] = weight[s, w] * (-decay[d, w] - grown) / slow
        decay[d] += 1.0
    return table, decay


@njit(cache=True, fastmath={"contract"}, error_model="numpy", inline="always")
def _half(table, decay, d, rate, z, site):  # type: ignore[no-untyped-def]
    """Half a step of modes and site, in place."""
    for w in range(LANES):
        site[w] *= decay[d, w]
    for s in range(z.shape[0]):
        for w in range(LANES):
            site[w] += table[d, s, 2, w] * z[s, w] + table[d, s, 3, w] * rate[w]
            z[s, w] = table[d, s, 0, w] * z[s, w] + table[d, s, 1, w] * rate[w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy", inline="always")
def _weigh(weight, z, out):  # type: ignore[no-untyped-def]
    """Weighted sums of the modes into `out`, which is overwritten."""
    for w in range(LANES):
        out[w] = 0.0
    for s in range(z.shape[0]):
        for w in range(LANES):
            out[w] += weight[s, w] * z[s, w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy", inline="always")
def _surge(site, nor, half, bell, out, k):  # type: ignore[no-untyped-def]
    """Drive of glutamate into row `k` of `out`; `half` holds the two half concentrations, inverted."""
    gain, power = bell[0], bell[1]
    for w in range(LANES):
        r = site[w] * half[0, w] + nor[w] * half[1, w]
        out[k, w] = 4.0 * r / ((1.0 + r) * (1.0 + r))  # 4 o (1 - o)
    if power == 3.0:
        for w in range(LANES):
            out[k, w] = gain * out[k, w] * out[k, w] * out[k, w]
    else:
        for w in range(LANES):
            out[k, w] = gain * out[k, w] ** power


@njit(cache=True, fastmath={"contract"}, error_model="numpy", inline="always")
def _chain(transition, drive, d, bells, chain):  # type: ignore[no-untyped-def]
    """The chain over a step, in place from its end to its start: the transition is lower triangular."""
    for back in range(CHAIN):
        i = CHAIN - 1 - back
        own, v0, v1, v2 = transition[d, i, i], drive[d, i, 0], drive[d, i, 1], drive[d, i, 2]
        for w in range(LANES):
            chain[i, w] = own * chain[i, w] + v0 * bells[0, w] + v1 * bells[1, w] + v2 * bells[2, w]
        for j in range(i):
            share = transition[d, i, j]
            if share != 0.0:
                for w in range(LANES):
                    chain[i, w] += share * chain[j, w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy", inline="always")
def _write(levels, half, picked, found, lo, row):  # type: ignore[no-untyped-def]
    """One row of the picked outputs of as many people of the block as there are."""
    for w in range(LANES):
        r = levels[2, w] * half[0, w] + levels[1, w] * half[1, w]
        levels[4, w] = r / (1.0 + r)
    for w in range(min(LANES, found.shape[0] - lo)):
        for k in range(picked.size):
            found[lo + w, row, k] = levels[picked[k], w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _block(plan, crowd, lo, found):  # type: ignore[no-untyped-def]
    """All steps of one block of people, whose first is `lo`."""
    hi = lo + LANES
    weight, nors = crowd.ketamine[:, lo:hi].copy(), crowd.norketamine[:, lo:hi].copy()
    table, decay = _tables(plan.half_h, crowd.rate_per_h[:, lo:hi].copy(), weight, crowd.site_per_h[lo:hi].copy())
    half = np.stack((1.0 / crowd.half_ketamine[lo:hi], 1.0 / crowd.half_norketamine[lo:hi]))
    dose = crowd.dose_mg[lo:hi].copy()
    z, bells, chain = np.zeros((weight.shape[0], LANES)), np.zeros((3, LANES)), np.zeros((CHAIN, LANES))
    site, first, middle, vessels = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
    rate, parent, nor, levels = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty((5 + CHAIN, LANES))
    for n in range(plan.which.size):
        d = plan.which[n]
        for w in range(LANES):
            rate[w], first[w], bells[0, w] = dose[w] * plan.per_h[n], site[w], bells[2, w]
        if plan.at_once[n] > 0:
            for s in range(z.shape[0]):
                for w in range(LANES):
                    z[s, w] += dose[w] * plan.at_once[n]
        _half(table, decay, d, rate, z, site)
        _weigh(nors, z, nor)
        _surge(site, nor, half, plan.bell, bells, 1)
        for w in range(LANES):
            middle[w] = site[w]
        _half(table, decay, d, rate, z, site)
        _weigh(nors, z, nor)
        _surge(site, nor, half, plan.bell, bells, 2)
        v = plan.vessels
        for w in range(LANES):
            vessels[w] = v[d, 0] * vessels[w] + v[d, 1] * first[w] + v[d, 2] * middle[w] + v[d, 3] * site[w]
        _chain(plan.transition, plan.drive, d, bells, chain)
        if plan.output[n] >= 0:
            _weigh(weight, z, parent)
            levels[0], levels[1], levels[2], levels[3], levels[5:] = parent, nor, site, vessels, chain
            _write(levels, half, plan.picked, found, lo, plan.output[n])


@njit(cache=True, parallel=True, fastmath={"contract"}, error_model="numpy")
def _run(plan, crowd, found):  # type: ignore[no-untyped-def]
    """Every block; threads share nothing but the plan."""
    for b in prange(crowd.dose_mg.size // LANES):
        _block(plan, crowd, b * LANES, found)
