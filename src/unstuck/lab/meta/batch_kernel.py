"""The compiled spelling of `batch`: one data set after the other, without temporary arrays."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from unstuck.lab.meta.sample import Floats

FIXED, MOMENTS, PAULE_MANDEL = 0, 1, 2

_Out = tuple[Floats, NDArray[np.bool_]]
Found = tuple[Floats, Floats, Floats, Floats, Floats, NDArray[np.bool_]]


def pool(y: Floats, v: Floats, method: int, steps: int, tolerance: float) -> Found:
    """Mean, 1 / sum of weights, weighted residual sum of squares, tau2, Q, convergence of each row; NaN is absent."""
    sets = len(y)
    out = np.full((5, sets), np.nan)
    converged = np.zeros(sets, dtype=np.bool_)
    _pool_all(y, v, method, steps, tolerance, (out, converged))
    return out[0], out[1], out[2], out[3], out[4], converged


@njit(cache=True)
def sums(y: Floats, v: Floats, tau2: float) -> tuple[float, float, float, float, float, float]:
    """Sums of w, w^2, w^3, the mean, and the residual sums with w and with w^2, over the studies that are there."""
    first = second = third = total = 0.0
    for i in range(len(y)):
        if not np.isnan(y[i]):
            w = 1.0 / (v[i] + tau2)
            first += w
            second += w * w
            third += w * w * w
            total += w * y[i]
    mean = total / first
    rss = squared = 0.0
    for i in range(len(y)):
        if not np.isnan(y[i]):
            w = 1.0 / (v[i] + tau2)
            part = w * (y[i] - mean) ** 2
            rss += part
            squared += w * part
    return first, second, third, mean, rss, squared


@njit(cache=True)
def moments(y: Floats, v: Floats, df: float) -> float:
    """The moment estimate of tau2 (DerSimonian and Laird 1986), cut off at zero."""
    first, second, _, _, q, _ = sums(y, v, 0.0)
    return max(0.0, (q - df) / (first - second / first))


@njit(cache=True)
def _paule_mandel(y: Floats, v: Floats, df: float, steps: int, tolerance: float) -> tuple[float, bool]:
    tau2 = 0.0
    for _ in range(steps):
        first, _, _, _, q, squared = sums(y, v, tau2)
        step = (q - df) / squared if q > df else 0.0
        tau2 += step
        if step <= tolerance * (tau2 + (df + 1) / first):
            return tau2, True
    return tau2, False


@njit(cache=True)
def _reml(y: Floats, v: Floats, df: float, steps: int, tolerance: float) -> tuple[float, bool]:
    tau2, before, damp = moments(y, v, df), 0.0, 1.0
    for _ in range(steps):
        first, second, third, _, _, squared = sums(y, v, tau2)
        share = second / first
        step = (squared - first + share) / (second - 2 * third / first + share * share)
        if step * before < 0:
            damp /= 2
        new = max(0.0, tau2 + damp * step)
        moved, tau2, before = abs(new - tau2), new, step
        if moved <= tolerance * (tau2 + (df + 1) / first):
            return tau2, True
    return tau2, False


@njit(cache=True)
def _find(y: Floats, v: Floats, df: float, method: int, steps: int, tolerance: float) -> tuple[float, bool]:
    if method == FIXED:
        return 0.0, True
    if method == MOMENTS:
        return moments(y, v, df), True
    if method == PAULE_MANDEL:
        return _paule_mandel(y, v, df, steps, tolerance)
    return _reml(y, v, df, steps, tolerance)


@njit(cache=True)
def _pool_all(y: Floats, v: Floats, method: int, steps: int, tolerance: float, out: _Out) -> None:
    numbers, converged = out
    for row in range(len(y)):
        k = len(y[row]) - np.isnan(y[row]).sum()
        if k >= 2:
            tau2, sure = _find(y[row], v[row], k - 1.0, method, steps, tolerance)
            q = sums(y[row], v[row], 0.0)[4]
            first, _, _, mean, rss, _ = sums(y[row], v[row], tau2)
            numbers[0, row], numbers[1, row], numbers[2, row] = mean, 1.0 / first, rss
            numbers[3, row], numbers[4, row], converged[row] = tau2, q, sure
