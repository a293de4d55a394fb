"""REML for repeated measures, unstructured covariance and monotone dropout: in closed form, for many trials at once.

y_it = x_i'b_t + e_it with e_i ~ N(0, S), every covariate crossed with visit, and n_t patients still seen at visit t.
The likelihood factors by visit: y_t given x and y_1..y_{t-1} is an ordinary regression in those n_t patients with
coefficients (gamma_t, phi_t) and variance s2_t (Anderson 1957, doi 10.1080/01621459.1957.10501379). The map from
b_1..b_T to gamma_1..gamma_T has Jacobian 1, so that integrating the means out, which is REML, factors as well:

    phi_t by least squares after projecting x out,   s2_t = RSS_t / (n_t - q),   b = A gamma,   A = (I - Phi)^-1.

For a contrast of visits w and covariates c, with a = A'w and h_t = c' (X_t'X_t)^-1 c:

    variance  V  = sum_t a_t^2 s2_t h_t
    df           = 2 V^2 / sum_t [2 (a_t^2 s2_t h_t)^2 / (n_t - q) + s2_t d_t' P_t^-1 d_t],
                   d_ts = 2 a_t sum_{u<=s} A_su a_u s2_u h_u       (Satterthwaite, observed REML information)
    Kenward-Roger (linear)  V + 2 L,  L = sum_t a_t^2 s2_t sum_{u<t} s2_u (h_t - h_u) A_.u' P_t^-1 A_.u

P_t is the projected sum of squares and products of the earlier outcomes. For one contrast the Kenward-Roger df is the
same (Kenward and Roger 1997, doi 10.2307/2533558). This module is the plain spelling, `closed_kernel` the compiled one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class MonotoneSums:
    """All that a monotone trial tells: `sscp[r, t]` holds sums of squares and products of (x, y_1..y_T), shape (m, m)
    with m = covariates + T, over the `seen[r, t]` patients of trial r that are seen at visit t (and before it).

    Sums of several sites add up to the sums of all: nothing is lost by pooling them.
    """

    sscp: Floats  # (R, T, m, m); rows and columns of later visits than t are not read
    seen: Floats  # (R, T)
    covariates: int

    def __post_init__(self) -> None:
        wanted = (*self.seen.shape, *(self.covariates + self.visits,) * 2)
        if self.sscp.shape != wanted:
            raise Complaint(f"Sums of shape {self.sscp.shape} do not go with {self.seen.shape} and these covariates.")

    @property
    def visits(self) -> int:
        """How many visits there are."""
        return int(self.seen.shape[1])

    def __add__(self, other: MonotoneSums) -> MonotoneSums:
        if self.sscp.shape != other.sscp.shape or self.covariates != other.covariates:
            raise Complaint(
                "Sums of unlike models do not add up.", mend="Every site needs the same visits and covariates."
            )
        return MonotoneSums(self.sscp + other.sscp, self.seen + other.seen, self.covariates)


@dataclass(frozen=True, slots=True, eq=False)
class ManyFits:
    """One number a trial and contrast, shape (R, C). NaN where a visit has no more patients than covariates, or where
    covariates determine each other: such a trial has no answer and must be counted as that."""

    estimate: Floats
    se: Floats  # of the model
    se_kr: Floats  # Kenward-Roger, linear
    df: Floats  # Satterthwaite, which is Kenward and Roger's for a single contrast


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """The regression of every visit on x and the earlier visits; see the head of this module."""

    phi: Floats  # (R, T, T), strictly lower
    s2: Floats  # (R, T)
    gamma: Floats  # (R, T, q)
    unit: Floats  # A, (R, T, T)
    within: Floats  # (X_t'X_t)^-1, (R, T, q, q)
    earlier: tuple[Floats, ...]  # P_t^-1, (R, t, t)
    minus2: Floats  # -2 REML log likelihood, (R,)

    def coefficients(self) -> Floats:
        """b, shape (R, T, q)."""
        return np.asarray(self.unit @ self.gamma)

    def covariance(self) -> Floats:
        """S, shape (R, T, T)."""
        return np.asarray((self.unit * self.s2[:, None, :]) @ np.swapaxes(self.unit, 1, 2))


def monotone_sums(x: Floats, y: Floats) -> MonotoneSums:
    """The sums of trials from x (R, n, q) and y (R, n, T), NaN from the visit on at which a patient is gone.

    A value after a gap is a Complaint: such data belong to the general solver.
    """
    here = np.isfinite(y)
    if (here[..., 1:] & ~here[..., :-1]).any():
        raise Complaint("A patient comes back after a missed visit.", mend="Use the general solver.")
    z = np.concatenate([x, np.where(here, y, 0.0)], axis=2)
    weighted = here.transpose(0, 2, 1)[:, :, None, :] * z.transpose(0, 2, 1)[:, None]  # (R, T, m, n)
    return MonotoneSums(weighted @ z[:, None], here.sum(axis=1).astype(np.float64), x.shape[2])


def factors(sums: MonotoneSums) -> Factors:
    """The REML maximum of every trial; needs more patients than covariates at every visit. Raises LinAlgError where
    covariates determine each other."""
    trials, visits, q = len(sums.seen), sums.visits, sums.covariates
    phi, gamma = np.zeros((trials, visits, visits)), np.zeros((trials, visits, q))
    s2, minus2 = np.zeros((trials, visits)), np.zeros(trials)
    within, earlier = np.zeros((trials, visits, q, q)), []
    for t in range(visits):
        xx, xy, yy = _blocks(sums.sscp[:, t], q, t)
        within[:, t] = np.linalg.inv(xx)
        slopes = within[:, t] @ xy  # (R, q, t + 1)
        projected = yy - np.swapaxes(xy, 1, 2) @ slopes
        earlier.append(np.linalg.inv(projected[:, :t, :t]))
        phi[:, t, :t] = (earlier[t] @ projected[:, :t, t, None])[..., 0]
        free = sums.seen[:, t] - q
        rss = projected[:, t, t] - (phi[:, t, :t] * projected[:, t, :t]).sum(axis=1)
        s2[:, t] = rss / free
        gamma[:, t] = slopes[:, :, t] - (slopes[:, :, :t] * phi[:, None, t, :t]).sum(axis=2)
        minus2 += free * (np.log(2 * np.pi * s2[:, t]) + 1) + np.linalg.slogdet(xx)[1]
    unit = np.linalg.inv(np.eye(visits) - phi)
    return Factors(phi, s2, gamma, unit, within, tuple(earlier), minus2)


def _blocks(sscp: Floats, q: int, t: int) -> tuple[Floats, Floats, Floats]:
    """X'X, X'Y and Y'Y of the visits up to t, from a whole symmetric matrix."""
    return sscp[:, :q, :q], sscp[:, :q, q : q + t + 1], sscp[:, q : q + t + 1, q : q + t + 1]


def contrasts(sums: MonotoneSums, found: Factors, visit_weights: Floats, covariate: Floats) -> ManyFits:
    """Contrasts sum_t w_t c'b_t for `visit_weights` (C, T) and `covariate` (C, q)."""
    rows = [_contrast(sums, found, w, c) for w, c in zip(visit_weights, covariate, strict=True)]
    return ManyFits(*(np.stack(each, axis=1) for each in zip(*rows, strict=True)))


def _contrast(sums: MonotoneSums, f: Factors, w: Floats, c: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    a = np.einsum("s,rst->rt", w, f.unit)
    h = np.einsum("q,rtqp,p->rt", c, f.within, c)
    pieces = a**2 * f.s2 * h
    estimate, variance = (a * (f.gamma @ c)).sum(axis=1), pieces.sum(axis=1)
    spread = (2 * pieces**2 / (sums.seen - sums.covariates)).sum(axis=1)
    slopes = np.einsum("rsu,ru->rs", f.unit, a * f.s2 * h)
    extra = np.zeros_like(variance)
    for t in range(1, sums.visits):
        d = 2 * a[:, t, None] * slopes[:, :t]
        spread += f.s2[:, t] * np.einsum("rs,rsp,rp->r", d, f.earlier[t], d)
        columns = f.unit[:, :t, :t]
        reach = np.einsum("rsu,rsp,rpu->ru", columns, f.earlier[t], columns)
        extra += a[:, t] ** 2 * f.s2[:, t] * (f.s2[:, :t] * (h[:, t, None] - h[:, :t]) * reach).sum(axis=1)
    return estimate, np.sqrt(variance), np.sqrt(variance + 2 * extra), 2 * variance**2 / spread


def fit_many(sums: MonotoneSums, visit_weights: Floats, covariate: Floats) -> ManyFits:
    """Every trial's contrasts in plain NumPy; NaN for a trial with too few patients at a visit or a singular design."""
    wide = np.atleast_2d(visit_weights)
    slim = np.atleast_2d(covariate)
    answer = ManyFits(*(np.full((len(sums.seen), len(wide)), np.nan) for _ in range(4)))
    good = np.flatnonzero((sums.seen > sums.covariates).all(axis=1) & regular(sums))
    if len(good):
        kept = MonotoneSums(sums.sscp[good], sums.seen[good], sums.covariates)
        found = contrasts(kept, factors(kept), wide, slim)
        for name in ("estimate", "se", "se_kr", "df"):
            getattr(answer, name)[good] = getattr(found, name)
    return answer


SINGULAR = 1e-11
"""A pivot below this share of its diagonal counts as zero: the column is a combination of earlier ones."""


def regular(sums: MonotoneSums) -> NDArray[np.bool_]:
    """Whether every matrix that is inverted has full rank."""
    sizes = (sums.covariates + t + 1 for t in range(sums.visits))
    return np.asarray(np.all([full_rank(sums.sscp[:, t, :m, :m]) for t, m in enumerate(sizes)], axis=0))


def full_rank(matrices: Floats) -> NDArray[np.bool_]:
    """Whether each symmetric matrix (N, m, m) has full rank, judged by the pivots of its elimination."""
    left = np.array(matrices, dtype=np.float64)
    first = np.einsum("nii->ni", left).copy()
    fine = np.ones(len(left), dtype=bool)
    for j in range(left.shape[1]):
        pivot = left[:, j, j]
        fine &= pivot > SINGULAR * first[:, j]
        safe = np.where(pivot > 0, pivot, 1.0)
        left -= left[:, :, j, None] * left[:, j, None, :] / safe[:, None, None]
    return fine
