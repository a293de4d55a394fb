"""What goes with the size of effects: meta-regression on moderators, and subgroups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, fdtrc

from unstuck.core.errors import Complaint
from unstuck.lab.meta.inference import Interval, Line, Options, covariance, lines
from unstuck.lab.meta.pool import Heterogeneity, Pooled, heterogeneity, pool, refuse_dependent
from unstuck.lab.meta.sample import Effects, Floats
from unstuck.lab.meta.tau2 import estimate
from unstuck.lab.meta.weighted import Problem, check_rank, intercept, solve

STUDIES_PER_COEFFICIENT = 10
"""Below so many studies for each moderator a note warns (Cochrane Handbook, section 10.11.4)."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A design matrix x (k, p) with an intercept first, and the names of its columns."""

    x: Floats
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """A joint test that several coefficients are zero: F with two df, or chi-square, whose second df is None."""

    statistic: float
    df: int
    df_residual: int | None
    p: float


@dataclass(frozen=True, slots=True)
class Regression:
    """Coefficients by name, what is left of the heterogeneity, and which share of it the moderators explain.

    `moderators` tests all of them at once. `r2_percent` is None where there was nothing to explain.
    """

    k: int
    options: Options
    names: tuple[str, ...]
    coefficients: tuple[Line, ...]
    moderators: Test
    residual: Heterogeneity
    r2_percent: float | None
    notes: tuple[str, ...]


def design(moderators: Mapping[str, Sequence[float] | Sequence[str] | ArrayLike], k: int) -> Design:
    """Columns for the moderators. Numbers stand as they are; of words the first in the alphabet is the reference."""
    columns: list[Floats] = [np.ones(k)]
    names = ["intercept"]
    for name, values in moderators.items():
        given = np.asarray(values)
        if len(given) != k:
            raise Complaint(f"The moderator {name!r} has {len(given)} values for {k} effects.", mend="Give one a row.")
        for label, column in _columns(name, given):
            names.append(label)
            columns.append(column)
    return Design(np.column_stack(columns), tuple(names))


def _columns(name: str, given: ArrayLike) -> list[tuple[str, Floats]]:
    values = np.asarray(given)
    if np.issubdtype(values.dtype, np.number) or np.issubdtype(values.dtype, np.bool_):
        numbers = values.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise Complaint(f"The moderator {name!r} has a gap.", mend="Leave those rows out, or fill the gap.")
        return [(name, numbers)]
    levels = sorted({str(value) for value in values})
    return [(f"{name}: {level} (not {levels[0]})", (values == level).astype(np.float64)) for level in levels[1:]]


def regress(effects: Effects, by: Design, options: Options | None = None) -> Regression:
    """A mixed-effects meta-regression (Thompson and Higgins 2002, doi 10.1002/sim.1187).

    Raises Complaint for dependent rows, for too many coefficients, and for moderators that determine each other.
    """
    options = options or Options()
    refuse_dependent(effects)
    problem = Problem(effects.y, effects.v, by.x)
    check_rank(problem, by.names)
    found = estimate(problem, options.method)
    fit = solve(problem, found.tau2)
    without = estimate(intercept(effects.y, effects.v), options.method).tau2
    return Regression(
        effects.k,
        options,
        by.names,
        lines(problem, fit, options),
        joint(fit.b, covariance(problem, fit, options.interval), range(1, len(by.names)), _df(problem, options)),
        heterogeneity(problem, found.tau2, options),
        None if without == 0 else 100 * max(0.0, (without - found.tau2) / without),
        (*effects.notes, *found.notes, *_too_few(effects.k, len(by.names) - 1)),
    )


def _df(problem: Problem, options: Options) -> int | None:
    return None if options.interval is Interval.NORMAL else problem.df


def joint(b: Floats, cov: Floats, which: Sequence[int], df_residual: int | None) -> Test:
    """The Wald test of the named coefficients: chi-square, or F where the residual df are given."""
    rows = list(which)
    if not rows:
        raise Complaint("There is no moderator to test.", mend="Name at least one.")
    wald = float(b[rows] @ np.linalg.solve(cov[np.ix_(rows, rows)], b[rows]))
    if df_residual is None:
        return Test(wald, len(rows), None, float(chdtrc(len(rows), wald)))
    statistic = wald / len(rows)
    return Test(statistic, len(rows), df_residual, float(fdtrc(len(rows), df_residual, statistic)))


def _too_few(k: int, moderators: int) -> list[str]:
    if k >= STUDIES_PER_COEFFICIENT * moderators:
        return []
    return [f"{k} studies for {moderators} moderator columns are few: what is found may well be chance."]


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Each group pooled by itself, with its own heterogeneity, and a test whether their means differ.

    The test compares the groups' means by their standard errors (chi-square with groups - 1 df).
    """

    groups: tuple[tuple[str, Pooled], ...]
    between: Test
    notes: tuple[str, ...]


def subgroups(effects: Effects, group: Sequence[str], options: Options | None = None) -> Subgroups:
    """The effects pooled by group. Raises Complaint when there is one group only."""
    if len(group) != effects.k:
        raise Complaint(f"{len(group)} groups are named for {effects.k} effects.", mend="Name one a row.")
    names = sorted(set(group))
    if len(names) < 2:
        raise Complaint("There is one group only.", mend="Name a column that tells groups apart.")
    pooled = tuple((name, pool(effects.only(_rows(group, name)), options)) for name in names)
    means = np.array([each.mean.estimate for _, each in pooled])
    w = np.array([each.mean.se**-2 for _, each in pooled])
    q = float(w @ (means - w @ means / w.sum()) ** 2)
    single = [name for name, each in pooled if each.k == 1]
    notes = (f"One study only in: {', '.join(single)}.",) if single else ()
    return Subgroups(pooled, Test(q, len(names) - 1, None, float(chdtrc(len(names) - 1, q))), notes)


def _rows(group: Sequence[str], name: str) -> list[int]:
    return [row for row, each in enumerate(group) if each == name]
