"""The compiled spelling of `closed`: Cholesky factors in place, one trial after another, no arrays made on the way.

The functions take and give plain arrays, so that a simulator's own kernel can call them between two patients:

    work = workspace(visits, covariates)              # once a thread
    if factor(sscp, seen, work):                      # one trial; sscp (T, m, m), lower triangles, is destroyed
        contrast(sscp, seen, wish, work, out)         # out[0:4] = estimate, se, se_kr, df
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from unstuck.lab.analysis.closed import SINGULAR, Floats, ManyFits, MonotoneSums

NUMBERS = 4
"""How many numbers a contrast gives: estimate, se, se_kr, df."""


class Work(NamedTuple):
    """Room for one trial."""

    phi: Floats  # (T, T)
    s2: Floats  # (T,)
    unit: Floats  # (T, T), A
    a: Floats  # (T,)
    h: Floats  # (T,)
    e: Floats  # (q,)
    d: Floats  # (T,)


class Wish(NamedTuple):
    """One contrast sum_t visits[t] * covariate'b_t."""

    visits: Floats  # (T,)
    covariate: Floats  # (q,)


@njit(cache=True, nogil=True)
def workspace(visits: int, covariates: int) -> Work:
    """Room for a trial of that size."""
    t = visits
    return Work(
        np.zeros((t, t)), np.zeros(t), np.zeros((t, t)), np.zeros(t), np.zeros(t), np.zeros(covariates), np.zeros(t)
    )


@njit(cache=True, nogil=True, error_model="numpy")
def cholesky(a: Floats, m: int) -> bool:
    """The leading m x m lower triangle of `a` becomes its factor. False, and half done, where a pivot vanishes."""
    for j in range(m):
        first = s = a[j, j]
        for k in range(j):
            s -= a[j, k] * a[j, k]
        if not s > SINGULAR * first:
            return False
        a[j, j] = math.sqrt(s)
        scale = 1.0 / a[j, j]
        for i in range(j + 1, m):
            s = a[i, j]
            for k in range(j):
                s -= a[i, k] * a[j, k]
            a[i, j] = s * scale
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def factor(sscp: Floats, seen: Floats, work: Work) -> bool:
    """`sscp` (T, m, m) becomes Cholesky factors; phi, s2 and A are left in `work`. False where there is no answer."""
    q = len(work.e)
    for t in range(len(seen)):
        if not (seen[t] > q and cholesky(sscp[t], q + t + 1)):
            return False
        _regress(sscp[t], t, seen[t] - q, work)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _regress(low: Floats, t: int, free: float, work: Work) -> None:
    """phi_t by back substitution, s2_t, and row t of A."""
    q = len(work.e)
    k = q + t
    work.s2[t] = low[k, k] * low[k, k] / free
    for s in range(t - 1, -1, -1):
        v = low[k, q + s]
        for u in range(s + 1, t):
            v -= low[q + u, q + s] * work.phi[t, u]
        work.phi[t, s] = v / low[q + s, q + s]
    work.unit[t, t] = 1.0
    for u in range(t):
        v = 0.0
        for s in range(u, t):
            v += work.phi[t, s] * work.unit[s, u]
        work.unit[t, u] = v


@njit(cache=True, nogil=True, error_model="numpy")
def contrast(low: Floats, seen: Floats, wish: Wish, work: Work, out: Floats) -> None:
    """Estimate, se, se_kr and df of a contrast into `out`, from factors that `factor` has left."""
    visits, q = len(seen), len(work.e)
    estimate = variance = spread = extra = 0.0
    for t in range(visits):
        v = 0.0
        for s in range(t, visits):
            v += wish.visits[s] * work.unit[s, t]
        work.a[t] = v
        estimate += v * _mean(low[t], t, wish, work)
        piece = v * v * work.s2[t] * work.h[t]
        variance += piece
        spread += 2.0 * piece * piece / (seen[t] - q)
    for t in range(1, visits):
        spread += work.s2[t] * _slope_part(low[t], t, work)
        extra += work.a[t] * work.a[t] * work.s2[t] * _bias_part(low[t], t, work)
    out[0], out[1] = estimate, math.sqrt(variance)
    out[2], out[3] = math.sqrt(variance + 2.0 * extra), 2.0 * variance * variance / spread


@njit(cache=True, nogil=True, error_model="numpy")
def _mean(low: Floats, t: int, wish: Wish, work: Work) -> float:
    """c'gamma_t; h_t is left in `work`."""
    q = len(work.e)
    h = g = 0.0
    for j in range(q):
        v = wish.covariate[j]
        for k in range(j):
            v -= low[j, k] * work.e[k]
        work.e[j] = v / low[j, j]
        h += work.e[j] * work.e[j]
        v = low[q + t, j]
        for s in range(t):
            v -= work.phi[t, s] * low[q + s, j]
        g += work.e[j] * v
    work.h[t] = h
    return g


@njit(cache=True, nogil=True, error_model="numpy")
def _slope_part(low: Floats, t: int, work: Work) -> float:
    """d_t' P_t^-1 d_t by forward substitution."""
    q, total = len(work.e), 0.0
    for s in range(t):
        v = 0.0
        for u in range(s + 1):
            v += work.unit[s, u] * work.a[u] * work.s2[u] * work.h[u]
        v *= 2.0 * work.a[t]
        for u in range(s):
            v -= low[q + s, q + u] * work.d[u]
        work.d[s] = v / low[q + s, q + s]
        total += work.d[s] * work.d[s]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _bias_part(low: Floats, t: int, work: Work) -> float:
    """sum_{u<t} s2_u (h_t - h_u) A_.u' P_t^-1 A_.u."""
    q, total = len(work.e), 0.0
    for w in range(t):
        reach = 0.0
        for s in range(w, t):
            v = work.unit[s, w]
            for u in range(w, s):
                v -= low[q + s, q + u] * work.d[u]
            work.d[s] = v / low[q + s, q + s]
            reach += work.d[s] * work.d[s]
        total += work.s2[w] * (work.h[t] - work.h[w]) * reach
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _fit(sscp: Floats, seen: Floats, weights: Floats, covariate: Floats, out: Floats) -> None:
    """Every trial (R) and contrast (C) into `out` (R, C, 4); NaN where there is no answer. `sscp` is kept."""
    work = workspace(seen.shape[1], covariate.shape[1])
    low = np.empty(sscp.shape[1:])
    for r in range(len(seen)):
        low[:] = sscp[r]
        fine = factor(low, seen[r], work)
        for c in range(len(weights)):
            if fine:
                contrast(low, seen[r], Wish(weights[c], covariate[c]), work, out[r, c])
            else:
                out[r, c] = np.nan


def fit_many(sums: MonotoneSums, visit_weights: Floats, covariate: Floats) -> ManyFits:
    """What `closed.fit_many` gives, compiled."""
    weights, covariates = (
        np.ascontiguousarray(np.atleast_2d(each), dtype=np.float64) for each in (visit_weights, covariate)
    )
    out = np.empty((len(sums.seen), len(weights), NUMBERS))
    sscp, seen = (np.ascontiguousarray(each, dtype=np.float64) for each in (sums.sscp, sums.seen))
    _fit(sscp, seen, weights, covariates, out)
    return ManyFits(*(out[..., k] for k in range(NUMBERS)))
