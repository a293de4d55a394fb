"""End points beside the score itself: who responds, when, and what if those who left did no better than the control.

Response is judged at the visits of the analysis, so that its time is the day of the visit that found it. An event that
its estimand counts as failure, or that ends what is looked at, leaves somebody without response until the final visit;
in `incidence` it competes. A share of a curve of responders alone would compare no randomised groups, and is not here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_all
from unstuck.core.trial import Analysis, Method, TrialDesign
from unstuck.lab.analysis import imputation
from unstuck.lab.analysis.answers import Answer
from unstuck.lab.analysis.cox import cox
from unstuck.lab.analysis.imputation import People, jackknife
from unstuck.lab.analysis.responders import Definition, definition
from unstuck.lab.analysis.survival import Times, incidence, log_rank, restricted_mean_difference, times
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints
from unstuck.lab.trials.virtual.handling import ended_at, unseen_from
from unstuck.lab.trials.virtual.results import MANY, Result, level_of, tested
from unstuck.lab.trials.virtual.table import TrialTable

MOST = 100.0  # points of a tipping point that are looked at
SOON = 0.5  # of a day: when somebody without any visit was last seen
NO_ANSWER = Answer("", np.nan, np.nan, None, np.nan, np.nan, np.nan)


@cache
def rule_of(outcome: str, key: str) -> Definition:
    """The outcome's own rule of that key. Raises Complaint that lists what there is."""
    return definition(load_all()[outcome], key)


def met_at(design: TrialDesign, analysis: Analysis, base: Floats, score: Floats) -> Bools:
    """Who has responded with that score; nobody without one."""
    if analysis.response:
        rule = rule_of(design.outcome, analysis.response)
        return np.asarray(rule.holds(base.ravel(), score.ravel()).reshape(score.shape) == 1)
    percent = analysis.fall_percent or 0.0
    with np.errstate(invalid="ignore"):
        return np.asarray((100 * (base - score) >= percent * base) & (base > 0))


@dataclass(frozen=True, slots=True)
class Responses:
    """Day and event of everybody, (..., people): 1 responded, 0 was last seen without, 2 had what competes."""

    day: Floats
    event: Ints


def responses(design: TrialDesign, analysis: Analysis, table: TrialTable) -> Responses:
    """When each responds. A hypothetical event censors; others end the chance to, and compete in `incidence`."""
    days = np.array([float(visit.day) for visit in design.visits])
    place, estimand = np.arange(len(days)), design.estimand_of(analysis)
    counts = place < unseen_from(design, estimand, table)[..., None]
    seen = np.isfinite(table.scores) & counts
    met = np.stack([met_at(design, analysis, table.base, table.scores[..., k]) for k in place], axis=-1)
    ended = ended_at(design, estimand, table)
    met &= counts & (place < ended[..., None])
    first = np.where(met.any(axis=-1), met.argmax(axis=-1), -1)
    last = np.where(seen, place, -1).max(axis=-1)
    out = (first < 0) & (ended <= place[-1])
    day = np.where(first >= 0, days[first], np.where(last >= 0, days[last], SOON))
    if analysis.method is Method.INCIDENCE:
        return Responses(np.where(out, days[np.minimum(ended, place[-1])], day), np.where(out, 2, first >= 0))
    return Responses(np.where(out, days[-1], day), np.where(out, 0, first >= 0).astype(np.int64))


def timed(design: TrialDesign, analysis: Analysis, table: TrialTable) -> Result:
    """Time to response, each active arm against the control."""
    found, started = responses(design, analysis, table), table.started & np.isfinite(table.base)

    def one(replicate: int, place: int, control: int) -> Answer:
        arm, here = table.arm[replicate], started[replicate]
        mine = here & ((arm == place) | (arm == control))
        data = times(found.day[replicate][mine], found.event[replicate][mine])
        return _compared(design, analysis, data, arm[mine] == place)

    return _each(design, table, started, one)


def _compared(design: TrialDesign, analysis: Analysis, data: Times, treated: Bools) -> Answer:
    until = float(design.final.day)
    match analysis.method:
        case Method.COX:
            return cox(data, treated[:, None].astype(float), ["arm"]).coefficients[0]
        case Method.RMST:
            return restricted_mean_difference(data, treated, until)
        case Method.LOG_RANK:
            test = log_rank(data, treated.tolist())  # groups in the order False, True
            apart = test.observed[1] - test.expected[1]
            se = abs(apart) / np.sqrt(test.chi2) if test.chi2 > 0 else np.nan
            return replace(NO_ANSWER, estimate=apart, se=se)
        case _:
            one, other = (_incidence(data.only(which), until) for which in (treated, ~treated))
            return replace(NO_ANSWER, estimate=one[0] - other[0], se=float(np.hypot(one[1], other[1])))


def _incidence(data: Times, until: float) -> tuple[float, float]:
    """Share and error by that day; nobody with the event is 0 of all, and its error is unknown."""
    if not (data.event == 1).any():
        return 0.0, 0.0
    found = incidence(data)
    place = int(np.searchsorted(found.time, until, side="right")) - 1
    return float(found.share[place]), float(found.se[place])


def _each(
    design: TrialDesign, table: TrialTable, counted: Bools, ask: Callable[[int, int, int], Answer]
) -> Result:  # fmt: skip
    """The answers of every replicate and active arm, by the normal law; NaN where a question has no answer."""
    active = [place for place, arm in enumerate(design.arms) if not arm.control]
    control = next(place for place, arm in enumerate(design.arms) if arm.control)
    shape = (table.replicates, len(active))
    estimate, se = np.full(shape, np.nan), np.full(shape, np.nan)
    for replicate in range(shape[0]):
        for column, place in enumerate(active):
            try:
                found = ask(replicate, place, control)
            except (Complaint, np.linalg.LinAlgError):
                continue
            estimate[replicate, column], se[replicate, column] = found.estimate, found.se
    return tested(design, estimate, se, np.full(shape, MANY), counted.sum(axis=1))


def imputed(design: TrialDesign, analysis: Analysis, table: TrialTable, x: Floats) -> Result:
    """Reference-based imputation; for a tipping point its points as the estimate, with the p of what it starts from."""
    here: Bools = np.asarray(table.started & np.isfinite(table.base))  # who left before the first visit as well
    y = np.where(here[:, :, None], table.scores, np.nan)
    tips = np.full((table.replicates, len(design.active)), np.nan)
    columns = {place: k for k, place in enumerate(p for p, arm in enumerate(design.arms) if not arm.control)}

    def one(replicate: int, place: int, control: int) -> Answer:
        arm = table.arm[replicate]
        mine = here[replicate] & ((arm == place) | (arm == control))
        who = _people(x[replicate][mine], y[replicate][mine], 1 + columns[place])
        tipping = analysis.method is Method.TIPPING_POINT
        found = jackknife(who, imputation.Strategy.MAR if tipping else imputation.Strategy(analysis.method.value))
        if tipping:
            tip = found.tipping_point(level_of(design), MOST)
            tips[replicate, columns[place]] = np.nan if tip is None else tip
        return found.at()

    result = _each(design, table, here, one)
    return _tipped(result, tips, level_of(design)) if analysis.method is Method.TIPPING_POINT else result


def _tipped(result: Result, tips: Floats, level: float) -> Result:
    """Points towards no effect as the estimate, positive where the active arm was better: 0 where nothing has to be
    undone, MOST where that many do not undo it. p is that of what it starts from."""
    most = -np.sign(result.estimate) * MOST
    points = np.where(result.p >= level, 0.0, np.where(np.isnan(tips), most, tips))
    nothing = np.full(result.p.shape, np.nan)
    return Result(np.where(result.failed, np.nan, points), nothing, nothing, nothing, nothing, result.p, result.people)


def _people(x: Floats, y: Floats, column: int) -> People:
    """Two arms of the covariates x (n, q): one, that arm's indicator, and baseline."""
    kept = np.column_stack([x[:, 0], x[:, column], x[:, -1]])
    reference = kept * np.array([1.0, 0.0, 1.0])
    return People(kept, reference, y, kept[:, 1] == 1, np.array([0.0, 1.0, 0.0]), ())
