"""From a formula and a table to columns of a design: factors are coded as R codes them, so that results compare.

A factor stands as differences from its first level where the term without it is in the model too, and with all its
levels where it is not (Chambers and Hastie 1992, Statistical Models in S, chapter 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.formula import Formula, Term
from unstuck.lab.analysis.table import Codes, Factor

MOST_LEVELS = 200
Values = Mapping[str, Floats | Codes]
"""A number for each row, or the code of a level."""


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one term: each is a part that depends on the visit alone times a part of the other variables."""

    names: tuple[str, ...]  # of the columns, visit fastest
    visit: Floats  # (T, v)
    others: tuple[str, ...]  # of the other parts
    other: Floats  # (rows, o)


@dataclass(frozen=True, slots=True)
class Design:
    """A formula with the levels of its factors (None: a number). `visit` names the factor of the visits."""

    formula: Formula
    levels: Mapping[str, tuple[str, ...] | None]
    visit: str

    def blocks(self, values: Values, rows: int) -> list[Block]:
        """The blocks of all terms for so many rows; `values` holds every variable but the visit."""
        terms: list[Term] = [(), *self.formula.terms] if self.formula.intercept else list(self.formula.terms)
        return [self._block(term, values, rows) for term in terms]

    def _block(self, term: Term, values: Values, rows: int) -> Block:
        visits = self.levels[self.visit] or ()
        part: Floats = np.ones((len(visits), 1))
        other: Floats = np.ones((rows, 1))
        words, others = [""], [""]
        for name in term:
            levels, whole = self.levels[name], self._whole(term, name)
            if name == self.visit:
                part, words = _coded(np.arange(len(visits)), visits, name, whole)
            elif levels is None:
                other = other * np.asarray(values[name], dtype=np.float64)[:, None]
                others = [_join(each, name) for each in others]
            else:
                mine, said = _coded(np.asarray(values[name], dtype=np.int64), levels, name, whole)
                other = (other[:, :, None] * mine[:, None, :]).reshape(rows, other.shape[1] * mine.shape[1])
                others = [_join(a, b) for a in others for b in said]
        names = [_join(a, b) or "(Intercept)" for a in others for b in words]
        return Block(tuple(names), part, tuple(others), other)

    def _whole(self, term: Term, name: str) -> bool:
        """Whether a factor stands with all its levels: the term without it is not in the model."""
        rest = frozenset(term) - {name}
        if not rest:
            return not self.formula.intercept and self._first_factor() == name
        return rest not in {frozenset(each) for each in self.formula.terms}

    def _first_factor(self) -> str | None:
        alone = (term[0] for term in self.formula.terms if len(term) == 1)
        return next((name for name in alone if self.levels[name] is not None), None)

    def names(self) -> tuple[str, ...]:
        """The names of the coefficients."""
        nobody: dict[str, Floats | Codes] = {
            name: np.zeros(0) if levels is None else np.zeros(0, dtype=np.int64) for name, levels in self.levels.items()
        }
        return tuple(name for block in self.blocks(nobody, 0) for name in block.names)

    def matrix(self, values: Values, visits: Codes) -> Floats:
        """The design of these rows, shape (rows, p)."""
        blocks = self.blocks(values, len(visits))
        products = (block.other[:, :, None] * block.visit[visits][:, None, :] for block in blocks)
        return np.concatenate([each.reshape(len(visits), -1) for each in products], axis=1)


def _join(left: str, right: str) -> str:
    return f"{left}:{right}" if left and right else left or right


def _coded(codes: Codes, levels: tuple[str, ...], name: str, whole: bool) -> tuple[Floats, list[str]]:
    first = 0 if whole else 1
    wanted = np.arange(first, len(levels))
    return (codes[:, None] == wanted).astype(np.float64), [f"{name}[{levels[k]}]" for k in wanted]


def design_of(formula: Formula, variables: Mapping[str, Floats | Factor], visit: str) -> Design:
    """The design of a formula over these variables. Raises Complaint for a factor that has one level only."""
    levels = {name: each.levels if isinstance(each, Factor) else None for name, each in variables.items()}
    for name, found in levels.items():
        if found is not None and len(found) > MOST_LEVELS and name != visit:
            mend = "Is it a name of patients? Leave it out."
            raise Complaint(f"{name!r} has {len(found)} different values.", f"column {name!r}", mend)
        if found is not None and len(found) == 1 and name == visit:
            mend = "Leave the visit out of the formula: with one visit it is analysis of covariance, 'y ~ base + arm'."
            raise Complaint(f"There is one visit only, {found[0]!r}.", f"column {name!r}", mend)
        if found is not None and len(found) < 2:
            only = f"only {found[0]!r}" if found else "nothing"
            what = f"Every row that counts has {only} in {name!r}: there is nothing to compare."
            raise Complaint(what, f"column {name!r}", "Look at the column, or leave it out of the formula.")
    return Design(formula, levels, visit)
