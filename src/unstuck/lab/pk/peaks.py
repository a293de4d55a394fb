"""Peaks and hours above a level, found inside each step from the exponentials themselves and not from a grid."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from unstuck.lab.pk.lanes import CONTRACT, LANES, Plan, Space
from unstuck.lab.pk.people import Floats

_TRIES = 80


class Found(NamedTuple):
    """Concentrations (N / 64, T, O, 64), areas to the last grid point and after it (O, N), states at the end (N, K),
    whose modes can be trusted (N,), 1 or 0; highest value, when, and hours above `level` (O,), each (O, N). The
    search for peaks is left out where `peak` has no rows."""

    conc: Floats
    area: Floats
    rest: Floats
    end: Floats
    sound: Floats
    peak: Floats
    peak_h: Floats
    above_h: Floats
    level: Floats


def room_for(plan: Plan, n: int, level: Floats) -> Found:
    """Fresh arrays for n people; without levels the search for peaks is left out."""
    o, k = plan.read.size, plan.order.size
    return Found(
        conc=np.empty((n // LANES, plan.wanted.size, o, LANES)),
        area=np.zeros((o, n)),
        rest=np.zeros((o, n)),
        end=np.empty((n, k)),
        sound=np.empty(n),
        peak=np.zeros((level.size, n)),
        peak_h=np.zeros((level.size, n)),
        above_h=np.zeros((level.size, n)),
        level=level,
    )


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def _sum(base: float, part: Floats, pace: Floats, hours: float) -> float:
    """base + sum of part exp(-pace hours)."""
    total = base
    for k in range(part.size):
        total += part[k] * math.exp(-pace[k] * hours)
    return total


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def _root(base: float, part: Floats, pace: Floats, low: float, high: float) -> float:
    """Where base + sum of part exp(-pace t) changes its sign between two instants: Newton's steps, halved where they
    would leave the interval."""
    up = _sum(base, part, pace, high) > 0.0
    t = 0.5 * (low + high)
    for _ in range(_TRIES):
        value, rise = base, 0.0
        for k in range(part.size):
            term = part[k] * math.exp(-pace[k] * t)
            value += term
            rise -= pace[k] * term
        if (value > 0.0) == up:
            high = t
        else:
            low = t
        step = t - value / rise if rise != 0.0 else low
        before, t = t, step if low < step < high else 0.5 * (low + high)
        if abs(t - before) <= 1e-13 * (1.0 + t):
            break
    return t


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def _edges(plan: Plan, s: Space, step: int, o: int) -> None:
    """Value and rise at both ends of the step for every lane, into `edge`."""
    q = plan.interval[step]
    s.edge[:] = 0.0
    for k in range(plan.order.size):
        for w in range(LANES):
            look, slope = s.look[o, k, w], s.slope[k, w]
            s.edge[0, w] += look * s.modes[k, w]
            s.edge[1, w] += look * slope
            s.edge[2, w] += look * (s.modes[k, w] + slope * s.gain[q, k * LANES + w])
            s.edge[3, w] += look * slope * s.fade[q, k * LANES + w]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def _slopes(plan: Plan, s: Space, step: int) -> None:
    """How fast each mode rises at the beginning of the step."""
    for k in range(plan.order.size):
        for w in range(LANES):
            s.slope[k, w] = -s.rates[k, w] * s.modes[k, w]
        for c in range(plan.entry.size):
            rate = plan.rate[step, c]
            if rate != 0.0:
                for w in range(LANES):
                    s.slope[k, w] += rate * s.way[c, k * LANES + w]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def watch(plan: Plan, s: Space, found: Found, at: int, step: int) -> None:
    """Peaks and hours above the level within the coming step. A reading is taken to turn at most once between two grid
    points; more wanted times make that sure."""
    began, hours = plan.grid[step], plan.lengths[plan.interval[step]]
    _slopes(plan, s, step)
    for o in range(plan.read.size):
        _edges(plan, s, step, o)
        level = found.level[o]
        for w in range(LANES):
            n, first, last = at + w, s.edge[0, w], s.edge[2, w]
            if first > found.peak[o, n]:
                found.peak[o, n], found.peak_h[o, n] = first, began
            if last > found.peak[o, n]:
                found.peak[o, n], found.peak_h[o, n] = last, began + hours
            turns = (s.edge[1, w] > 0.0) != (s.edge[3, w] > 0.0)
            if turns or (first > level) != (last > level):
                _look_inside(s, found, (o, w, n), (began, hours))
            elif first > level:
                found.above_h[o, n] += hours


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def _look_inside(s: Space, found: Found, who: tuple[int, int, int], when: tuple[float, float]) -> None:
    """One lane's step in which a reading turns or crosses its level."""
    o, w, n = who
    began, hours = when
    base, level = 0.0, found.level[o]
    for k in range(s.pace.size):
        s.pace[k], s.rising[k] = s.rates[k, w], s.look[o, k, w] * s.slope[k, w]
        s.falling[k] = -s.rising[k] / s.pace[k]
        base += s.look[o, k, w] * s.modes[k, w] - s.falling[k]
    turn, middle = hours, s.edge[2, w]
    if (s.edge[1, w] > 0.0) != (s.edge[3, w] > 0.0):
        turn = _root(0.0, s.rising, s.pace, 0.0, hours)
        middle = _sum(base, s.falling, s.pace, turn)
    if middle > found.peak[o, n]:
        found.peak[o, n], found.peak_h[o, n] = middle, began + turn
    if level == np.inf:
        return
    for low, high, one, other in ((0.0, turn, s.edge[0, w], middle), (turn, hours, middle, s.edge[2, w])):
        if one > level and other > level:
            found.above_h[o, n] += high - low
        elif (one > level) != (other > level):
            cross = _root(base - level, s.falling, s.pace, low, high)
            found.above_h[o, n] += cross - low if one > level else high - cross
