"""REML for repeated measures with any pattern of missing visits and any structure, by Fisher and Newton steps.

vec(B) = G beta holds the coefficients of x at every visit (G is the identity when all covariates are crossed with it).
With W_d the inverse of S on the visits of pattern d, padded with zeros, E_k = dS/dtheta_k, R_d the residual sums,
M = sum_d W_d (x) X_d, Phi = G (G'MG)^-1 G', U_d the sums of x'Phi x, H_d = R_d + U_d, D = sum_d n_d W_d - W_d H_d W_d:

    -2 REML        f      = sum_d n_d log|S_d| + log|G'MG| + sum_d tr W_d R_d + (N - p) log 2 pi
    score          df/dk  = tr D E_k
    information    I_kl   = sum_d tr(W E_k W E_l W H_d) - n_d/2 tr(W E_k W E_l)
                            - 1/2 tr(Phi P_k Phi P_l) - C_k' Phi C_l + 1/2 tr D E_kl

P_k and C_k are M and the weighted residuals with W E_k W for W. The information is the observed one of the restricted
likelihood (as SAS and mmrm take it; pbkrtest takes the expected one).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import SINGULAR, Floats
from unstuck.lab.analysis.pattern_sums import PatternSums
from unstuck.lab.analysis.structures import Structure

MOST_STEPS, FISHER_STEPS, HALVINGS = 100, 2, 30
TOLERANCE, NOISE = 1e-11, 1e-9
"""Newton decrement at which the maximum counts as reached (the last step squares it), and the rounding of
-2 REML as a share of it: a step that loses less height than that is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Sums, the map G (T * q, p) from coefficients to visits, and the structure of S."""

    sums: PatternSums
    g: Floats
    structure: Structure


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """The likelihood at one S, and what its derivatives are made of."""

    s: Floats
    weights: Floats  # W, (P, T, T)
    inverse: Floats  # (G'MG)^-1, (p, p)
    beta: Floats  # (p,)
    b: Floats  # (T, q)
    h: Floats  # R + U, (P, T, T)
    minus2: float


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Score and information of theta at a point, and the parts that contrasts need again."""

    score: Floats  # (k,), of the log likelihood
    observed: Floats  # (k, k)
    expected: Floats  # (k, k), of the likelihood, not the restricted one: good for first steps only
    we: Floats  # W E_k, (P, k, T, T)
    p: Floats  # P_k, (k, T, q, T, q)


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """The REML maximum: theta, the point, its pieces, and how many steps it took."""

    theta: Floats
    point: Point
    pieces: Pieces
    steps: int


def point(problem: Problem, s: Floats) -> Point | None:
    """The restricted likelihood at S. None where S or the information about beta is not positive definite."""
    sums, g = problem.sums, problem.g
    both = sums.seen[:, :, None] & sums.seen[:, None, :]
    padded = np.where(both, s, 0.0) + np.eye(len(s)) * ~sums.seen[:, None, :]
    try:
        low = np.linalg.cholesky(padded)
        weights = np.linalg.inv(padded) * both
        m = np.einsum("dst,dab->satb", weights, sums.xx, optimize=True)
        normal = g.T @ m.reshape(len(g), len(g)) @ g
        normal_low = np.linalg.cholesky(normal)
        inverse = np.linalg.inv(normal)
    except np.linalg.LinAlgError:
        return None
    beta = inverse @ (g.T @ np.einsum("dst,dat->sa", weights, sums.xy).ravel())
    b = (g @ beta).reshape(sums.visits, -1)
    residual = _residual(sums, b) * both
    logs = 2 * (sums.count @ np.log(np.diagonal(low, axis1=1, axis2=2)).sum(axis=1) + np.log(np.diag(normal_low)).sum())
    free = sums.values - len(beta)
    minus2 = float(logs + (weights * residual).sum() + free * np.log(2 * np.pi))
    return Point(s, weights, inverse, beta, b, residual + _spread(problem, inverse) * both, minus2)


def _residual(sums: PatternSums, b: Floats) -> Floats:
    """Sums of squares and products of residuals by pattern, (P, T, T)."""
    cross = b @ sums.xy
    return np.asarray(sums.yy - cross - np.swapaxes(cross, 1, 2) + b @ sums.xx @ b.T)


def _phi(problem: Problem, inverse: Floats) -> Floats:
    visits = problem.sums.visits
    return np.asarray((problem.g @ inverse @ problem.g.T).reshape(visits, -1, visits, problem.sums.xx.shape[1]))


def _spread(problem: Problem, inverse: Floats) -> Floats:
    """U, (P, T, T)."""
    return np.asarray(np.einsum("satb,dab->dst", _phi(problem, inverse), problem.sums.xx, optimize=True))


def pieces(problem: Problem, at: Point, theta: Floats) -> Pieces:
    """Score and information at a point; see the head of this module."""
    sums, g, w = problem.sums, problem.g, at.weights
    we = w[:, None] @ problem.structure.first(theta)  # (P, k, T, T)
    wew = we @ w[:, None]
    d = np.einsum("d,dst->dst", sums.count, w) - w @ at.h @ w
    score = -0.5 * np.einsum("dst,kst->k", d, problem.structure.first(theta))
    expected = 0.5 * _traces(we * sums.count[:, None, None, None], we)
    observed = _traces(we, we @ (w @ at.h)[:, None]) - expected
    p = np.einsum("dkst,dab->ksatb", wew, sums.xx, optimize=True)
    flat = p.reshape(len(theta), len(g), len(g))
    inner = at.inverse @ (g.T @ flat @ g)
    observed -= 0.5 * np.einsum("kij,lji->kl", inner, inner)
    pull = sums.xy - sums.xx @ at.b.T  # (P, q, T)
    c = np.einsum("dkst,dat->ksa", wew, pull, optimize=True).reshape(len(theta), -1) @ g
    observed -= c @ at.inverse @ c.T
    if not problem.structure.linear:
        observed += 0.5 * np.einsum("st,klst->kl", d.sum(axis=0), problem.structure.second(theta))
    return Pieces(score, (observed + observed.T) / 2, expected, we, p)


def _traces(left: Floats, right: Floats) -> Floats:
    """sum_d tr(left_k right_l), (k, k), from (P, k, T, T) each."""
    k = left.shape[1]
    a = left.transpose(1, 0, 2, 3).reshape(k, -1)
    return np.asarray(a @ right.transpose(1, 0, 3, 2).reshape(k, -1).T)


def maximum(problem: Problem, start: Floats | None = None) -> Maximum:
    """The REML maximum, sought from `start` where one is given. Raises Complaint where the data do not determine it."""
    theta = _start(problem) if start is None else start
    here = known(point(problem, problem.structure.covariance(theta)))
    for step in range(MOST_STEPS):
        found = pieces(problem, here, theta)
        move = _direction(found, step)
        decrement = float(move @ found.score)
        theta, here, moved = _walk(problem, theta, here, move)
        if moved and step >= FISHER_STEPS and 0 <= decrement < TOLERANCE and _definite(here.s):
            return Maximum(theta, here, pieces(problem, here, theta), step + 1)
        if not moved:
            break
    raise Complaint(
        "The covariance of the visits cannot be estimated from these data: the likelihood has no clear maximum.",
        mend="Leave out a visit that few patients reach, or take a structure with fewer parameters, such as csh or cs.",
    )


def _definite(s: Floats) -> bool:
    """Whether the correlations of S are away from one: else the likelihood has no top, and steps merely ended."""
    scale = np.sqrt(np.diag(s))
    return bool(np.linalg.eigvalsh(s / np.outer(scale, scale))[0] > SINGULAR)


def at_covariance(problem: Problem, s: Floats) -> Maximum:
    """The same for an unstructured S that the closed form has found."""
    theta = s[np.tril_indices(len(s))]
    here = known(point(problem, s))
    return Maximum(theta, here, pieces(problem, here, theta), 0)


def known(at: Point | None) -> Point:
    """The point itself. Raises Complaint where there is none."""
    if at is None:
        raise Complaint("The design is singular.", mend="Leave out a covariate that the others determine.")
    return at


def _start(problem: Problem) -> Floats:
    """Without correlation, from the spread about least squares at each visit."""
    first = known(point(problem, np.eye(problem.sums.visits)))
    spread = spread_by_visit(problem, first) / problem.sums.at_visit()
    return problem.structure.start(np.maximum(spread, np.finfo(float).tiny))


def spread_by_visit(problem: Problem, at: Point) -> Floats:
    """Residual sums of squares at each visit, (T,)."""
    return np.asarray(np.einsum("dtt->t", _residual(problem.sums, at.b) * problem.sums.seen[:, :, None]))


def _direction(found: Pieces, step: int) -> Floats:
    """A Newton step, or a Fisher step at first and where the observed information is not positive definite."""
    if step >= FISHER_STEPS:
        try:
            np.linalg.cholesky(found.observed)
            return np.linalg.solve(found.observed, found.score)
        except np.linalg.LinAlgError:
            pass
    if not np.isfinite(found.expected).all():
        return np.full_like(found.score, np.nan)
    return np.asarray(np.linalg.lstsq(found.expected, found.score, rcond=None)[0])


def _walk(problem: Problem, theta: Floats, here: Point, move: Floats) -> tuple[Floats, Point, bool]:
    """The step, halved until it does not lose height."""
    slack = NOISE * (1 + abs(here.minus2))
    for halving in range(HALVINGS):
        new = theta + move * 0.5**halving
        if not problem.structure.allowed(new):
            continue
        there = point(problem, problem.structure.covariance(new))
        if there is not None and there.minus2 <= here.minus2 + slack:
            return new, there, True
    return theta, here, False


@dataclass(frozen=True, slots=True)
class Estimate:
    """A contrast with its standard errors (of the model, and Kenward-Roger) and degrees of freedom."""

    estimate: float
    se: float
    se_kr: float
    df: float


def contrast(problem: Problem, top: Maximum, wanted: Floats) -> Estimate:
    """The contrast `wanted` (p,) of beta. Satterthwaite df; the Kenward-Roger variance leaves second derivatives of S
    out, which changes nothing for a linear structure."""
    at, found = top.point, top.pieces
    variance = float(wanted @ at.inverse @ wanted)
    v = problem.g @ (at.inverse @ wanted)
    pulled = found.p.reshape(len(top.theta), len(v), len(v)) @ v  # (k, K)
    slope = pulled @ v
    sure = np.linalg.inv(found.observed)
    held = v.reshape(problem.sums.visits, -1)
    y = held @ problem.sums.xx @ held.T  # (P, T, T)
    q = _traces(found.we, found.we @ (at.weights @ y)[:, None])
    inward = pulled @ problem.g
    bias = q - inward @ at.inverse @ inward.T
    corrected = variance + 2 * float((sure * bias).sum())
    df = 2 * variance**2 / float(slope @ sure @ slope)
    return Estimate(float(wanted @ at.beta), float(np.sqrt(variance)), float(np.sqrt(corrected)), df)
