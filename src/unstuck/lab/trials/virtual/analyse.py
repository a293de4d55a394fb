"""The table analysed as its estimand has it: each active arm against the control, one row a replicate and arm.

Estimates are active minus control. Scores that fall are better, so that a negative difference is better; of responders
a positive one is. Where a replicate gives no answer its numbers are NaN: it is counted as a failure, and never dropped.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.trial import Analysis, Method, TrialDesign
from unstuck.lab.analysis import closed, general
from unstuck.lab.analysis.clusters import random_intercept
from unstuck.lab.analysis.pattern_sums import pattern_sums
from unstuck.lab.analysis.structures import structure
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints
from unstuck.lab.trials.virtual.endpoints import imputed, met_at, timed
from unstuck.lab.trials.virtual.handling import handled
from unstuck.lab.trials.virtual.results import MANY, Result, tested
from unstuck.lab.trials.virtual.table import TrialTable


def analyse(design: TrialDesign, analysis: Analysis, table: TrialTable) -> Result:
    """The analysis of every replicate."""
    seen = handled(design, design.estimand_of(analysis), table)
    match analysis.method:
        case Method.MMRM:
            return _repeated(design, analysis, seen, seen.scores, analysis.kenward_roger)
        case Method.ANCOVA if analysis.therapist_effect:
            return _clustered(design, analysis, seen)
        case Method.ANCOVA:
            return _repeated(design, analysis, seen, seen.scores[:, :, -1:], False)
        case Method.RESPONDER:
            return _responders(design, analysis, seen)
        case Method.J2R | Method.CR | Method.CIR | Method.TIPPING_POINT:
            return imputed(design, analysis, seen, _covariates(design, analysis, seen))
        case Method.COX | Method.LOG_RANK | Method.RMST | Method.INCIDENCE:
            return timed(design, analysis, table)


def _repeated(
    design: TrialDesign, analysis: Analysis, table: TrialTable, scores: Floats, kenward_roger: bool
) -> Result:  # fmt: skip
    """REML with an unstructured covariance; baseline and arm crossed with visit. With one visit it is ANCOVA."""
    x = _covariates(design, analysis, table)
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
    return tested(design, estimate, se, df, seen.any(axis=2).sum(axis=1))


def _covariates(design: TrialDesign, analysis: Analysis, table: TrialTable) -> Floats:
    """One, an indicator of each active arm, baseline from its mean, and what is adjusted for: (replicates, size, q)."""
    base = np.where(np.isfinite(table.base), table.base, 0.0)
    usable = table.started & np.isfinite(table.base)
    mean = (base * usable).sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
    columns = [np.ones_like(base)]
    columns += [(table.arm == place).astype(float) for place, arm in enumerate(design.arms) if not arm.control]
    columns += [np.where(usable, base - mean[:, None], 0.0), *_strata(design, analysis, table)]
    return np.stack(columns, axis=2)


def _strata(design: TrialDesign, analysis: Analysis, table: TrialTable) -> list[Floats]:
    """Indicators of sites, therapists within sites and veterans, each but the first."""
    found: list[Bools] = []
    if "site" in analysis.adjust or "therapist" in analysis.adjust:
        found += [table.site == place for place in range(1, len(design.sites))]
    if "therapist" in analysis.adjust:
        pairs = ((p, k) for p, site in enumerate(design.sites) for k in range(1, site.therapists))
        found += [(table.site == place) & (table.therapist == k) for place, k in pairs]
    if "veteran" in analysis.adjust:
        found.append(table.veteran)
    return [column.astype(float) for column in found]


def therapists(design: TrialDesign, table: TrialTable) -> Ints:
    """A number for each therapist: of a site, and of an arm where therapists treat in one arm only."""
    most = max(site.therapists for site in design.sites)
    arm = table.arm if design.clustering.nested else np.zeros_like(table.arm)
    return np.asarray((table.site * most + table.therapist) * len(design.arms) + arm)


def _clustered(design: TrialDesign, analysis: Analysis, table: TrialTable) -> Result:
    """Analysis of covariance of the final score with a random effect of the therapist."""
    x, y, who = _covariates(design, analysis, table), table.scores[:, :, -1], therapists(design, table)
    here = table.started & np.isfinite(table.base) & np.isfinite(y)
    shape = (table.replicates, len(design.active))
    estimate, se, df = (np.full(shape, np.nan) for _ in range(3))
    for one, place in product(range(shape[0]), range(shape[1])):
        mine = here[one]
        try:
            found = random_intercept(x[one][mine], y[one][mine], who[one][mine], np.eye(x.shape[2])[1 + place])
        except (Complaint, np.linalg.LinAlgError):
            continue
        estimate[one, place], se[one, place], df[one, place] = found.estimate, found.se, found.df
    return tested(design, estimate, se, df, here.sum(axis=1))


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


def _responders(design: TrialDesign, analysis: Analysis, table: TrialTable) -> Result:
    """Shares of all who started; who has no score is not counted as better. Pooled normal test of two shares."""
    met = table.started & met_at(design, analysis, table.base, table.scores[:, :, -1])
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
    return tested(design, estimate, se, np.full(shape, MANY), table.started.sum(axis=1), pooled)


def _in_arm(yes: Bools, table: TrialTable, place: int) -> Ints:
    return np.asarray((yes & (table.arm == place)).sum(axis=1))
