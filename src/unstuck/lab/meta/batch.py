"""Thousands of meta-analyses at once, for simulation: the same estimators over arrays of shape (data sets, studies).

A study that a data set does not have is NaN in both arrays. Two spellings: plain NumPy, and a kernel compiled by Numba
that runs over the data sets one by one; tests hold the two to each other and both to `pool`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from unstuck.core.errors import Complaint
from unstuck.lab.meta import batch_kernel
from unstuck.lab.meta.inference import Interval, Options
from unstuck.lab.meta.sample import Floats
from unstuck.lab.meta.tau2 import Method

STEPS, TOLERANCE = 200, 1e-12
CODES = {Method.FIXED: 0, Method.DL: 1, Method.PM: 2, Method.REML: 3}


@dataclass(frozen=True, slots=True, eq=False)
class ManyPooled:
    """One row a data set, each array of shape (data sets,). `converged` is False where the iteration ran out of steps.

    A data set of fewer than two studies has NaN everywhere and is not converged.
    """

    k: NDArray[np.intp]
    estimate: Floats
    se: Floats
    low: Floats
    high: Floats
    tau2: Floats
    q: Floats
    prediction_low: Floats
    prediction_high: Floats
    converged: NDArray[np.bool_]


def pool_many(y: Floats, v: Floats, options: Options | None = None, compiled: bool = True) -> ManyPooled:
    """Every data set pooled by itself. Raises Complaint for unlike shapes and for variances that are not above zero.

    REML takes the maximum that Fisher scoring reaches from the moment estimate; `pool` also looks for a second one.
    """
    options = options or Options()
    y, v = (np.ascontiguousarray(each, dtype=np.float64) for each in (y, v))
    _check(y, v)
    if compiled:
        mean, inverse, rss, tau2, q, converged = batch_kernel.pool(y, v, CODES[options.method], STEPS, TOLERANCE)
    else:
        mean, inverse, rss, tau2, q, converged = _plain(y, v, options.method)
    k = np.isfinite(y).sum(axis=1)
    return _finished((k, mean, inverse, rss, tau2, q, converged), options)


def _check(y: Floats, v: Floats) -> None:
    if y.ndim != 2 or y.shape != v.shape:
        raise Complaint(
            f"Shapes {y.shape} and {v.shape} are no data sets by studies.", mend="Give two equal 2-D arrays."
        )
    if not np.array_equal(np.isnan(y), np.isnan(v)):
        raise Complaint("An effect and its variance are not missing together.", mend="Set both to NaN.")
    if np.isinf(y).any() or np.isinf(v).any() or (v <= 0).any():
        raise Complaint("A variance is not above zero, or a number is not finite.", mend="Set that study to NaN.")


_Parts = tuple[NDArray[np.intp], Floats, Floats, Floats, Floats, Floats, NDArray[np.bool_]]


def _finished(parts: _Parts, options: Options) -> ManyPooled:
    """Standard errors and intervals from the means, inverse information and weighted residuals."""
    k, mean, inverse, rss, tau2, q, converged = parts
    enough = k >= 2
    df = np.where(enough, k - 1, 1)
    factor = np.ones_like(mean) if options.interval is Interval.NORMAL else rss / df
    if options.interval is Interval.AD_HOC:
        factor = np.maximum(1.0, factor)
    se = np.where(enough, np.sqrt(factor * inverse), np.nan)
    upper = 1 - (1 - options.level) / 2
    half = np.full_like(mean, ndtri(upper)) if options.interval is Interval.NORMAL else stdtrit(df, upper)
    wide = half * np.sqrt(tau2 + se**2) if options.method is not Method.FIXED else np.full_like(mean, np.nan)
    mean, tau2, q = (np.where(enough, each, np.nan) for each in (mean, tau2, q))
    ends = (mean - half * se, mean + half * se, tau2, q, mean - wide, mean + wide)
    return ManyPooled(k, mean, se, *ends, converged & enough)


_Found = tuple[Floats, Floats, Floats, Floats, Floats, NDArray[np.bool_]]


def _plain(y: Floats, v: Floats, method: Method) -> _Found:
    """The reference: the estimators in plain NumPy over all data sets together."""
    y, df = np.nan_to_num(y), np.isfinite(v).sum(axis=1) - 1.0
    q = _means(y, _weights(v, np.zeros(len(y))))[2]
    tau2, converged = _tau2(y, v, df, method)
    mean, inverse, rss = _means(y, _weights(v, tau2))
    return mean, inverse, rss, tau2, q, converged


def _weights(v: Floats, tau2: Floats) -> Floats:
    """1 / (v + tau2), and zero where a data set has no such study."""
    return np.asarray(np.nan_to_num(1 / (v + tau2[:, None])))


def _means(y: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted mean, 1 / sum of weights, weighted residual sum of squares. Where there is no study: NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1 / w.sum(axis=1)
        mean = (w * y).sum(axis=1) * inverse
    return mean, inverse, (w * (y - mean[:, None]) ** 2).sum(axis=1)


def _tau2(y: Floats, v: Floats, df: Floats, method: Method) -> tuple[Floats, NDArray[np.bool_]]:
    sure = np.ones(len(y), dtype=np.bool_)
    match method:
        case Method.FIXED:
            return np.zeros(len(y)), sure
        case Method.DL:
            return _moments(y, v, df), sure
        case Method.PM:
            return _paule_mandel(y, v, df)
        case Method.REML:
            return _reml(y, v, df)
        case _:
            assert_never(method)


def _moments(y: Floats, v: Floats, df: Floats) -> Floats:
    w = _weights(v, np.zeros(len(y)))
    first, second = w.sum(axis=1), (w**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.nan_to_num((_means(y, w)[2] - df) / (first - second / first))
    return np.asarray(np.maximum(0.0, excess), dtype=np.float64)


def _paule_mandel(y: Floats, v: Floats, df: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Newton's iteration for Q(tau2) = df (DerSimonian and Kacker 2007); Q is convex, so it rises to the root."""
    tau2, going = np.zeros(len(y)), np.flatnonzero(df > 0)
    for _ in range(STEPS):
        w = _weights(v[going], tau2[going])
        mean, _, q = _means(y[going], w)
        slope = (w**2 * (y[going] - mean[:, None]) ** 2).sum(axis=1)
        excess = q - df[going]
        step = np.divide(excess, slope, out=np.zeros(len(going)), where=excess > 0)
        tau2[going] += step
        going = going[step > TOLERANCE * (tau2[going] + 1 / w.max(axis=1))]
        if not len(going):
            break
    return tau2, _settled(df, going)


def _settled(df: Floats, going: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which data sets came to an end; those that could not start count as ended."""
    settled = np.ones(len(df), dtype=np.bool_)
    settled[going] = False
    return settled


def _reml(y: Floats, v: Floats, df: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Fisher scoring from the moment estimate. A step of the wrong sign after the last one is halved.

    Data sets that have converged leave the arrays, so that a few slow ones do not hold up the rest.
    """
    tau2, going = _moments(y, v, df), np.flatnonzero(df > 0)
    before: Floats = np.zeros(len(y))
    damp: Floats = np.ones(len(y))
    for _ in range(STEPS):
        w = _weights(v[going], tau2[going])
        step = _score_step(y[going], w)
        damp[going] = np.where(step * before[going] < 0, damp[going] / 2, damp[going])
        new = np.maximum(0.0, tau2[going] + damp[going] * step)
        moved, tau2[going], before[going] = np.abs(new - tau2[going]), new, step
        going = going[moved > TOLERANCE * (new + 1 / w.max(axis=1))]
        if not len(going):
            break
    return tau2, _settled(df, going)


def _score_step(y: Floats, w: Floats) -> Floats:
    """One step of Fisher scoring: (y'PPy - tr P) / tr PP."""
    first, second, third = w.sum(axis=1), (w**2).sum(axis=1), (w**3).sum(axis=1)
    mean = _means(y, w)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = second / first
        trace, trace_pp = first - share, second - 2 * third / first + share**2
        step = ((w**2 * (y - mean[:, None]) ** 2).sum(axis=1) - trace) / trace_pp
    return np.asarray(np.nan_to_num(step), dtype=np.float64)
