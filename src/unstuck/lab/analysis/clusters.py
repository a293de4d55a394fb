"""One score a person with a random effect of a cluster, such as the therapist: REML with Satterthwaite's df.

    y_ij = x_ij'b + u_j + e_ij,   u_j ~ N(0, s2 t^2),   e_ij ~ N(0, s2)

People of one therapist are alike. Where each therapist treats in one arm only, an analysis that ignores it counts
people as more than they are, and rejects too often. With V = s2 (I + t^2 J) in a cluster of m people, V^-1 takes
t^2 / (1 + m t^2) times the cluster's sums from the sums of all, so that a likelihood costs no more than the clusters
(Harville 1977, doi 10.1080/01621459.1977.10480998). The df follow Satterthwaite in (t, s), as lmerTest has them; at
t = 0 they are about those of least squares. With few clusters the test still rejects somewhat too often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats

GRID = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)  # of t, the cluster's spread as a multiple of s
STEP = 1e-4  # of the differences by which curvature is found, relative to s and absolute in t


@dataclass(frozen=True, slots=True)
class Clustered:
    """A contrast with its error and df, and both spreads."""

    estimate: float
    se: float
    df: float
    between_sd: float
    within_sd: float


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums of (x, y) over everybody and over each cluster: (p + 1, p + 1), (clusters, p + 1); people in each."""

    whole: Floats
    each: Floats
    size: Floats

    @property
    def free(self) -> int:
        """People minus coefficients."""
        return int(self.size.sum()) - len(self.whole) + 1

    def at(self, t: float) -> tuple[Floats, Floats, float]:
        """s2 X'V^-1X (p, p), the coefficients, and s2 times the weighted residual sum of squares."""
        taken = t**2 / (1 + self.size * t**2)
        sums = self.whole - (self.each * taken[:, None]).T @ self.each
        a = sums[:-1, :-1]
        b = np.linalg.solve(a, sums[:-1, -1])
        return a, b, float(sums[-1, -1] - sums[:-1, -1] @ b)

    def minus2(self, t: float, s: float) -> float:
        """-2 times the restricted log likelihood, but for a constant."""
        a, _, rest = self.at(t)
        logs = np.log1p(self.size * t**2).sum() + np.linalg.slogdet(a)[1]
        return float(logs + 2 * self.free * np.log(s) + rest / s**2)

    def best_s(self, t: float) -> float:
        """The s that is most likely at t."""
        return float(np.sqrt(self.at(t)[2] / self.free))


def random_intercept(x: Floats, y: Floats, cluster: NDArray[np.int64], contrast: Floats) -> Clustered:
    """`contrast` (p,) of the coefficients of x (n, p) on y (n,). Raises Complaint where there is no answer."""
    codes = np.unique(cluster, return_inverse=True)[1]
    rows = np.column_stack([x, y])
    each = np.stack([np.bincount(codes, weights=column) for column in rows.T], axis=1).astype(np.float64)
    sums = _Sums(rows.T @ rows, each, np.bincount(codes).astype(np.float64))
    if sums.free < 1 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise Complaint("The covariates leave nothing to estimate from.", mend="Take fewer of them.")
    t = _best(sums)
    s = sums.best_s(t)
    if not s > 0:
        raise Complaint("The outcomes follow from the covariates.")
    a, b, _ = sums.at(t)
    variance = s**2 * float(contrast @ np.linalg.solve(a, contrast))
    return Clustered(float(contrast @ b), float(np.sqrt(variance)), _df(sums, t, s, contrast), t * s, s)


def _best(sums: _Sums) -> float:
    """The most likely t."""

    def height(t: float) -> float:
        return sums.minus2(t, sums.best_s(t))

    heights = [height(t) for t in GRID]
    place = int(np.argmin(heights))
    low, high = GRID[max(place - 1, 0)], GRID[min(place + 1, len(GRID) - 1)]
    found = minimize_scalar(height, bounds=(low, high), method="bounded", options={"xatol": 1e-9})
    return float(found.x) if found.fun < heights[0] - 1e-10 else 0.0


def _df(sums: _Sums, t: float, s: float, contrast: Floats) -> float:
    """2 Var^2 / (g' C g): g the slope of the variance in (t, s), C the inverse of half the curvature of -2 log L."""

    def variance(at: Floats) -> float:
        return float(at[1] ** 2 * (contrast @ np.linalg.solve(sums.at(float(at[0]))[0], contrast)))

    def height(at: Floats) -> float:
        return sums.minus2(float(at[0]), float(at[1]))

    here, steps = np.array([t, s]), np.diag([STEP, STEP * s])
    slope = np.array([(variance(here + d) - variance(here - d)) / (2 * d.sum()) for d in steps])
    bend = np.array([[_bend(height, here, d, e) for e in steps] for d in steps])
    if np.linalg.eigvalsh(bend)[0] <= 0:  # the likelihood is flat in t: s alone is uncertain
        return float(sums.free)
    return float(2 * variance(here) ** 2 / (slope @ np.linalg.solve(bend / 2, slope)))


def _bend(height: object, here: Floats, d: Floats, e: Floats) -> float:
    """The second difference of a function at a point along two steps."""
    assert callable(height)
    ends = height(here + d + e) - height(here + d - e) - height(here - d + e) + height(here - d - e)
    return float(ends / (4 * d.sum() * e.sum()))
