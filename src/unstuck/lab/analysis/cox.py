"""Cox's proportional hazards with Efron's handling of equal times, by Newton steps.

Sources: Cox 1972, doi 10.1111/j.2517-6161.1972.tb00899.x; Efron 1977, doi 10.1080/01621459.1977.10480613.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.answers import Answer, answer
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.survival import Times

MOST_STEPS, TOLERANCE, FAR = 50, 1e-12, 30.0
"""Steps, relative gain of the likelihood at which they end, and the standard error of one SD of a covariate from which
on the ratio counts as running away to infinity."""


@dataclass(frozen=True, slots=True, eq=False)
class Cox:
    """Log hazard ratios, their covariance, and the partial log likelihood of the model and of none."""

    coefficients: tuple[Answer, ...]
    covariance: Floats
    log_likelihood: float
    null_log_likelihood: float
    events: int


@dataclass(frozen=True, slots=True, eq=False)
class _Ordered:
    """People from the latest time to the earliest, and where each distinct time stands."""

    x: Floats
    happened: Floats
    blocks: tuple[tuple[int, int], ...]  # from which place to before which the people of each distinct time stand


def cox(data: Times, x: Floats, names: Sequence[str], level: float = 0.95) -> Cox:
    """The model of event 1 (any other is censoring) on columns x (n, p). Raises Complaint where it has no answer."""
    x = np.atleast_2d(np.asarray(x, dtype=np.float64).T).T
    if len(x) != len(data.time) or x.shape[1] != len(names) or not np.isfinite(x).all():
        raise Complaint("Covariates and times do not go together.", "x", "Give every person a number for each name.")
    if not (data.event == 1).any():
        raise Complaint("Nobody had the event.", "event", "Events are 1; 0 is censored.")
    mean, sd = x.mean(axis=0), x.std(axis=0)
    if (sd == 0).any():
        raise Complaint(f"{names[int(np.argmin(sd))]!r} is the same for everybody.", "x", "Leave it out.")
    ordered = _order(data, (x - mean) / sd)
    beta, value, information, null = _newton(ordered, names)
    covariance = np.linalg.inv(information) / np.outer(sd, sd)
    errors = np.sqrt(np.diag(covariance))
    rows = zip(names, beta / sd, errors, strict=True)
    told = tuple(answer(f"log hazard ratio of {name}", float(b), float(se), None, level) for name, b, se in rows)
    return Cox(told, covariance, value, null, int((data.event == 1).sum()))


def _order(data: Times, x: Floats) -> _Ordered:
    order = np.argsort(-data.time, kind="stable")
    late = data.time[order]
    edges = np.concatenate([[0], np.flatnonzero(np.diff(late)) + 1, [len(late)]]).tolist()
    return _Ordered(x[order], (data.event[order] == 1), tuple(pairwise(edges)))


def _newton(ordered: _Ordered, names: Sequence[str]) -> tuple[Floats, float, Floats, float]:
    beta = np.zeros(ordered.x.shape[1])
    value, score, information = _likelihood(ordered, beta)
    null = value
    _check_rank(information, names)
    for _ in range(MOST_STEPS):
        if np.linalg.eigvalsh(information)[0] < 1 / FAR**2:
            break
        step, scale = np.linalg.solve(information, score), 1.0
        tried = _likelihood(ordered, beta + step)
        while tried[0] < value - 1e-12 * abs(value) and scale > 1e-6:
            scale /= 2
            tried = _likelihood(ordered, beta + scale * step)
        beta, gain = beta + scale * step, abs(tried[0] - value)
        value, score, information = tried
        if gain <= TOLERANCE * (1 + abs(value)):
            return (beta, value, information, null)
    worst = names[int(np.argmax(np.abs(beta)))]
    mend = "Leave it out, or join its groups: a group without any event has no finite ratio."
    raise Complaint(f"The hazard ratio of {worst!r} has no finite estimate.", "x", mend)


def _check_rank(information: Floats, names: Sequence[str]) -> None:
    values, vectors = np.linalg.eigh(information)
    if values[0] <= 1e-10 * values[-1]:
        worst = names[int(np.argmax(np.abs(vectors[:, 0])))]
        raise Complaint(f"{worst!r} is a combination of the other covariates.", "x", "Leave one of them out.")


def _likelihood(ordered: _Ordered, beta: Floats) -> tuple[float, Floats, Floats]:
    """Efron's partial log likelihood, its slope and its negative curvature."""
    p = len(beta)
    risk = np.exp(ordered.x @ beta)
    total, first, second = 0.0, np.zeros(p), np.zeros((p, p))
    value, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for begin, end in ordered.blocks:
        x, r = ordered.x[begin:end], risk[begin:end]
        total, first, second = total + r.sum(), first + r @ x, second + (x.T * r) @ x
        here = ordered.happened[begin:end]
        d = int(here.sum())
        if not d:
            continue
        x, r = x[here], r[here]
        tied, tied_first, tied_second = r.sum(), r @ x, (x.T * r) @ x
        value += float((x @ beta).sum())
        score += x.sum(axis=0)
        for share in np.arange(d) / d:
            a, b = total - share * tied, first - share * tied_first
            value -= float(np.log(a))
            score -= b / a
            information += (second - share * tied_second) / a - np.outer(b, b) / a**2
    return value, score, information
