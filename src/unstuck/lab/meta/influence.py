"""Which studies carry the result: leaving each out, adding them one by one, and how far each moves the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from unstuck.core.errors import Complaint
from unstuck.lab.meta.inference import Interval, Options, covariance
from unstuck.lab.meta.pool import Pooled, pool, refuse_dependent
from unstuck.lab.meta.sample import Effects
from unstuck.lab.meta.tau2 import estimate
from unstuck.lab.meta.weighted import intercept, solve


def leave_one_out(effects: Effects, options: Options | None = None) -> tuple[tuple[str, Pooled], ...]:
    """The pool without each study in turn, under the name of the study left out."""
    _needs(effects, 2)
    rows = range(effects.k)
    return tuple((effects.labels[out], pool(effects.only([r for r in rows if r != out]), options)) for out in rows)


def cumulative(
    effects: Effects, order: Sequence[float] | None = None, options: Options | None = None
) -> tuple[tuple[str, Pooled], ...]:
    """The pool after each further study, in ascending `order` (a year, say), or as the rows stand."""
    _needs(effects, 1)
    places = np.arange(effects.k) if order is None else np.argsort(np.asarray(order, dtype=np.float64), kind="stable")
    if len(places) != effects.k:
        raise Complaint(f"{len(places)} places are given for {effects.k} effects.", mend="Give one a row.")
    return tuple(
        (effects.labels[last], pool(effects.only(places[: upto + 1]), options)) for upto, last in enumerate(places)
    )


@dataclass(frozen=True, slots=True)
class Influence:
    """How far one study moves the fit (Viechtbauer and Cheung 2010, doi 10.1002/jrsm.11).

    `residual`: its distance from the mean of the others, in standard errors. `dffits`: by how many SE the mean moves.
    `cook`: the square of that with all studies' SE. `tau2`: heterogeneity without it. `notable` by their rules.
    """

    label: str
    residual: float
    dffits: float
    cook: float
    covariance_ratio: float
    tau2: float
    q: float
    hat: float
    notable: bool


def influence(effects: Effects, options: Options | None = None) -> tuple[Influence, ...]:
    """The influence of each study on the pooled mean."""
    _needs(effects, 3)
    options = options or Options()
    return tuple(_without(effects, row, options) for row in range(effects.k))


def _needs(effects: Effects, least: int) -> None:
    refuse_dependent(effects)
    if effects.k < least:
        raise Complaint(f"{effects.k} effects are too few for this.", mend=f"It needs {least}.")


def _without(effects: Effects, row: int, options: Options) -> Influence:
    whole = intercept(effects.y, effects.v)
    others = effects.only([r for r in range(effects.k) if r != row])
    part = intercept(others.y, others.v)
    tau2, tau2_part = (estimate(each, options.method).tau2 for each in (whole, part))
    fit, fit_part = solve(whole, tau2), solve(part, tau2_part)
    variance, variance_part = (
        float(covariance(problem, each, options.interval)[0, 0]) for problem, each in ((whole, fit), (part, fit_part))
    )
    y, v = float(effects.y[row]), float(effects.v[row])
    hat = float(fit.inverse[0, 0]) / (v + tau2)
    moved = float(fit.b[0] - fit_part.b[0])
    factor = _factor(part.df, fit_part.rss, options)
    residual = (y - float(fit_part.b[0])) / (variance_part + factor * (v + tau2_part)) ** 0.5
    dffits = moved / (factor * hat * (tau2_part + v)) ** 0.5
    cook = moved**2 / variance
    notable = abs(dffits) > 3 * (1 / (effects.k - 1)) ** 0.5 or cook > COOK or hat > 3 / effects.k
    q = solve(part, 0.0).rss
    label = effects.labels[row]
    return Influence(label, residual, dffits, cook, variance_part / variance, tau2_part, q, hat, notable)


def _factor(df: int, rss: float, options: Options) -> float:
    factor = 1.0 if options.interval is Interval.NORMAL else rss / df
    return max(1.0, factor) if options.interval is Interval.AD_HOC else factor


COOK = float(chdtri(1, 0.5))
"""A Cook's distance above the median of chi-square(1): as far as the middle of the confidence region's boundary."""
