"""Responders under a named definition, compared by standardised risk differences.

A definition is data: instruments of the library hold them with their sources (`core.instrument`), and `definition`
takes one from there. Who cannot be judged because the later value is missing counts as the plan says: not as a
responder, or not at all. Everything is told with how many that were.

The risk difference is standardised: a logistic model of the covariates predicts everybody under each arm, and the
means of those predictions are compared (Freedman 2008, doi 10.1214/08-STS262). Its error is the one of the estimating
equations (sandwich), which needs no belief in the model. Without covariates it is p1 - p0 exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument, Shift
from unstuck.lab.analysis.answers import Answer, answer
from unstuck.lab.analysis.closed import Floats

MOST_STEPS, TOLERANCE, FAR = 60, 1e-12, 1e3
"""Newton steps, the step at which they end, and the standard error on the logit scale that means separation."""


class Missing(StrEnum):
    """What counts for a person without the later value."""

    NONRESPONSE = "nonresponse"  # composite: whoever is gone has not responded
    LEFT_OUT = "left_out"  # only those who were seen


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition that a responder meets; lower scores are better."""

    shift: Shift
    figure: float


@dataclass(frozen=True, slots=True)
class Definition:
    """All criteria must hold. `name` is what outputs call it."""

    name: str
    criteria: tuple[Criterion, ...]
    sources: tuple[str, ...] = ()

    def holds(self, earlier: Floats, later: Floats) -> Floats:
        """1 or 0 for each person, NaN where a value is missing that a criterion needs."""
        met = [_met(each, earlier, later) for each in self.criteria]
        return np.where(np.isnan(np.sum(met, axis=0)), np.nan, np.min(met, axis=0))


def _met(criterion: Criterion, earlier: Floats, later: Floats) -> Floats:
    fall = earlier - later
    value: Floats
    match criterion.shift:
        case Shift.FALL:
            value = fall - criterion.figure
        case Shift.FALL_SHARE:
            value = np.where(earlier > 0, fall - criterion.figure * earlier, np.nan)
        case Shift.END_AT_MOST:
            value = criterion.figure - later
        case Shift.RISE:
            value = -fall - criterion.figure
        case _:
            raise Complaint(f"{criterion.shift} cannot be judged from two totals.", "definition", "Take another one.")
    return np.where(np.isnan(value), np.nan, (value >= -1e-9).astype(np.float64))


def definition(instrument: Instrument, key: str, name: str | None = None) -> Definition:
    """The rule `key` of an instrument, under its definition `name` or the first that has it. Raises Complaint that
    lists what there is."""
    rules = [rule for rule in instrument.changes if rule.key == key and name in {None, rule.definition}]
    if not rules:
        known = ", ".join(f"{rule.key} ({rule.definition})" for rule in instrument.changes) or "none"
        raise Complaint(f"{instrument.title} has no rule of change {key!r}.", "definition", f"There are: {known}.")
    tests = rules[0].tests
    if any(test.figure is None for test in tests) or len({test.of for test in tests}) > 1:
        raise Complaint(f"{key!r} needs more than two totals.", "definition", "Take a rule of totals alone.")
    criteria = tuple(Criterion(test.shift, test.figure.value) for test in tests if test.figure is not None)
    sources = tuple(f"{test.figure.source} ({test.figure.grade})" for test in tests if test.figure is not None)
    return Definition(f"{instrument.key}: {rules[0].label}", criteria, sources)


@dataclass(frozen=True, slots=True)
class Responders:
    """Risks by arm and what is compared; `notes` are to be shown."""

    definition: str
    control: Answer
    treated: Answer
    difference: Answer
    notes: tuple[str, ...]


def responders(
    responded: ArrayLike,
    treated: ArrayLike,
    covariates: Floats | None = None,
    missing: Missing = Missing.NONRESPONSE,
    name: str = "responded",
    level: float = 0.95,
) -> Responders:
    """The standardised risks of `responded` (1, 0, NaN unknown) in the `treated` and the others. Raises Complaint for
    an empty arm and for covariates that decide the outcome."""
    y, arm = np.asarray(responded, dtype=np.float64), np.asarray(treated, dtype=bool)
    unknown = np.isnan(y)
    notes = [_told(unknown, missing)] if unknown.any() else []
    keep = ~unknown if missing is Missing.LEFT_OUT else np.ones(len(y), dtype=bool)
    y, arm = np.where(unknown, 0.0, y)[keep], arm[keep]
    if arm.all() or not arm.any():
        raise Complaint("One of the two arms has nobody who counts.", "treated")
    risks, covariance = _counted(y, arm) if covariates is None else _standardised(y, arm, _with_one(covariates[keep]))
    if ((risks == 0) | (risks == 1)).any():
        notes.append("In one arm nobody or everybody responded: its standard error of 0 is no certainty.")
    errors, difference = np.sqrt(np.diag(covariance)), np.array([-1.0, 1.0])
    se = float(np.sqrt(difference @ covariance @ difference))
    rows = zip(("control", "treated"), risks, errors, strict=True)
    control, other = (answer(what, float(risk), float(error), None, level) for what, risk, error in rows)
    apart = answer("risk difference, treated minus control", float(difference @ risks), se, None, level)
    return Responders(name, control, other, apart, tuple(notes))


def _with_one(covariates: Floats) -> Floats:
    x = np.column_stack([np.ones(len(covariates)), covariates])
    if not np.isfinite(x).all():
        raise Complaint("A covariate is unknown.", "covariates", "Fill it or leave that person out.")
    return x


def _counted(y: Floats, arm: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Risks as counted, and their binomial variances."""
    risks = np.array([y[arm == k].mean() for k in (False, True)])
    return risks, np.diag(risks * (1 - risks) / [(~arm).sum(), arm.sum()])


def _told(unknown: NDArray[np.bool_], missing: Missing) -> str:
    how = "count as not responding" if missing is Missing.NONRESPONSE else "are left out"
    return f"{int(unknown.sum())} of {len(unknown)} people have no later value and {how}."


def _standardised(y: Floats, arm: NDArray[np.bool_], x: Floats) -> tuple[Floats, Floats]:
    """Mean predictions under control and treatment, (2,), and their sandwich covariance (2, 2)."""
    n = len(y)
    design, both = np.column_stack([arm, x]), [np.column_stack([np.full(n, k), x]) for k in (0.0, 1.0)]
    beta, information = _logistic(y, design)
    predicted = [_logit_inverse(each @ beta) for each in both]
    risks = np.array([each.mean() for each in predicted])
    slopes = np.stack([((p * (1 - p))[:, None] * each).mean(axis=0) for p, each in zip(predicted, both, strict=True)])
    scores = design * (y - _logit_inverse(design @ beta))[:, None]
    influence = scores @ np.linalg.solve(information / n, slopes.T)  # (n, 2)
    influence += np.stack(predicted, axis=1) - risks
    return risks, influence.T @ influence / n**2


def _logit_inverse(value: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(value / 2)))


def _logistic(y: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Coefficients and information of a logistic model by Newton steps."""
    beta = np.zeros(x.shape[1])
    for _ in range(MOST_STEPS):
        p = _logit_inverse(x @ beta)
        information = (x.T * (p * (1 - p))) @ x
        values = np.linalg.eigvalsh(information / np.sqrt(np.outer(np.diag(x.T @ x), np.diag(x.T @ x))))
        if values[0] < 1e-9:
            break
        step = np.linalg.solve(information, x.T @ (y - p))
        beta = beta + step * min(1.0, 4.0 / np.abs(x @ step).max(initial=1e-300))
        if np.abs(step).max() <= TOLERANCE * (1 + np.abs(beta).max()):
            return beta, information
    mend = "Leave a covariate out. Where nobody or everybody in an arm responds, compare counts by an exact test."
    raise Complaint(
        "The covariates or the arm decide who responds: there is no finite logistic model.", "covariates", mend
    )
