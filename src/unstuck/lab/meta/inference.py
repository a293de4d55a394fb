"""From a weighted fit to standard errors, intervals and p values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from unstuck.core.errors import Complaint
from unstuck.lab.meta.sample import Floats
from unstuck.lab.meta.tau2 import Method
from unstuck.lab.meta.weighted import Problem, Weighted


class Interval(StrEnum):
    """How the standard error and its distribution are taken."""

    NORMAL = "normal"  # the classic one: heterogeneity as if it were known
    KNAPP_HARTUNG = "knapp-hartung"  # Knapp and Hartung 2003, doi 10.1002/sim.1482; t with k - p
    AD_HOC = "knapp-hartung-adhoc"  # the same, but its variance is never below the normal one's


@dataclass(frozen=True, slots=True)
class Options:
    """How to pool. The defaults are the ones for few and unlike studies. A fixed effect has the normal interval."""

    method: Method = Method.REML
    interval: Interval = Interval.KNAPP_HARTUNG
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.method is Method.FIXED:
            object.__setattr__(self, "interval", Interval.NORMAL)
        if not 0 < self.level < 1:
            raise Complaint(
                f"The level {self.level:g} is no share.", mend="Give a number between 0 and 1, such as 0.95."
            )


@dataclass(frozen=True, slots=True)
class Line:
    """An estimate with its standard error, interval and two-sided p. `df` is None where the normal law is used."""

    estimate: float
    se: float
    low: float
    high: float
    statistic: float
    df: float | None
    p: float


def line(estimate: float, se: float, df: float | None, level: float) -> Line:
    """An estimate and its standard error as a line with interval and p, from t with `df` or from the normal law."""
    wide, statistic = quantile(df, level) * se, estimate / se if se > 0 else float("nan")
    return Line(estimate, se, estimate - wide, estimate + wide, statistic, df, two_sided(statistic, df))


def quantile(df: float | None, level: float) -> float:
    """Half the width of an interval in standard errors."""
    upper = 1 - (1 - level) / 2
    return float(ndtri(upper) if df is None else stdtrit(df, upper))


def two_sided(statistic: float, df: float | None) -> float:
    """The two-sided p value of a statistic."""
    below = -abs(statistic)
    return float(2 * (ndtr(below) if df is None else stdtr(df, below)))


def covariance(problem: Problem, fit: Weighted, interval: Interval) -> Floats:
    """The covariance of the coefficients (p, p), with the Knapp-Hartung factor where it is wanted."""
    factor = fit.rss / problem.df if interval is not Interval.NORMAL else 1.0
    if interval is Interval.AD_HOC:
        factor = max(1.0, factor)
    return np.asarray(factor * fit.inverse, dtype=np.float64)


def lines(problem: Problem, fit: Weighted, options: Options) -> tuple[Line, ...]:
    """Every coefficient with its interval."""
    errors = np.sqrt(np.diag(covariance(problem, fit, options.interval)))
    df = None if options.interval is Interval.NORMAL else float(problem.df)
    return tuple(line(float(b), float(se), df, options.level) for b, se in zip(fit.b, errors, strict=True))
