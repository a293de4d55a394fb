"""A Bayesian meta-analysis by deterministic quadrature: what few studies say together with what is known of others.

y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau^2); mu flat or normal, tau by one of the priors below. Given tau all is
normal in closed form (Higgins and others 2009, doi 10.1111/j.1467-985X.2008.00552.x), so that one integral
over log tau remains. The integrand is smooth and dies away at both ends, so that the trapezoid rule is accurate.
No random numbers: the same input gives the same output.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, ndtr

from unstuck.core.errors import Complaint
from unstuck.lab.meta.pool import refuse_dependent
from unstuck.lab.meta.sample import Effects, Floats

POINTS = 4001
REACH = (1e-9, 1e5)
"""How far the grid of tau reaches, in units of the data's and the prior's own scale."""


@dataclass(frozen=True, slots=True)
class HalfNormal:
    """tau is the size of a normal deviate with this SD, in the unit of the effect."""

    scale: float


@dataclass(frozen=True, slots=True)
class HalfCauchy:
    """tau has a heavy tail; half of the prior lies below the scale."""

    scale: float


@dataclass(frozen=True, slots=True)
class LogNormal:
    """log(tau^2) is normal: the predictive distributions for log odds ratios of Turner and others 2015."""

    location: float
    scale: float


@dataclass(frozen=True, slots=True)
class LogStudent:
    """log(tau^2) is Student's t: those for standardised mean differences of Rhodes and others 2015."""

    location: float
    scale: float
    df: float


TauPrior = HalfNormal | HalfCauchy | LogNormal | LogStudent


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before: about tau always; about mu only if `mu_sd` is given, else nothing."""

    tau: TauPrior
    mu_mean: float = 0.0
    mu_sd: float | None = None

    def __post_init__(self) -> None:
        if self.tau.scale <= 0 or (self.mu_sd is not None and self.mu_sd <= 0):
            raise Complaint("A prior's scale is not above zero.", mend="Give the spread that you believe possible.")


@dataclass(frozen=True, slots=True)
class Belief:
    """A quantity after the data: mean, SD, median and the central interval of the wanted level."""

    mean: float
    sd: float
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed after: the mean effect, tau, a new study's true effect, and each study's own true effect.

    `below_zero` is the probability that the mean effect is negative.
    """

    k: int
    prior: Prior
    level: float
    mu: Belief
    tau: Belief
    new_study: Belief
    below_zero: float
    studies: tuple[tuple[str, Belief], ...]
    notes: tuple[str, ...]


def posterior(effects: Effects, prior: Prior, level: float = 0.95) -> Posterior:
    """The posterior of the mean effect and of heterogeneity. Works for one study too: tau is then the prior's.

    Raises Complaint for dependent rows.
    """
    refuse_dependent(effects)
    grid = _Grid.of(effects, prior)
    spread = grid.mu_variance
    return Posterior(
        effects.k,
        prior,
        level,
        _mixture(grid, grid.mu_mean, spread, level),
        _tau(grid, level),
        _mixture(grid, grid.mu_mean, spread + grid.tau**2, level),
        float(grid.weight @ ndtr(-grid.mu_mean / np.sqrt(spread))),
        tuple((label, _own(grid, effects, row, level)) for row, label in enumerate(effects.labels)),
        (*effects.notes, *_cautions(effects)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Points of tau (g,), their posterior weights, and mean and variance of mu at each."""

    tau: Floats
    weight: Floats
    mu_mean: Floats
    mu_variance: Floats

    @staticmethod
    def of(effects: Effects, prior: Prior) -> _Grid:
        """The grid with its weights. Its spacing is even in log tau, where weights are density times tau."""
        unit = max(float(np.var(effects.y) + np.mean(effects.v)) ** 0.5, _scale(prior.tau))
        tau = np.geomspace(REACH[0] * unit, REACH[1] * unit, POINTS)
        w = 1 / (effects.v + tau[:, None] ** 2)
        precision = w.sum(axis=1) + (prior.mu_sd**-2 if prior.mu_sd is not None else 0.0)
        pull = prior.mu_mean * prior.mu_sd**-2 if prior.mu_sd is not None else 0.0
        mean = (w @ effects.y + pull) / precision
        squares = w @ effects.y**2 + pull * prior.mu_mean - precision * mean**2
        log = 0.5 * (np.log(w).sum(axis=1) - np.log(precision) - squares) + log_density(prior.tau, tau) + np.log(tau)
        weight = np.exp(log - log.max())
        return _Grid(tau, weight / weight.sum(), mean, 1 / precision)


def log_density(prior: TauPrior, tau: Floats) -> Floats:
    """The log density of a prior at tau > 0."""
    match prior:
        case HalfNormal(scale):
            return np.asarray(0.5 * np.log(2 / np.pi) - np.log(scale) - 0.5 * (tau / scale) ** 2)
        case HalfCauchy(scale):
            return np.asarray(np.log(2 / (np.pi * scale)) - np.log1p((tau / scale) ** 2))
        case LogNormal(location, scale):
            z = (2 * np.log(tau) - location) / scale
            return np.asarray(np.log(2 / (tau * scale)) - 0.5 * z**2 - 0.5 * np.log(2 * np.pi))
        case LogStudent(location, scale, df):
            z = (2 * np.log(tau) - location) / scale
            top = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * np.pi)
            return np.asarray(np.log(2 / (tau * scale)) + top - (df + 1) / 2 * np.log1p(z**2 / df))
        case _:
            assert_never(prior)


def _scale(prior: TauPrior) -> float:
    """About where the prior lies."""
    match prior:
        case HalfNormal(scale) | HalfCauchy(scale):
            return scale
        case LogNormal(location) | LogStudent(location):
            return float(np.exp(location / 2))
        case _:
            assert_never(prior)


def _mixture(grid: _Grid, mean: Floats, variance: Floats, level: float) -> Belief:
    """A mixture of normals with the grid's weights."""
    whole = float(grid.weight @ mean)
    sd = float(grid.weight @ (variance + (mean - whole) ** 2)) ** 0.5
    root = np.sqrt(variance)
    reach = float((np.abs(mean - whole) + 40 * root)[grid.weight > 1e-14].max())

    def quantile(share: float) -> float:
        return float(
            brentq(lambda x: grid.weight @ ndtr((x - mean) / root) - share, whole - reach, whole + reach, xtol=1e-12)
        )

    low, middle, high = (quantile(share) for share in _shares(level))
    return Belief(whole, sd, middle, low, high)


def _shares(level: float) -> tuple[float, float, float]:
    return (1 - level) / 2, 0.5, (1 + level) / 2


def _tau(grid: _Grid, level: float) -> Belief:
    """tau itself: moments by the same sums, quantiles between the grid's points."""
    mean = float(grid.weight @ grid.tau)
    sd = float(grid.weight @ (grid.tau - mean) ** 2) ** 0.5
    below = np.cumsum(grid.weight) - grid.weight / 2
    low, middle, high = (float(np.exp(np.interp(share, below, np.log(grid.tau)))) for share in _shares(level))
    return Belief(mean, sd, middle, low, high)


def _own(grid: _Grid, effects: Effects, row: int, level: float) -> Belief:
    """The true effect of one study: its own figure drawn toward the others."""
    y, v = float(effects.y[row]), float(effects.v[row])
    kept = grid.tau**2 / (grid.tau**2 + v)
    mean = kept * y + (1 - kept) * grid.mu_mean
    return _mixture(grid, mean, kept * v + (1 - kept) ** 2 * grid.mu_variance, level)


def _cautions(effects: Effects) -> list[str]:
    if effects.k > 4:
        return []
    return [f"{effects.k} studies: what is said of heterogeneity comes mostly from the prior; try another one."]


def wider(prior: Prior, by: float) -> Prior:
    """The same prior with `by` times the spread of tau: to see whether the answer hangs on it."""
    match prior.tau:
        case HalfNormal(scale):
            return replace(prior, tau=HalfNormal(by * scale))
        case HalfCauchy(scale):
            return replace(prior, tau=HalfCauchy(by * scale))
        case LogNormal(location, scale):
            return replace(prior, tau=LogNormal(location + 2 * float(np.log(by)), scale))
        case LogStudent(location, scale, df):
            return replace(prior, tau=LogStudent(location + 2 * float(np.log(by)), scale, df))
        case _:
            assert_never(prior.tau)
