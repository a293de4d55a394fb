"""Thousands of trials of one shape at once, with or without gaps: S unstructured, everything crossed with visit.

    found = fit_many(x, y, visit_weights, covariate)      # x (R, n, q), y (R, n, T) with NaN where nobody was seen

Trials with monotone dropout get the closed form. The others are solved side by side by the steps of `general`, as
arrays with a leading axis of trials; a trial leaves the batch when it has converged. What has no answer is NaN and must
be counted as that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.analysis import closed_kernel
from unstuck.lab.analysis.closed import Floats, ManyFits, full_rank, monotone_sums
from unstuck.lab.analysis.general import FISHER_STEPS, NOISE, TOLERANCE

MOST_STEPS, HALVINGS, TOGETHER = 60, 25, 256
"""Steps, halvings of a step, and how many trials are solved side by side; memory grows with the last."""
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums of R trials over the P patterns that occur in any of them."""

    count: Floats  # (R, P)
    seen: Chosen  # (P, T)
    xx: Floats  # (R, P, q, q)
    xy: Floats  # (R, P, q, T)
    yy: Floats  # (R, P, T, T)

    def only(self, here: Chosen | NDArray[np.intp]) -> Sums:
        """Some of the trials."""
        return Sums(self.count[here], self.seen, self.xx[here], self.xy[here], self.yy[here])


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The likelihood of every trial at its S; see `general.Point`. `minus2` is infinite where S is not definite."""

    weights: Floats  # (R, P, T, T)
    inverse: Floats  # (R, K, K)
    b: Floats  # (R, T, q)
    h: Floats  # (R, P, T, T)
    minus2: Floats  # (R,)


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Score and information of every trial; see `general.Pieces`."""

    score: Floats  # (R, k)
    observed: Floats  # (R, k, k)
    expected: Floats
    we: Floats  # (R, P, k, T, T)
    p: Floats  # (R, k, K, K)


def fit_many(x: Floats, y: Floats, visit_weights: Floats, covariate: Floats) -> ManyFits:
    """Contrasts of every trial, shape (R, C). Patients without any visit do not count."""
    if x.ndim != 3 or y.ndim != 3 or x.shape[:2] != y.shape[:2]:
        raise Complaint(f"Shapes {x.shape} and {y.shape} are no trials by patients.")
    weights, covariates = np.atleast_2d(visit_weights), np.atleast_2d(covariate)
    answer = ManyFits(*(np.full((len(y), len(weights)), np.nan) for _ in range(4)))
    seen = np.isfinite(y)
    tidy = np.asarray(~(seen[:, :, 1:] & ~seen[:, :, :-1]).any(axis=(1, 2)))
    if tidy.any():
        _put(answer, tidy, closed_kernel.fit_many(monotone_sums(x[tidy], y[tidy]), weights, covariates))
    rest = np.flatnonzero(~tidy)
    for begin in range(0, len(rest), TOGETHER):
        some = rest[begin : begin + TOGETHER]
        _put(answer, some, _general(pattern_sums_of(x[some], y[some]), weights, covariates))
    return answer


def _put(answer: ManyFits, where: Chosen | NDArray[np.intp], found: ManyFits) -> None:
    for name in ("estimate", "se", "se_kr", "df"):
        getattr(answer, name)[where] = getattr(found, name)


def pattern_sums_of(x: Floats, y: Floats) -> Sums:
    """The sums by pattern of every trial."""
    here = np.isfinite(y)
    codes = here @ (1 << np.arange(y.shape[2], dtype=np.int64))
    patterns = [int(code) for code in np.unique(codes) if code]
    seen = (np.array(patterns)[:, None] >> np.arange(y.shape[2]) & 1).astype(bool)
    filled = np.where(here, y, 0.0)
    rows: list[list[Floats]] = [[], [], [], []]
    for code in patterns:
        mine = (codes == code).astype(np.float64)
        left_x, left_y = (np.swapaxes(each * mine[:, :, None], 1, 2) for each in (x, filled))
        for row, value in zip(rows, (mine.sum(axis=1), left_x @ x, left_x @ filled, left_y @ filled), strict=True):
            row.append(value)
    return Sums(np.stack(rows[0], axis=1), seen, *(np.stack(row, axis=1) for row in rows[1:]))


def points(sums: Sums, s: Floats) -> Points:
    """The restricted likelihood of every trial at its S (R, T, T)."""
    trials, visits, q = len(s), s.shape[1], sums.xx.shape[2]
    definite = np.linalg.eigvalsh(s)[:, 0] > 0
    safe = np.where(definite[:, None, None], s, np.eye(visits))
    both = sums.seen[:, :, None] & sums.seen[:, None, :]
    padded = np.where(both, safe[:, None], 0.0) + np.eye(visits) * ~sums.seen[:, None, :]
    weights = np.linalg.inv(padded) * both
    m = _cross(weights[:, :, None], sums.xx)[:, 0]
    sign, log_m = np.linalg.slogdet(m)
    inverse = np.linalg.inv(np.where((sign > 0)[:, None, None], m, np.eye(visits * q)))
    right = np.einsum("rpst,rpat->rsa", weights, sums.xy).reshape(trials, -1)
    b = (inverse @ right[:, :, None]).reshape(trials, visits, q)
    cross = b[:, None] @ sums.xy
    square = b[:, None] @ sums.xx @ np.swapaxes(b, 1, 2)[:, None]
    residual = (sums.yy - cross - np.swapaxes(cross, 2, 3) + square) * both
    phi = inverse.reshape(trials, visits, q, visits, q).transpose(0, 1, 3, 2, 4).reshape(trials, visits**2, q**2)
    u = (phi @ sums.xx.reshape(trials, -1, q * q).transpose(0, 2, 1)).transpose(0, 2, 1).reshape(weights.shape) * both
    minus2 = (sums.count * np.linalg.slogdet(padded)[1]).sum(axis=1) + log_m + (weights * residual).sum(axis=(1, 2, 3))
    return Points(weights, inverse, b, residual + u, np.where(definite & (sign > 0), minus2, np.inf))


def _cross(by_pattern: Floats, xx: Floats) -> Floats:
    """sum_p V_p (x) X_p for V (R, P, k, T, T) and X (R, P, q, q): (R, k, T * q, T * q)."""
    r, p, k, t, _ = by_pattern.shape
    q = xx.shape[2]
    flat = by_pattern.reshape(r, p, -1).transpose(0, 2, 1) @ xx.reshape(r, p, -1)
    return flat.reshape(r, k, t, t, q, q).transpose(0, 1, 2, 4, 3, 5).reshape(r, k, t * q, t * q)


def _directions(visits: int) -> Floats:
    """dS/dtheta of an unstructured S, (k, T, T), in the order of its lower triangle."""
    places = zip(*np.tril_indices(visits), strict=True)
    found = np.zeros((visits * (visits + 1) // 2, visits, visits))
    for k, (i, j) in enumerate(places):
        found[k, i, j] = found[k, j, i] = 1.0
    return found


def slopes(sums: Sums, at: Points) -> Slopes:
    """Score and information of every trial; see the head of `general`."""
    e, w = _directions(sums.seen.shape[1]), at.weights
    we = w[:, :, None] @ e
    wew = we @ w[:, :, None]
    d = sums.count[:, :, None, None] * w - w @ at.h @ w
    score = -0.5 * d.sum(axis=1).reshape(len(w), -1) @ e.reshape(len(e), -1).T
    expected = 0.5 * _traces(we * sums.count[:, :, None, None, None], we)
    observed = _traces(we, we @ (w @ at.h)[:, :, None]) - expected
    p = _cross(wew, sums.xx)
    inner = at.inverse[:, None] @ p
    r, k = score.shape
    observed -= 0.5 * inner.reshape(r, k, -1) @ np.swapaxes(inner, 2, 3).reshape(r, k, -1).transpose(0, 2, 1)
    pull = sums.xy - sums.xx @ np.swapaxes(at.b, 1, 2)[:, None]
    c = (wew @ np.swapaxes(pull, 2, 3)[:, :, None]).sum(axis=1).reshape(r, k, -1)
    observed -= c @ at.inverse @ np.swapaxes(c, 1, 2)
    return Slopes(score, (observed + np.swapaxes(observed, 1, 2)) / 2, expected, we, p)


def _traces(left: Floats, right: Floats) -> Floats:
    """sum_p tr(left_k right_l) for every trial, (R, k, k)."""
    r, _, k = left.shape[:3]
    a = left.transpose(0, 2, 1, 3, 4).reshape(r, k, -1)
    return np.asarray(a @ right.transpose(0, 2, 1, 4, 3).reshape(r, k, -1).transpose(0, 2, 1))


def _general(sums: Sums, weights: Floats, covariates: Floats) -> ManyFits:
    """Every trial with gaps by Fisher and Newton steps."""
    answer = ManyFits(*(np.full((len(sums.count), len(weights)), np.nan) for _ in range(4)))
    active = np.flatnonzero(_estimable(sums))
    if not len(active):
        return answer
    sums = sums.only(active)
    s = _start(sums)
    here = points(sums, s)
    for step in range(MOST_STEPS):
        found = slopes(sums, here)
        move = _moves(found, step)
        decrement = (move * found.score).sum(axis=1)
        s, here, moved = _walk(sums, s, here, move)
        done = moved & (decrement >= 0) & (decrement < TOLERANCE) & (step >= FISHER_STEPS)
        if done.any():
            finished = sums.only(done)
            _put(answer, active[done], _contrasts(finished, points(finished, s[done]), weights, covariates))
        left = moved & ~done
        active, sums, s = active[left], sums.only(left), s[left]
        if not len(active):
            break
        here = Points(*(getattr(here, name)[left] for name in ("weights", "inverse", "b", "h", "minus2")))
    return answer


def _estimable(sums: Sums) -> Chosen:
    """Trials with more patients than covariates at each visit, a regular design, and every two visits seen together."""
    q = sums.xx.shape[2]
    seen = sums.seen.astype(np.float64)
    enough = (sums.count @ seen > q).all(axis=1)
    together = np.einsum("rp,ps,pt->rst", sums.count, seen, seen)
    by_visit = np.einsum("pt,rpab->rtab", seen, sums.xx)
    regular = full_rank(by_visit.reshape(-1, q, q)).reshape(len(sums.count), -1).all(axis=1)
    return np.asarray(enough & (together > 0).all(axis=(1, 2)) & regular)


def _start(sums: Sums) -> Floats:
    """Without correlation, from the spread about least squares at each visit."""
    visits = sums.seen.shape[1]
    first = points(sums, np.broadcast_to(np.eye(visits), (len(sums.count), visits, visits)))
    spread = np.einsum("rptt->rt", first.h) / (sums.count @ sums.seen)
    return np.asarray(spread[:, :, None] * np.eye(visits))


def _moves(found: Slopes, step: int) -> Floats:
    """Newton steps, or Fisher steps at first and where the observed information is not definite."""
    use = (step >= FISHER_STEPS) & (np.linalg.eigvalsh(found.observed)[:, 0] > 0)
    matrix = np.where(use[:, None, None], found.observed, found.expected)
    return np.asarray(np.linalg.solve(matrix, found.score[:, :, None])[:, :, 0])


def _walk(sums: Sums, s: Floats, here: Points, move: Floats) -> tuple[Floats, Points, Chosen]:
    """Each trial's step, halved by itself until it does not lose height; those that never do have not moved."""
    e = _directions(s.shape[1])
    slack = here.minus2 + NOISE * (1 + np.abs(here.minus2))
    scale = np.ones(len(s))
    for _ in range(HALVINGS):
        new = s + np.einsum("rk,kst->rst", scale[:, None] * move, e)
        there = points(sums, new)
        fine = there.minus2 <= slack
        if fine.all():
            break
        scale = np.where(fine, scale, scale / 2)
    return new, there, fine


def _contrasts(sums: Sums, at: Points, weights: Floats, covariates: Floats) -> ManyFits:
    """Contrasts of finished trials, with Satterthwaite's df and the Kenward-Roger error."""
    found = slopes(sums, at)
    sure = np.linalg.inv(found.observed)
    rows = [_contrast(sums, at, (found, sure), np.outer(w, c)) for w, c in zip(weights, covariates, strict=True)]
    return ManyFits(*(np.stack(each, axis=1) for each in zip(*rows, strict=True)))


def _contrast(sums: Sums, at: Points, known: tuple[Slopes, Floats], wanted: Floats) -> tuple[Floats, ...]:
    found, sure = known
    v = at.inverse @ wanted.ravel()  # (R, K)
    variance = v @ wanted.ravel()
    pulled = (found.p @ v[:, None, :, None])[..., 0]  # (R, k, K)
    slope = (pulled * v[:, None]).sum(axis=2)
    held = v.reshape(len(v), 1, *wanted.shape)
    y = held @ sums.xx @ np.swapaxes(held, 2, 3)
    q = _traces(found.we, found.we @ (at.weights @ y)[:, :, None])
    bias = q - pulled @ at.inverse @ np.swapaxes(pulled, 1, 2)
    corrected = variance + 2 * (sure * bias).sum(axis=(1, 2))
    df = 2 * variance**2 / np.einsum("rk,rkl,rl->r", slope, sure, slope)
    return (at.b * wanted).sum(axis=(1, 2)), np.sqrt(variance), np.sqrt(corrected), df
