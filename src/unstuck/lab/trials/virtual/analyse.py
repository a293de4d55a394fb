"""The final table analysed: each active arm against the control, one row a replicate, analysis and arm.

Estimates are active minus control. Scores that fall are better, so that a negative difference is better; of responders
a positive one is. Where a replicate gives no answer its numbers are NaN: it is counted as a failure, and never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from unstuck.core.errors import Complaint
from unstuck.core.trial import Analysis, Method, TrialDesign
from unstuck.lab.analysis import closed, general
from unstuck.lab.analysis.pattern_sums import pattern_sums
from unstuck.lab.analysis.structures import structure
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints
from unstuck.lab.trials.virtual.table import TrialTable

MANY = 1e9  # degrees of freedom of a normal test


@dataclass(frozen=True, slots=True)
class Result:
    """Arrays of shape (replicates, active arms)."""

    estimate: Floats
    se: Floats
    df: Floats
    low: Floats
    high: Floats
    p: Floats
    people: Ints  # analysed, of all arms; (replicates,)

    @property
    def failed(self) -> Bools:
        """Where there is no answer."""
        return ~np.isfinite(self.p)


def analyse(design: TrialDesign, analysis: Analysis, table: TrialTable) -> Result:
    """The analysis of every replicate."""
    match analysis.method:
        case Method.MMRM:
            return _repeated(design, table, table.scores, analysis.kenward_roger)
        case Method.ANCOVA:
            return _repeated(design, table, table.scores[:, :, -1:], False)
        case Method.RESPONDER:
            return _responders(design, table, analysis.fall_percent or 0.0)


def level_of(design: TrialDesign) -> float:
    """The error rate of one comparison: alpha shared equally by the active arms (Bonferroni)."""
    return design.alpha / len(design.active)


def _repeated(design: TrialDesign, table: TrialTable, scores: Floats, kenward_roger: bool) -> Result:
    """REML with an unstructured covariance; baseline and arm crossed with visit. With one visit it is ANCOVA."""
    x = _covariates(design, table)
    y = np.where((table.started & np.isfinite(table.base))[:, :, None], scores, np.nan)
    shape = (table.replicates, len(design.active))
    estimate, se, df = (np.full(shape, np.nan) for _ in range(3))
    seen = np.isfinite(y)
    tidy = ~(seen[:, :, 1:] & ~seen[:, :, :-1]).any(axis=(1, 2))
    if tidy.any():
        sums = closed.monotone_sums(x[tidy], y[tidy])
        for place in range(shape[1]):
            got = closed.fit_many(sums, np.eye(y.shape[2])[-1], np.eye(x.shape[2])[1 + place])
            estimate[tidy, place], df[tidy, place] = got.estimate[:, 0], got.df[:, 0]
            se[tidy, place] = (got.se_kr if kenward_roger else got.se)[:, 0]
    for one in np.flatnonzero(~tidy):
        for place, found in enumerate(_general(x[one], y[one], shape[1])):
            estimate[one, place], df[one, place] = found.estimate, found.df
            se[one, place] = found.se_kr if kenward_roger else found.se
    return _tested(design, estimate, se, df, seen.any(axis=2).sum(axis=1))


def _covariates(design: TrialDesign, table: TrialTable) -> Floats:
    """One, an indicator of each active arm, and baseline from its mean; shape (replicates, size, 2 + arms)."""
    base = np.where(np.isfinite(table.base), table.base, 0.0)
    usable = table.started & np.isfinite(table.base)
    mean = (base * usable).sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
    columns = [np.ones_like(base)]
    columns += [(table.arm == place).astype(float) for place, arm in enumerate(design.arms) if not arm.control]
    return np.stack([*columns, np.where(usable, base - mean[:, None], 0.0)], axis=2)


def _general(x: Floats, y: Floats, arms: int) -> list[general.Estimate]:
    """One trial with gaps; where the likelihood has no clear maximum there is no answer."""
    visits, q = y.shape[1], x.shape[1]
    here = np.isfinite(y).any(axis=1)
    try:
        problem = general.Problem(pattern_sums(x[here], y[here]), np.eye(visits * q), structure("us", visits))
        top = general.maximum(problem)
        rows = [np.eye(visits * q)[(visits - 1) * q + 1 + place] for place in range(arms)]
        return [general.contrast(problem, top, row) for row in rows]
    except (Complaint, np.linalg.LinAlgError):
        return []


def _responders(design: TrialDesign, table: TrialTable, percent: float) -> Result:
    """Shares of all who started; who has no score is not counted as better. Pooled normal test of two shares."""
    final = table.scores[:, :, -1]
    with np.errstate(invalid="ignore"):
        met = table.started & (100 * (table.base - final) >= percent * table.base) & (table.base > 0)
    control = next(place for place, arm in enumerate(design.arms) if arm.control)
    count, of = _in_arm(met, table, control), _in_arm(table.started, table, control)
    shape = (table.replicates, len(design.active))
    estimate, se, pooled = (np.full(shape, np.nan) for _ in range(3))
    active = [place for place, arm in enumerate(design.arms) if not arm.control]
    with np.errstate(invalid="ignore", divide="ignore"):
        for column, place in enumerate(active):
            mine, all_mine = _in_arm(met, table, place), _in_arm(table.started, table, place)
            p, q, both = mine / all_mine, count / of, (mine + count) / (all_mine + of)
            estimate[:, column] = p - q
            se[:, column] = np.sqrt(p * (1 - p) / all_mine + q * (1 - q) / of)
            pooled[:, column] = np.sqrt(both * (1 - both) * (1 / all_mine + 1 / of))
    return _tested(design, estimate, se, np.full(shape, MANY), table.started.sum(axis=1), pooled)


def _in_arm(yes: Bools, table: TrialTable, place: int) -> Ints:
    return np.asarray((yes & (table.arm == place)).sum(axis=1))


def _tested(
    design: TrialDesign, estimate: Floats, se: Floats, df: Floats, people: Ints, under_null: Floats | None = None
) -> Result:  # fmt: skip
    """Two-sided p and the interval at the level of one comparison."""
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.where(se > 0, se, np.nan)
        tested = spread if under_null is None else np.where(under_null > 0, under_null, np.nan)
        p = 2 * stdtr(df, -np.abs(estimate / tested))
        half = stdtrit(df, 1 - level_of(design) / 2) * spread
    return Result(estimate, se, df, estimate - half, estimate + half, p, people)
