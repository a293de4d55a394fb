"""The compiled spelling of one REML fit with a common mean, without temporary arrays."""

from __future__ import annotations

import numpy as np
from numba import njit

from unstuck.lab.meta.batch_kernel import moments, sums
from unstuck.lab.meta.sample import Floats

Found = tuple[float, float, float, float, float, bool, bool]
"""Mean, its inverse information, weighted residual sum of squares, tau2, Q, convergence, two maxima."""


@njit(cache=True)
def flaw(y: Floats, v: Floats) -> int:
    """The first row whose variance is not above zero or whose numbers are not finite; -1 when there is none."""
    for i in range(len(y)):
        if not (v[i] > 0 and np.isfinite(v[i]) and np.isfinite(y[i])):
            return i
    return -1


@njit(cache=True)
def fit(y: Floats, v: Floats, grid: Floats, steps: int, tolerance: float) -> Found:
    """Fisher scoring from the moment estimate, and again from a higher point of the likelihood if the grid has one.

    `grid` is in units of the spread of effects and variances, as `tau2.reml` searches it. Every v is above zero.
    """
    df = len(y) - 1.0
    q = sums(y, v, 0.0)[4]
    tau2, sure = _scoring(y, v, moments(y, v, df), steps, tolerance)
    best, reached = _best(y, v, grid)
    two = reached > _likelihood(y, v, tau2) + 1e-9
    if two:
        tau2, sure = _scoring(y, v, best, steps, tolerance)
    first, _, _, mean, rss, _ = sums(y, v, tau2)
    return mean, 1.0 / first, rss, tau2, q, sure, two


@njit(cache=True)
def _scoring(y: Floats, v: Floats, start: float, steps: int, tolerance: float) -> tuple[float, bool]:
    """Fisher scoring; a step that loses height is halved, and each turn halves all later ones: it cannot circle."""
    tau2, before, damp, value = start, 0.0, 1.0, _likelihood(y, v, start)
    for _ in range(steps):
        first, second, third, _, _, squared = sums(y, v, tau2)
        share = second / first
        step = (squared - first + share) / (second - 2 * third / first + share * share)
        if step * before < 0:
            damp /= 2
        new, reached, before = max(0.0, tau2 + damp * step), 0.0, step
        for _ in range(40):
            reached = _likelihood(y, v, new)
            if reached >= value - 1e-12 * (1 + abs(value)):
                break
            new = (tau2 + new) / 2
        moved, tau2, value = abs(new - tau2), new, reached
        if moved <= tolerance * (tau2 + len(y) / first):
            return tau2, True
    return tau2, False


@njit(cache=True)
def _best(y: Floats, v: Floats, grid: Floats) -> tuple[float, float]:
    """The point of the grid where the restricted likelihood is highest, and its height."""
    scale = y.var() + v.mean()
    best, reached = 0.0, -np.inf
    for step in grid:
        value = _likelihood(y, v, step * scale)
        if value > reached:
            best, reached = step * scale, value
    return best, reached


@njit(cache=True)
def _likelihood(y: Floats, v: Floats, tau2: float) -> float:
    """The restricted log-likelihood (Harville 1974, doi 10.1093/biomet/61.2.383) up to a constant.

    Logarithms are slow: they are taken of products of eight weights, which stay within a float
    while variances lie between 1e-38 and 1e38.
    """
    first = middle = squares = logs = 0.0
    product = 1.0
    for i in range(len(y)):
        w = 1.0 / (v[i] + tau2)
        from_first = y[i] - y[0]
        first += w
        middle += w * from_first
        squares += w * from_first * from_first
        product *= w
        if i % 8 == 7:
            logs += np.log(product)
            product = 1.0
    logs += np.log(product)
    height: float = 0.5 * (logs - np.log(first) - (squares - middle * middle / first))
    return height
