"""What if those who left did no better than the reference arm? Imputation by conditional means, with a jackknife.

A model for repeated measures with every covariate crossed with visit gives means and covariance. Every missing value is
replaced by its expectation given what the person showed; after a person's last visit the means are those of a strategy:

    MAR  the own arm's
    J2R  from then on the reference arm's (jump to reference)
    CR   the reference arm's at every visit, also at those that were seen (copy reference)
    CIR  the own arm's at the last visit seen, then the reference arm's steps (copy increments in reference)

Who was seen at the last visit is imputed at random between. The completed last visit is analysed by least squares,
and the whole, refit included, is jackknifed: its error is that of the estimator over repeated trials, not Rubin's.
Sources: Carpenter, Roger and Kenward 2013, doi 10.1080/10543406.2013.834911; Wolbers and others 2022,
doi 10.1002/pst.2234. Under MAR the estimate is the model's own contrast, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from unstuck.core.errors import Complaint
from unstuck.lab.analysis import closed, general
from unstuck.lab.analysis.answers import Answer, answer
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.formula import parse
from unstuck.lab.analysis.frame import covariates, frame
from unstuck.lab.analysis.general import Problem
from unstuck.lab.analysis.pattern_sums import cascade, pattern_sums
from unstuck.lab.analysis.structures import structure
from unstuck.lab.analysis.table import Columns


class Strategy(StrEnum):
    """What the means after a person's last visit are."""

    MAR = "mar"
    J2R = "j2r"
    CR = "cr"
    CIR = "cir"


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Patients as the imputation sees them: x (n, q), the same with everybody in the reference arm, y (n, T), who is
    not in the reference arm, and the combination (q,) of coefficients that is the other arm minus it."""

    x: Floats
    reference: Floats
    y: Floats
    other: NDArray[np.bool_]
    contrast: Floats
    notes: tuple[str, ...]

    def without(self, person: int) -> People:
        """Everybody but one."""
        keep = np.arange(len(self.y)) != person
        return replace(self, x=self.x[keep], reference=self.reference[keep], y=self.y[keep], other=self.other[keep])


@dataclass(frozen=True, slots=True, eq=False)
class Jackknife:
    """The estimate of the whole and of everybody but one, and how each moves with a point added to what was imputed
    after the last visit in the other arm."""

    strategy: Strategy
    estimate: float
    per_point: float
    without: Floats  # (n,)
    without_per_point: Floats  # (n,)
    imputed: int

    def at(self, delta: float = 0.0, level: float = 0.95) -> Answer:
        """The difference of arms, with `delta` points added; its interval is normal."""
        each = self.without + delta * self.without_per_point
        n = len(each)
        se = float(np.sqrt((n - 1) / n * ((each - each.mean()) ** 2).sum()))
        what = f"difference at the last visit, {self.strategy}" + (f", {delta:+g} points" if delta else "")
        return answer(what, self.estimate + delta * self.per_point, se, None, level)

    def tipping_point(self, alpha: float = 0.05, most: float = 100.0) -> float | None:
        """The smallest delta towards no effect with which p is no longer below alpha; None where it is not below alpha
        at the outset, or `most` points do not tip it."""
        away = -np.sign(self.estimate)

        def excess(size: float) -> float:
            return self.at(away * size).p - alpha

        if excess(0.0) >= 0:
            return None
        steps = np.linspace(0, most, 201)
        beyond = next((size for size in steps if excess(size) >= 0), None)
        if beyond is None:
            return None
        return float(away * brentq(excess, beyond - steps[1], beyond, xtol=1e-9))


def people(table: Columns, formula: str, subject: str, visit: str, arm: str, reference: object) -> People:
    """The patients of a long table. Every covariate must be crossed with visit; `arm` has two levels, one of them the
    `reference`. Raises Complaint otherwise."""
    data = frame(table, parse(formula), subject, visit)
    if arm in data.changing:
        raise Complaint(f"{data.changing[arm]}.", f"column {arm!r}", "Give every patient one arm in all rows.")
    x, g = covariates(data)
    if g.shape[0] != g.shape[1]:
        mend = "Write 'chg ~ base*visit + arm*visit'."
        raise Complaint("Imputation needs every covariate crossed with visit.", f"formula {formula!r}", mend)
    levels = data.design.levels.get(arm)
    if levels is None or len(levels) != 2 or arm == visit:
        raise Complaint(f"{arm!r} is no factor of two levels in the formula.", "arm")
    wanted = f"{reference:.15g}" if isinstance(reference, int | float) else str(reference)
    if wanted not in levels:
        raise Complaint(f"There is no arm {wanted!r}.", "reference", f"Arms are: {', '.join(levels)}.")
    code = levels.index(wanted)
    flipped, _ = covariates(replace(data, values={**data.values, arm: np.full(len(data.outcome), code)}))
    differs = np.flatnonzero((x != flipped).any(axis=0))
    if len(differs) != 1:
        raise Complaint("The arm may not be crossed with another covariate here.", f"formula {formula!r}")
    contrast = np.zeros(x.shape[1])
    contrast[differs[0]] = 1.0 if code == 0 else -1.0
    other = (x != flipped).any(axis=1)
    return People(x, flipped, data.wide(data.outcome), other, contrast, data.notes)


def jackknife(who: People, strategy: Strategy | str) -> Jackknife:
    """The estimate under a strategy, with what it takes for its error and for tipping points: one refit a person."""
    wanted = Strategy(strategy)
    b, s, theta = _model(who, None)
    whole = _estimate(who, (b, s), wanted)
    parts = []
    for person in range(len(who.y)):
        left = who.without(person)
        b, s, _ = _model(left, theta)
        parts.append(_estimate(left, (b, s), wanted))
    without = np.array(parts)
    gone = int((np.isnan(who.y[:, -1])).sum())
    return Jackknife(wanted, whole[0], whole[1], without[:, 0], without[:, 1], gone)


def _model(who: People, start: Floats | None) -> tuple[Floats, Floats, Floats]:
    """b (T, q), S (T, T) and the parameters of S."""
    sums = pattern_sums(who.x, who.y)
    visits, q = sums.visits, who.x.shape[1]
    if (sums.at_visit() <= q).any():
        raise Complaint("A visit has no more patients than covariates.", mend="Leave the visit out.")
    if sums.monotone:
        found = closed.factors(cascade(sums))
        s = found.covariance()[0]
        return found.coefficients()[0], s, s[np.tril_indices(visits)]
    problem = Problem(sums, np.eye(visits * q), structure("us", visits))
    top = general.maximum(problem, start)
    return top.point.b, top.point.s, top.theta


def _estimate(who: People, model: tuple[Floats, Floats], strategy: Strategy) -> tuple[float, float]:
    """The difference of arms at the completed last visit, and what a point more for those imputed adds to it."""
    last = completed(who, model, strategy)[:, -1]
    moved = (np.isnan(who.y[:, -1]) & who.other).astype(np.float64)
    coefficients = np.linalg.solve(who.x.T @ who.x, who.x.T @ np.stack([last, moved], axis=1))
    estimate, per_point = who.contrast @ coefficients
    return float(estimate), float(per_point)


def completed(who: People, model: tuple[Floats, Floats], strategy: Strategy) -> Floats:
    """The outcomes (n, T) with every missing one replaced by its conditional mean."""
    b, s = model
    means, full = _means(who, b, strategy), np.array(who.y)
    missing = np.isnan(who.y)
    for pattern in np.unique(missing[missing.any(axis=1)], axis=0):
        here, seen = np.flatnonzero((missing == pattern).all(axis=1)), ~pattern
        slope = np.linalg.solve(s[np.ix_(seen, seen)], s[np.ix_(seen, pattern)])
        apart = who.y[np.ix_(here, seen)] - means[np.ix_(here, seen)]
        full[np.ix_(here, pattern)] = means[np.ix_(here, pattern)] + apart @ slope
    return full


def _means(who: People, b: Floats, strategy: Strategy) -> Floats:
    """The mean of everybody at every visit, (n, T), as the strategy has it."""
    own, reference = who.x @ b.T, who.reference @ b.T
    visits = b.shape[0]
    last = np.where(~np.isnan(who.y), np.arange(visits), -1).max(axis=1)  # place of the last visit seen; -1 for none
    gone = (last < visits - 1) & who.other
    after = gone[:, None] & (np.arange(visits) > last[:, None])
    match strategy:
        case Strategy.MAR:
            return np.asarray(own)
        case Strategy.J2R:
            return np.where(after, reference, own)
        case Strategy.CR:
            return np.where(gone[:, None], reference, own)
        case Strategy.CIR:
            everybody = np.arange(len(own))
            step = np.where(last < 0, 0.0, own[everybody, last] - reference[everybody, last])
            return np.where(after, reference + step[:, None], own)
        case _:
            assert_never(strategy)
