"""How much true effects differ between studies: estimators of tau2, and an interval for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

from unstuck.lab.meta.weighted import Problem, restricted_log_likelihood, restricted_log_likelihoods, solve, traces

STEPS, GRID = 200, 60
TOLERANCE = 1e-12


class Method(StrEnum):
    """How heterogeneity is estimated."""

    FIXED = "FE"  # not at all: one common effect
    DL = "DL"  # DerSimonian and Laird 1986
    PM = "PM"  # Paule and Mandel 1982
    REML = "REML"  # restricted maximum likelihood


@dataclass(frozen=True, slots=True)
class Found:
    """An estimate of tau2 and what had to be done for it."""

    tau2: float
    notes: tuple[str, ...] = ()


def estimate(problem: Problem, method: Method) -> Found:
    """tau2 by one of the methods; never negative."""
    match method:
        case Method.FIXED:
            return Found(0.0)
        case Method.DL:
            return Found(dersimonian_laird(problem))
        case Method.PM:
            return Found(paule_mandel(problem))
        case Method.REML:
            return reml(problem)
        case _:
            assert_never(method)


def dersimonian_laird(problem: Problem) -> float:
    """The moment estimator from Q (DerSimonian and Laird 1986, doi 10.1016/0197-2456(86)90046-2), cut off at zero."""
    excess = solve(problem, 0.0).rss - problem.df
    return max(0.0, excess / traces(problem, 0.0).p)


def paule_mandel(problem: Problem) -> float:
    """The tau2 at which the generalised Q equals its degrees of freedom (Paule and Mandel 1982), or zero."""
    return _q_reaches(problem, problem.df)


def _q_reaches(problem: Problem, target: float) -> float:
    """The tau2 at which Q(tau2) has fallen to the target; zero when it starts below. Q falls in tau2 without end."""

    def excess(tau2: float) -> float:
        return solve(problem, tau2).rss - target

    if excess(0.0) <= 0:
        return 0.0
    high = _typical(problem)
    while excess(high) > 0:
        high *= 4
    return float(brentq(excess, 0.0, high, xtol=1e-15 * high, rtol=1e-13, maxiter=500))


def _typical(problem: Problem) -> float:
    """A length to measure tau2 by: the spread of the effects and of their variances together."""
    return float(np.var(problem.y) + np.mean(problem.v))


def reml(problem: Problem) -> Found:
    """The restricted maximum likelihood estimate.

    Fisher scoring from the moment estimate, as metafor does it, but to full convergence. The restricted likelihood can
    have two maxima; a grid looks for a higher one, and if there is one the search starts from it and a note says so.
    """
    start = dersimonian_laird(problem)
    found = _scoring(problem, start)
    best = _best_of_grid(problem)
    if restricted_log_likelihood(problem, best) <= restricted_log_likelihood(problem, found) + 1e-9:
        return Found(found)
    return Found(_scoring(problem, best), ("The restricted likelihood has two maxima; the higher one is used.",))


def _scoring(problem: Problem, start: float) -> float:
    """Fisher scoring that cannot run in circles.

    A step that lowers the likelihood is halved. Near the top the likelihood is too flat to tell; there each turn of
    the step's sign halves all later steps.
    """
    tau2, value, before, damp = start, restricted_log_likelihood(problem, start), 0.0, 1.0
    for _ in range(STEPS):
        t = traces(problem, tau2)
        step = (t.ypp - t.p) / t.pp
        damp = damp / 2 if step * before < 0 else damp
        new, value = _uphill(problem, tau2, damp * step, value)
        moved, tau2, before = abs(new - tau2), new, step
        if moved <= TOLERANCE * (tau2 + float(problem.v.min())):
            break
    return tau2


def _uphill(problem: Problem, tau2: float, step: float, value: float) -> tuple[float, float]:
    for _ in range(40):
        new = max(0.0, tau2 + step)
        reached = restricted_log_likelihood(problem, new)
        if reached >= value - 1e-12 * (1 + abs(value)):
            return new, reached
        step /= 2
    return tau2, value


def _best_of_grid(problem: Problem) -> float:
    scale = _typical(problem)
    grid = np.array([0.0, *np.geomspace(1e-4 * scale, 1e2 * scale, GRID)])
    return float(grid[np.argmax(restricted_log_likelihoods(problem, grid))])


def q_profile(problem: Problem, level: float) -> tuple[float, float]:
    """An interval for tau2: all values at which Q(tau2) is no surprise (Viechtbauer 2007, doi 10.1002/sim.2514).

    Effects more alike than chance allows give (0, 0): the sampling variances look too large then.
    """
    tail = (1 - level) / 2
    high, low = (float(chdtri(problem.df, upper)) for upper in (tail, 1 - tail))
    return _q_reaches(problem, high), _q_reaches(problem, low)
