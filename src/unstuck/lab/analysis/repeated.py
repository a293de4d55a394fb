"""Mixed model for repeated measures of any table, by one call.

    fit = mmrm(table, "chg ~ base*visit + arm*visit", subject="id", visit="visit", df="kenward-roger")
    fit.contrast("arm", at=28)      # the other levels minus the first, with interval and p
    fit.means("arm", at=28)         # least-squares means

The closed form is taken where dropout is monotone, S unstructured and every covariate crossed with visit; the general
solver otherwise. `fit.solver` says which. Visits are always categories, in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.analysis import closed, general
from unstuck.lab.analysis.answers import Answer, answer
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.design import Design
from unstuck.lab.analysis.formula import parse
from unstuck.lab.analysis.frame import Frame, covariates, frame
from unstuck.lab.analysis.general import Maximum, Problem
from unstuck.lab.analysis.pattern_sums import PatternSums, cascade, pattern_sums
from unstuck.lab.analysis.structures import structure
from unstuck.lab.analysis.table import Columns

MOST_COMBINATIONS, MOST_NUMBERS = 20_000, 30_000_000
"""Combinations of other factors that means average over, and numbers of the largest array of a fit (240 MB)."""
FEW = 5
COPIED = "Was a value carried forward? Leave such a visit out, or take a covariance with fewer parameters."


class Df(StrEnum):
    """How degrees of freedom and standard errors are found."""

    KENWARD_ROGER = "kenward-roger"  # corrected standard error, Satterthwaite's df (one contrast: they are the same)
    SATTERTHWAITE = "satterthwaite"  # the model's standard error


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What several sites must have in common: the design, the means of its numbers, and the coding of coefficients."""

    design: Design
    means: dict[str, float]
    g: Floats  # (T * q, p)


@dataclass(frozen=True, slots=True, eq=False)
class Mmrm:
    """A fitted model. Questions to it are methods; `notes` are sentences to show beside every answer."""

    model: Model
    problem: Problem  # in orthogonal coefficients
    turn: Floats  # (p, p): coefficients of the problem = turn' times ours
    top: Maximum
    df: Df
    solver: str
    notes: tuple[str, ...]
    changing: Mapping[str, str] = field(default_factory=dict)  # factors that differ within a patient, and who

    @property
    def visits(self) -> tuple[str, ...]:
        """The visits in their order."""
        return self.model.design.levels[self.model.design.visit] or ()

    @property
    def covariance(self) -> Floats:
        """S, the estimated covariance of the visits, (T, T)."""
        return self.top.point.s

    @property
    def minus2(self) -> float:
        """-2 times the restricted log likelihood, as nlme and mmrm count it."""
        return self.top.point.minus2 + 2 * float(np.log(np.diag(self.turn)).sum())

    def coefficients(self, level: float = 0.95) -> tuple[Answer, ...]:
        """Every coefficient."""
        names = self.model.design.names()
        return tuple(self.estimate(name, row, level) for name, row in zip(names, np.eye(len(names)), strict=True))

    def estimate(self, what: str, row: Floats, level: float = 0.95) -> Answer:
        """The linear combination `row` (p,) of the coefficients."""
        found = general.contrast(self.problem, self.top, np.linalg.solve(self.turn, row))
        se = found.se_kr if self.df is Df.KENWARD_ROGER else found.se
        return answer(what, found.estimate, se, found.df, level)

    def contrast(self, name: str, at: object = None, level: float = 0.95) -> tuple[Answer, ...]:
        """Each other level of a factor minus its first one, at one visit or at all; other factors weigh equally, and
        numbers stand at their mean."""
        levels = self._levels(name)
        found = []
        for visit in self._at(at):
            first = self._row(name, 0, visit)
            for k in range(1, len(levels)):
                what = f"{name} {levels[k]} minus {levels[0]} at {self.model.design.visit} {self.visits[visit]}"
                found.append(self.estimate(what, self._row(name, k, visit) - first, level))
        return tuple(found)

    def means(self, name: str, at: object = None, level: float = 0.95) -> tuple[Answer, ...]:
        """The least-squares mean of each level of a factor. Numbers stand at their mean over patients, each
        counted once; SAS and emmeans count rows, so that who stays longer counts more. Contrasts are the same."""
        levels, word = self._levels(name), self.model.design.visit
        return tuple(
            self.estimate(f"{name} {levels[k]} at {word} {self.visits[visit]}", self._row(name, k, visit), level)
            for visit in self._at(at)
            for k in range(len(levels))
        )

    def _levels(self, name: str) -> tuple[str, ...]:
        levels = self.model.design.levels.get(name)
        factors = [
            each for each, found in self.model.design.levels.items() if found and each != self.model.design.visit
        ]
        if not levels or name == self.model.design.visit:
            mend = f"Factors are: {', '.join(factors) or 'none'}."
            raise Complaint(f"{name!r} is no factor of the formula: it has no levels to compare.", "contrast", mend)
        if name in self.changing:
            mend = "Give every patient one level in all rows; this model compares people, not times of one person."
            raise Complaint(f"{self.changing[name]}.", f"column {name!r}", mend)
        return levels

    def _at(self, at: object) -> range | list[int]:
        if at is None:
            return range(len(self.visits))
        wanted = f"{at:.15g}" if isinstance(at, int | float) else str(at)
        if wanted not in self.visits:
            raise Complaint(f"There is no visit {wanted!r}.", "at", f"Visits are: {', '.join(self.visits)}.")
        return [self.visits.index(wanted)]

    def _row(self, name: str, level: int, visit: int) -> Floats:
        """The mean design row of a level at a visit, over all combinations of the other factors."""
        design = self.model.design
        others = [each for each, found in design.levels.items() if found and each not in {name, design.visit}]
        sizes = [len(design.levels[each] or ()) for each in others]
        if np.prod(sizes, dtype=float) > MOST_COMBINATIONS:
            raise Complaint("The factors of the formula have too many combinations.", mend="Leave some of them out.")
        grid = np.array(list(product(*map(range, sizes))), dtype=np.int64)
        rows = len(grid)
        values = {each: np.full(rows, mean) for each, mean in self.model.means.items()}
        codes = {each: grid[:, k] for k, each in enumerate(others)}
        matrix = design.matrix({**values, **codes, name: np.full(rows, level)}, np.full(rows, visit))
        return np.asarray(matrix.mean(axis=0))


def mmrm(
    table: Columns, formula: str, subject: str, visit: str, df: str = "kenward-roger", covariance: str = "us"
) -> Mmrm:
    """The model of a long table, a row a visit. Raises Complaint for data or a formula that cannot be analysed."""
    data = frame(table, parse(formula), subject, visit)
    model, sums = prepare(data)
    return replace(fit(model, sums, df, covariance, data.notes), changing=data.changing)


def prepare(data: Frame) -> tuple[Model, PatternSums]:
    """A frame as its model and its sums. Sites that agree on the model may send the sums alone: see `pattern_sums`."""
    x, g = covariates(data)
    numbers = [name for name, found in data.design.levels.items() if found is None]
    means = {name: _mean_of_patients(data, np.asarray(data.values[name], dtype=np.float64)) for name in numbers}
    return Model(data.design, means, g), pattern_sums(x, data.wide(data.outcome))


def _mean_of_patients(data: Frame, cells: Floats) -> float:
    rows = np.bincount(data.patient)
    return float((np.bincount(data.patient, weights=cells) / rows).mean())


def fit(model: Model, sums: PatternSums, df: str, covariance: str, notes: Iterable[str] = ()) -> Mmrm:
    """The REML fit of a model to sums of one site or of several, pooled."""
    wanted, form = _df(df), structure(covariance, sums.visits)
    if wanted is Df.KENWARD_ROGER and not form.linear:
        what = f"Kenward-Roger depends on how the parameters of {covariance!r} are chosen, so it is not offered for it."
        raise Complaint(what, "df", "Take df='satterthwaite', or the covariance us, cs or toep.")
    few = _check_visits(model, sums, covariance)
    turn = _turn(model, sums)
    problem = Problem(sums, np.linalg.solve(turn, model.g.T).T, form)
    _check_outcomes(model, problem)
    square = model.g.shape[0] == model.g.shape[1]
    if covariance == "us" and sums.monotone and square:
        whole = cascade(sums)
        if not closed.regular(whole)[0]:
            raise Complaint("The outcome at a visit follows from those at earlier ones.", "outcome", COPIED)
        top, solver = general.at_covariance(problem, closed.factors(whole).covariance()[0]), "closed form"
    else:
        top = general.maximum(problem)
        solver = f"general solver, {top.steps} steps"
    return Mmrm(model, problem, turn, top, wanted, solver, (*notes, *few))


def _df(name: str) -> Df:
    if name not in set(Df):
        raise Complaint(f"Degrees of freedom {name!r} are not known.", "df", f"Known are {', '.join(Df)}.")
    return Df(name)


def _check_visits(model: Model, sums: PatternSums, covariance: str) -> list[str]:
    """Refuses visits that an unstructured covariance cannot be estimated from; says which ones are thin."""
    if covariance != "us":
        return []
    visits, notes = model.design.levels[model.design.visit] or (), []
    blocks = model.g.reshape(sums.visits, -1, model.g.shape[1])
    mend = "Leave the visit out, or take a covariance with fewer parameters (cs, for instance)."
    for t, seen in enumerate(sums.at_visit()):
        needed = int((np.abs(blocks[t]).sum(axis=1) > 0).sum())
        if seen <= needed + t:
            more = f", a variance and {t} covariances" if t else " and a variance"
            people = "One patient is" if seen == 1 else f"{int(seen)} patients are"
            what = f"{people} seen at visit {visits[t]}, for {needed} coefficients{more}."
            raise Complaint(what, f"visit {visits[t]}", mend)
        if seen - needed < FEW:
            notes.append(f"The variance at visit {visits[t]} rests on {int(seen - needed)} degrees of freedom only.")
    apart = np.argwhere(sums.together() < 1)
    if len(apart):
        s, t = apart[0]
        what = f"Nobody is seen at both visits {visits[s]} and {visits[t]}, so their covariance is unknown."
        raise Complaint(what, f"visit {visits[t]}", mend)
    return notes


def _check_outcomes(model: Model, problem: Problem) -> None:
    """Refuses a visit at which nothing is left to explain, and more visits than an unstructured S can be solved for."""
    sums, form = problem.sums, problem.structure
    visits = model.design.levels[model.design.visit] or ()
    first = general.known(general.point(problem, np.eye(sums.visits)))
    left, total = general.spread_by_visit(problem, first), np.einsum("dtt->t", sums.yy)
    for t, rest in enumerate(left):
        if rest <= closed.SINGULAR * (total[t] + 1e-6 * total.max()):
            what = f"The outcomes at visit {visits[t]} are all the same, or follow from the covariates, to all digits."
            raise Complaint(what, f"visit {visits[t]}", "Leave the visit out: a baseline has no change, for instance.")
    size = len(sums.count) * form.exponents.shape[2] * sums.visits**2
    if size > MOST_NUMBERS:
        what = f"{sums.visits} visits in {len(sums.count)} patterns are too many for the covariance {form.name!r}."
        raise Complaint(what, "covariance", "Take one with fewer parameters (toep, cs), or fewer visits.")


def _turn(model: Model, sums: PatternSums) -> Floats:
    """The lower factor of X'X. Raises Complaint that names a coefficient which the data do not determine."""
    xx = np.einsum("dt,dab->tab", sums.seen.astype(float), sums.xx)
    blocks = model.g.reshape(sums.visits, -1, model.g.shape[1])
    normal = np.einsum("tai,tab,tbj->ij", blocks, xx, blocks, optimize=True)
    low = np.array(normal)
    for j in range(len(low)):
        low[j, j] = normal[j, j] - low[j, :j] @ low[j, :j]
        if not low[j, j] > closed.SINGULAR * normal[j, j]:
            raise _undetermined(model.design.names()[j], normal[j, j] == 0)
        low[j, j] = np.sqrt(low[j, j])
        low[j + 1 :, j] = (normal[j + 1 :, j] - low[j + 1 :, :j] @ low[j, :j]) / low[j, j]
    return np.tril(low)


def _undetermined(name: str, empty: bool) -> Complaint:
    why = "no row that counts has it" if empty else "it is a combination of the others"
    mend = "Look for an arm without patients at a visit, or a covariate that repeats another; leave it out."
    return Complaint(f"The coefficient {name} cannot be estimated: {why}.", "design", mend)
