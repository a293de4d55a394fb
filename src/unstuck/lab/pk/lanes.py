"""Compiled pieces that work on 64 people side by side: the last axis of every array here is the person's lane."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np

from unstuck.lab.pk.people import Floats
from unstuck.lab.pk.program import Ints

LANES = 64
CONTRACT = {"contract"}  # fused multiply-add; nothing is reordered, so that a result does not depend on the block
_SHIFT = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to a whole number, which then stands in the low bits
_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_MOST = 700.0
_SWEEPS = 12
_NOTHING = 1e-18


class Plan(NamedTuple):
    """What all people share: the shape of the system and the program. `links` are flows between blocks,
    `limits` the two numbers by which close rates are judged (not compiled in: Numba's cache would not see them
    change)."""

    order: Ints
    block: Ints
    pairs: Ints
    links: Ints
    grid: Floats
    lengths: Floats
    interval: Ints
    rate: Floats
    pulse: Floats
    reset: Any
    steady: Floats
    wanted: Ints
    total: Floats
    entry: Ints
    read: Ints
    limits: Floats


class Space(NamedTuple):
    """Scratch for one block of lanes: matrices (K, K, 64), rates (K, 64), factors of each length (Q, K * 64), channels
    (C, K * 64), readings (O, K, 64), the modes `now` (K * 64; `modes` is the same as (K, 64)) and what resets and
    steady states added to them; the rest serves the search for peaks."""

    inner: Floats
    into: Floats
    back: Floats
    coupled: Floats
    right: Floats
    left: Floats
    rates: Floats
    fade: Floats
    gain: Floats
    way: Floats
    look: Floats
    now: Floats
    modes: Floats
    jumped: Floats
    cosine: Floats
    sine: Floats
    slope: Floats
    edge: Floats
    pace: Floats
    rising: Floats
    falling: Floats


def space_for(plan: Plan) -> Space:
    """Fresh scratch for that plan."""
    k, now = plan.order.size, np.zeros(plan.order.size * LANES)
    lengths, ways, looks = max(1, plan.lengths.size), max(1, plan.entry.size), max(1, plan.read.size)
    square = {name: np.zeros((k, k, LANES)) for name in ("inner", "into", "back", "coupled", "right", "left")}
    factors = {name: np.zeros((lengths, k * LANES)) for name in ("fade", "gain")}
    rows = {name: np.zeros((k, LANES)) for name in ("rates", "slope")}
    lanes = {name: np.zeros(LANES) for name in ("cosine", "sine")}
    terms = {name: np.zeros(k) for name in ("pace", "rising", "falling")}
    return Space(
        **square,
        **factors,
        **rows,
        **lanes,
        **terms,
        way=np.zeros((ways, k * LANES)),
        look=np.zeros((looks, k, LANES)),
        now=now,
        modes=now.reshape(k, LANES),
        jumped=np.zeros(k * LANES),
        edge=np.zeros((4, LANES)),
    )


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy", inline="always")
def fade_and_loss(x: float) -> tuple[float, float]:
    """exp(-x) and 1 - exp(-x) for x at or above 0, without a branch; both to the last digits, also for small x."""
    y = -min(x, _MOST)
    t = y * _LOG2_E + _SHIFT
    whole = t - _SHIFT
    r = (y - whole * _LN2_HIGH) - whole * _LN2_LOW
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r * r + r
    two = np.int64((np.float64(t).view(np.int64) + np.int64(1023)) << np.int64(52)).view(np.float64)
    return two + two * p, (1.0 - two) - two * p


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def symmetrise(plan: Plan, matrix: Floats, s: Space) -> None:
    """Writes minus the scaled matrix of each block to `inner`, the scales to the diagonal of `into`."""
    count = plan.order.size
    s.into[:], s.back[:], s.coupled[:] = 0.0, 0.0, 0.0
    for i in range(count):
        s.into[i, i, :] = 1.0
    for n in range(plan.pairs.shape[0]):
        child, parent = plan.pairs[n, 0], plan.pairs[n, 1]
        for w in range(LANES):
            s.into[child, child, w] = s.into[parent, parent, w] * math.sqrt(
                matrix[w, child, parent] / matrix[w, parent, child]
            )
    for i in range(count):
        for w in range(LANES):
            s.inner[i, i, w] = -matrix[w, i, i]
    for n in range(plan.pairs.shape[0]):
        i, j = plan.pairs[n, 0], plan.pairs[n, 1]
        for w in range(LANES):
            off = -math.sqrt(matrix[w, i, j] * matrix[w, j, i])
            s.inner[i, j, w] = off
            s.inner[j, i, w] = off


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def rotate(s: Space, p: int, q: int, members: Ints) -> None:
    """One Jacobi rotation of the lanes' symmetric blocks: the entry (p, q) becomes 0."""
    c, n = s.cosine, s.sine
    for w in range(LANES):
        off = s.inner[p, q, w]
        some = abs(off) > _NOTHING * math.sqrt(abs(s.inner[p, p, w] * s.inner[q, q, w]))
        safe = off if some else 1.0
        half = (s.inner[q, q, w] - s.inner[p, p, w]) / (2.0 * safe)
        t = math.copysign(1.0, half) / (abs(half) + math.sqrt(half * half + 1.0))
        t = t if some else 0.0  # a lane that is done is left alone, whatever its neighbours still need
        c[w] = 1.0 / math.sqrt(t * t + 1.0)
        n[w] = t * c[w]
        s.inner[p, p, w] -= t * off
        s.inner[q, q, w] += t * off
        s.inner[p, q, w] = 0.0 if some else off
        s.inner[q, p, w] = s.inner[p, q, w]
    for i in members:
        if i != p and i != q:
            for w in range(LANES):
                x, y = s.inner[i, p, w], s.inner[i, q, w]
                one, other = c[w] * x - n[w] * y, n[w] * x + c[w] * y
                s.inner[i, p, w], s.inner[p, i, w] = one, one
                s.inner[i, q, w], s.inner[q, i, w] = other, other
        for w in range(LANES):
            x, y = s.right[i, p, w], s.right[i, q, w]
            s.right[i, p, w] = c[w] * x - n[w] * y
            s.right[i, q, w] = n[w] * x + c[w] * y


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def settle_block(s: Space, members: Ints) -> None:
    """Jacobi's method on one block until nothing is left off the diagonal; `right` holds its vectors."""
    for i in members:
        for j in members:
            s.right[i, j, :] = 1.0 if i == j else 0.0
    for _ in range(_SWEEPS):
        for a in range(members.size):
            for b in range(a + 1, members.size):
                rotate(s, members[a], members[b], members)
        off = 0.0
        for i in members:
            for j in members:
                if i < j:
                    for w in range(LANES):
                        off = max(off, abs(s.inner[i, j, w]) / math.sqrt(abs(s.inner[i, i, w] * s.inner[j, j, w])))
        if not off > _NOTHING:
            break


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def within_blocks(plan: Plan, s: Space) -> None:
    """Rates of every block, and the changes of coordinates `into` and `back`."""
    count = plan.order.size
    for first in range(count):
        members = np.flatnonzero(plan.block == first)
        if members.size == 0:
            continue
        if members.size > 1:
            settle_block(s, members)
        else:
            s.right[first, first, :] = 1.0
        for i in members:
            for w in range(LANES):
                s.rates[i, w] = s.inner[i, i, w]
        for i in members:
            scale = s.into[i, i].copy()
            for j in members:
                for w in range(LANES):
                    s.into[i, j, w] = scale[w] * s.right[i, j, w]
                    s.back[j, i, w] = s.right[i, j, w] / scale[w]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def couple(plan: Plan, matrix: Floats, s: Space) -> None:
    """Flows between blocks in the coordinates of the modes."""
    count = plan.order.size
    for n in range(plan.links.shape[0]):
        target, source = plan.links[n, 0], plan.links[n, 1]
        for i in range(count):
            if plan.block[i] != plan.block[target]:
                continue
            for j in range(count):
                if plan.block[j] == plan.block[source]:
                    for w in range(LANES):
                        s.coupled[i, j, w] += s.back[i, target, w] * matrix[w, target, source] * s.into[source, j, w]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def between_blocks(plan: Plan, s: Space) -> None:
    """Right and left vectors of the triangular system by back-substitution."""
    count, order, block = plan.order.size, plan.order, plan.block
    s.right[:], s.left[:] = 0.0, 0.0
    for at in range(count):
        j = order[at]
        s.right[j, j, :], s.left[j, j, :] = 1.0, 1.0
        for later in range(at + 1, count):
            i = order[later]
            if block[i] == block[j]:
                continue
            for mid in range(at, later):
                k = order[mid]
                if block[k] != block[i] and (k == j or block[k] != block[j]):
                    for w in range(LANES):
                        s.right[i, j, w] += s.coupled[i, k, w] * s.right[k, j, w]
            for w in range(LANES):
                s.right[i, j, w] /= s.rates[i, w] - s.rates[j, w]
    for at in range(count):
        i = order[at]
        for back in range(at - 1, -1, -1):
            left_of(plan, s, i, back, at)


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def left_of(plan: Plan, s: Space, i: int, back: int, at: int) -> None:
    """One entry of the left vectors."""
    j = plan.order[back]
    if plan.block[i] == plan.block[j]:
        return
    for mid in range(back + 1, at + 1):
        k = plan.order[mid]
        if plan.block[k] != plan.block[j] and (k == i or plan.block[k] != plan.block[i]):
            for w in range(LANES):
                s.left[i, j, w] += s.left[i, k, w] * s.coupled[k, j, w]
    for w in range(LANES):
        s.left[i, j, w] /= s.rates[j, w] - s.rates[i, w]
