"""Weighted least squares with known variances: the small algebra below every estimator of heterogeneity.

With weights w = 1 / (v + tau2), X of shape (k, p) and P = W - W X (X'WX)^-1 X'W, everything that the estimators need
follows from p x p matrices; no k x k matrix is ever formed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.meta.sample import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Effects y (k,), variances v (k,) and a design X (k, p) of full rank with p < k, or p = k = 1."""

    y: Floats
    v: Floats
    x: Floats

    @property
    def df(self) -> int:
        """Residual degrees of freedom, k - p."""
        return int(self.x.shape[0] - self.x.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Coefficients b, their inverse information (X'WX)^-1 and the weighted residual sum of squares y'Py."""

    b: Floats
    inverse: Floats
    rss: float


def intercept(y: Floats, v: Floats) -> Problem:
    """The problem of one common mean."""
    return Problem(y, v, np.ones((len(y), 1)))


def check_rank(problem: Problem, names: tuple[str, ...]) -> None:
    """Raises Complaint when the moderators cannot be told apart, or are as many as the effects."""
    k, p = problem.x.shape
    if p >= k:
        raise Complaint(f"{k} effects cannot carry {p} coefficients.", mend="Use fewer moderators.")
    if np.linalg.matrix_rank(problem.x) < p:
        mend = "Leave out one that the others determine, or one that does not vary."
        raise Complaint(f"The moderators cannot be told apart: {', '.join(names)}.", mend=mend)


def solve(problem: Problem, tau2: float) -> Weighted:
    """The weighted fit at a given heterogeneity."""
    w = 1 / (problem.v + tau2)
    inverse = np.linalg.inv((problem.x.T * w) @ problem.x)
    b = inverse @ (problem.x.T @ (w * problem.y))
    return Weighted(b, inverse, float(w @ (problem.y - problem.x @ b) ** 2))


@dataclass(frozen=True, slots=True)
class Traces:
    """What one REML step needs: tr P, tr PP and y'PPy."""

    p: float
    pp: float
    ypp: float


def traces(problem: Problem, tau2: float) -> Traces:
    """tr P, tr PP and y'PPy at a given heterogeneity."""
    fit, x = solve(problem, tau2), problem.x
    w = 1 / (problem.v + tau2)
    second, third = ((fit.inverse @ (x.T * w**power)) @ x for power in (2, 3))
    trace_pp = float(w @ w - 2 * np.trace(third) + np.trace(second @ second))
    residual = problem.y - x @ fit.b
    return Traces(float(w.sum() - np.trace(second)), trace_pp, float(w**2 @ residual**2))


def restricted_log_likelihoods(problem: Problem, tau2s: Floats) -> Floats:
    """The restricted log-likelihood (Harville 1974, doi 10.1093/biomet/61.2.383) at several tau2, whole."""
    w = 1 / (problem.v + tau2s[:, None])
    information = np.einsum("gk,ki,kj->gij", w, problem.x, problem.x)
    b = np.linalg.solve(information, ((w * problem.y) @ problem.x)[:, :, None])[:, :, 0]
    rss = (w * (problem.y - b @ problem.x.T) ** 2).sum(axis=1)
    design = np.linalg.slogdet(problem.x.T @ problem.x)[1]
    whole = design - np.linalg.slogdet(information)[1] + np.log(w).sum(axis=1) - rss
    return np.asarray(0.5 * (whole - problem.df * np.log(2 * np.pi)), dtype=np.float64)


def restricted_log_likelihood(problem: Problem, tau2: float) -> float:
    """The restricted log-likelihood at one tau2."""
    return float(restricted_log_likelihoods(problem, np.array([tau2]))[0])
