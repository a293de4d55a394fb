"""What an analysis of many replicates gives: one row a replicate and active arm, NaN where there is no answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from unstuck.core.trial import MORE_IS_BETTER, Analysis, Method, TrialDesign
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints

UNITS = dict.fromkeys(Method, "points") | {
    Method.RESPONDER: "share of responders",
    Method.COX: "log hazard ratio of response",
    Method.LOG_RANK: "responses more than expected",
    Method.RMST: "days without response",
    Method.INCIDENCE: "share that has responded",
    Method.TIPPING_POINT: "points that undo the result",
}
"""What an estimate, active minus control, counts."""
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


def level_of(design: TrialDesign) -> float:
    """The error rate of one comparison: alpha shared equally by the active arms (Bonferroni)."""
    return design.alpha / len(design.active)


def tested(
    design: TrialDesign, estimate: Floats, se: Floats, df: Floats, people: Ints, under_null: Floats | None = None
) -> Result:  # fmt: skip
    """Two-sided p and the interval at the level of one comparison."""
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.where(se > 0, se, np.nan)
        null = spread if under_null is None else np.where(under_null > 0, under_null, np.nan)
        p = 2 * stdtr(df, -np.abs(estimate / null))
        half = stdtrit(df, 1 - level_of(design) / 2) * spread
    return Result(estimate, se, df, estimate - half, estimate + half, p, people)


def wider(result: Result, bound: Floats) -> Result:
    """The same with the repeated interval of a look (Jennison and Turnbull 1989, doi
    10.1111/j.2517-6161.1989.tb01433.x): beyond zero exactly where the test crosses the look's bound, shape
    (replicates,), so that it covers as promised whenever the trial stops."""
    with np.errstate(invalid="ignore"):
        half = stdtrit(result.df, ndtr(bound)[:, None]) * np.where(result.se > 0, result.se, np.nan)
    return replace(result, low=result.estimate - half, high=result.estimate + half)


def better(method: Method, result: Result) -> Bools:
    """Where the active arm did better."""
    return np.asarray(result.estimate > 0 if method in MORE_IS_BETTER else result.estimate < 0)


def succeeds(design: TrialDesign, analysis: Analysis, result: Result) -> Bools:
    """Where the active arm did significantly better; a tipping point must also lie as far off as the design asks."""
    found = (result.p < level_of(design)) & better(analysis.method, result) & ~result.failed
    return np.asarray(found & (result.estimate >= analysis.tip_points) if analysis.tip_points is not None else found)
