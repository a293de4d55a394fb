"""Do small studies show other effects than large ones? Egger's test, trim and fill, and what they cannot say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.stats import rankdata

from unstuck.core.errors import Complaint
from unstuck.lab.meta.inference import Interval, Line, Options, line, lines
from unstuck.lab.meta.pool import Pooled, pool, refuse_dependent
from unstuck.lab.meta.sample import Effects, Floats
from unstuck.lab.meta.tau2 import estimate
from unstuck.lab.meta.weighted import Problem, check_rank, solve

POWERLESS = 10
"""Below so many studies such tests are not to be used (Sterne and others 2011, doi 10.1136/bmj.d4002)."""


class Spread(StrEnum):
    """How Egger's regression takes what is left over."""

    ADDITIVE = "additive"  # a random-effects regression on the standard error, as metafor's default
    MULTIPLICATIVE = "multiplicative"  # Egger and others 1997, doi 10.1136/bmj.315.7109.629: t with k - 2


@dataclass(frozen=True, slots=True)
class Egger:
    """`slope`: by how much effects grow with one unit of standard error. `limit`: the effect at an SE of 0."""

    slope: Line
    limit: Line
    notes: tuple[str, ...]


def egger(effects: Effects, spread: Spread = Spread.ADDITIVE, options: Options | None = None) -> Egger:
    """Egger's regression of effects on their standard errors. Raises Complaint below three studies or for equal SEs."""
    options = options or Options(interval=Interval.NORMAL)
    refuse_dependent(effects)
    if effects.k < 3:
        raise Complaint(f"{effects.k} studies have no slope to test.", mend="It needs three, and ten to mean much.")
    se = np.sqrt(effects.v)
    problem = Problem(effects.y, effects.v, np.column_stack([np.ones(effects.k), se]))
    check_rank(problem, ("intercept", "standard error"))
    if spread is Spread.ADDITIVE:
        limit, slope = lines(problem, solve(problem, estimate(problem, options.method).tau2), options)
    else:
        limit, slope = _multiplicative(problem, options.level)
    return Egger(slope, limit, _powerless(effects.k))


def _multiplicative(problem: Problem, level: float) -> tuple[Line, Line]:
    fit = solve(problem, 0.0)
    errors = np.sqrt(np.diag(fit.inverse) * fit.rss / problem.df)
    limit, slope = (line(float(b), float(se), float(problem.df), level) for b, se in zip(fit.b, errors, strict=True))
    return limit, slope


def _powerless(k: int) -> tuple[str, ...]:
    if k >= POWERLESS:
        return ()
    return (f"{k} studies: below {POWERLESS} this test has hardly any power, and no finding is no reassurance.",)


@dataclass(frozen=True, slots=True)
class Filled:
    """Trim and fill: how many studies seem to be missing on which side, and the pool with their mirror images."""

    missing: int
    side: str  # "left" or "right"
    pooled: Pooled
    notes: tuple[str, ...]


def trim_and_fill(effects: Effects, options: Options | None = None) -> Filled:
    """Trim and fill by L0 (Duval and Tweedie 2000, doi 10.1111/j.0006-341X.2000.00455.x): a what-if, no correction.

    The side is where small studies lack, by the sign of the fixed-effect slope on the standard error.
    """
    refuse_dependent(effects)
    if effects.k < 3:
        raise Complaint(f"{effects.k} studies cannot be trimmed.", mend="It needs three at least.")
    side = _side(effects)
    sign = -1.0 if side == "right" else 1.0
    y, missing = sign * effects.y, 0
    order = np.argsort(y, kind="stable")
    for _ in range(100):
        kept = order[: effects.k - missing]
        middle = _mean(y[kept], effects.v[kept], options)
        found = _lacking(y - middle)
        if found == missing:
            break
        missing = found
    added = order[effects.k - missing :] if missing else np.array([], dtype=np.intp)
    mirrored = sign * (2 * middle - y[added])
    filled = Effects(
        np.concatenate([effects.y, mirrored]),
        np.concatenate([effects.v, effects.v[added]]),
        (*effects.labels, *(f"mirror of {effects.labels[row]}" for row in added)),
        (*effects.studies, *(f"mirror of {effects.studies[row]}" for row in added)),
        effects.scale,
        effects.notes,
    )
    return Filled(missing, side, pool(filled, options), _powerless(effects.k))


def _side(effects: Effects) -> str:
    """Small studies with large effects mean that small studies with small effects lack: on the left."""
    problem = Problem(effects.y, effects.v, np.column_stack([np.ones(effects.k), np.sqrt(effects.v)]))
    return "right" if solve(problem, 0.0).b[1] < 0 else "left"


def _mean(y: Floats, v: Floats, options: Options | None) -> float:
    plain = Effects(y, v, *((tuple(str(n) for n in range(len(y))),) * 2))
    return pool(plain, options).mean.estimate


def _lacking(centred: Floats) -> int:
    """L0: the number of studies lacking on the left, from the ranks of those on the right."""
    k = len(centred)
    ranks = rankdata(np.abs(centred))
    right = float(ranks[centred > 0].sum())
    return max(0, round((4 * right - k * (k + 1)) / (2 * k - 1)))
