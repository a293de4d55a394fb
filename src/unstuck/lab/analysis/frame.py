"""From a long table (a row a visit) to patients: outcomes by visit, and covariates as the sums want them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.design import Design, Values, design_of
from unstuck.lab.analysis.formula import Formula
from unstuck.lab.analysis.table import (
    Codes,
    Columns,
    Factor,
    as_factor,
    as_names,
    as_numbers,
    as_variable,
    near_twins,
    unknown_words,
)

FAR = 10.0
"""Widths of the middle half of all values, beyond which one is asked about."""
LARGEST = 1e100  # its square and a million of them are still numbers


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The rows that count: outcome known, and every covariate of the formula as well."""

    design: Design
    outcome: Floats  # (N,)
    patient: Codes  # (N,), 0 to patients - 1
    visit: Codes  # (N,)
    values: Values
    patients: int
    notes: tuple[str, ...]
    changing: Mapping[str, str]  # factors that differ within a patient, each with a sentence that names one

    @property
    def visits(self) -> tuple[str, ...]:
        """The visits in their order."""
        return self.design.levels[self.design.visit] or ()

    def wide(self, column: Floats) -> Floats:
        """A column as (patients, visits), NaN where there is no row."""
        found = np.full((self.patients, len(self.visits)), np.nan)
        found[self.patient, self.visit] = column
        return found


def frame(table: Columns, formula: Formula, subject: str, visit: str) -> Frame:
    """The rows of a table that count for a formula. Raises Complaint for what makes the analysis meaningless."""
    who, when = as_names(table, subject), as_factor(table, visit)
    outcome = as_numbers(table, formula.outcome)
    others = {name: as_variable(table, name) for name in formula.names if name != visit}
    _check_rows(formula, who, when, {formula.outcome: outcome, **others}, (subject, visit))
    keep, notes = _kept(formula.outcome, outcome, others, who)
    when, dropped = _visits_with_rows(when, keep, visit)
    for name, found in others.items():
        if isinstance(found, Factor):
            _check_levels(name, found, keep)
    variables = {**others, visit: when}
    design = design_of(formula, variables, visit) if visit in formula.names else _with_visit(formula, variables, visit)
    values: Values = {name: _cells(found)[keep] for name, found in others.items()}
    patient = np.unique(who.codes[keep], return_inverse=True)[1]
    within = {name: said for name, found in others.items() if (said := _within(name, found, who, keep))}
    far = [_far(name, found, keep) for name, found in {formula.outcome: outcome, **others}.items()]
    changed = [f"{said}: rows are used as written." for said in within.values()]
    written = [*_twins(who), *(said for name in others if (said := _unknown(table, name, others[name])))]
    told = tuple([*notes, *written, *dropped, *changed, *(each for each in far if each)])
    changing = {name: said for name, said in within.items() if isinstance(others[name], Factor)}
    return Frame(design, outcome[keep], patient, when.codes[keep], values, int(patient.max()) + 1, told, changing)


def _within(name: str, found: Floats | Factor, who: Factor, keep: Codes) -> str | None:
    """A sentence where a covariate is not the same in all rows of a patient: an arm then was written wrongly, or a
    number really changed."""
    cells, people = _cells(found)[keep], who.codes[keep]
    order = np.argsort(people, kind="stable")
    rows = order[1:][(people[order][1:] == people[order][:-1]) & (cells[order][1:] != cells[order][:-1])]
    if not len(rows):
        return None
    first, count = who.levels[people[rows.min()]], len(np.unique(people[rows]))
    others = f" and of {count - 1} more" if count > 1 else ""
    return f"{name} is not the same in all rows of patient {first!r}{others}"


def _twins(who: Factor) -> list[str]:
    """A sentence where patients are told apart by zeros or capitals only, as a spreadsheet may have changed them."""
    pairs = near_twins(who)
    if not pairs:
        return []
    more = f", and {len(pairs) - 1} more such pairs" if len(pairs) > 1 else ""
    one, other = pairs[0]
    return [f"{one!r} and {other!r} count as two patients{more}: is one of them written wrongly?"]


def _unknown(table: Columns, name: str, found: Floats | Factor) -> str | None:
    """A sentence where a word of a factor counts as unknown: an arm that is called so would be lost."""
    words = unknown_words(table, name) if isinstance(found, Factor) else ()
    if not words:
        return None
    return f"{name} {' and '.join(map(repr, words))} counts as unknown; give it another word if it is a level."


def _far(name: str, found: Floats | Factor, keep: Codes) -> str | None:
    """A sentence where a number lies so far from all others that it may be a code for a missing value."""
    if isinstance(found, Factor) or not len(keep):
        return None
    low, middle, high = np.percentile(found[keep], (25, 50, 75))
    away = np.abs(found[keep] - middle) > FAR * (high - low)
    if high == low or not away.any():
        return None
    value, row = found[keep][away][0], int(keep[away][0]) + 1
    more = f", and {int(away.sum()) - 1} more" if away.sum() > 1 else ""
    what = f"{name} {value:g} in row {row} below the header lies far from the others (their middle is {middle:g}){more}"
    return f"{what}: is it a mistake, or a code for a missing value?"


def _with_visit(formula: Formula, variables: Mapping[str, Floats | Factor], visit: str) -> Design:
    """A design whose formula does not name the visit: it still says how many there are."""
    when = variables[visit]
    named = design_of(formula, {name: each for name, each in variables.items() if name != visit}, visit)
    return Design(formula, {**named.levels, visit: when.levels if isinstance(when, Factor) else ()}, visit)


def _cells(found: Floats | Factor) -> Floats | Codes:
    return found.codes if isinstance(found, Factor) else found


def _known(found: Floats | Factor) -> NDArray[np.bool_]:
    return np.asarray(found.codes >= 0 if isinstance(found, Factor) else ~np.isnan(found))


def _check_rows(
    formula: Formula, who: Factor, when: Factor, columns: Mapping[str, Floats | Factor], names: tuple[str, str]
) -> None:
    """Refuses unlike columns, rows without patient or visit, infinite numbers, two rows for one patient and visit."""
    for name, cells in {names[0]: who, names[1]: when, **columns}.items():
        if len(_known(cells)) != len(who.codes):
            raise Complaint(
                f"It has {len(_known(cells))} rows and {names[0]!r} has {len(who.codes)}.", f"column {name!r}"
            )
    for found, name in zip((who, when), names, strict=True):
        if (found.codes < 0).any():
            row = int(np.flatnonzero(found.codes < 0)[0]) + 1
            raise Complaint("A row does not say whose or when it is.", f"column {name!r}, row {row} below the header")
    for name, cells in columns.items():
        if not isinstance(cells, Factor) and np.isinf(cells).any():
            raise Complaint("A number is not finite.", f"column {name!r}", "Leave the cell empty where it is unknown.")
        if not isinstance(cells, Factor) and (np.abs(cells) > LARGEST).any():
            raise Complaint(f"A number lies beyond {LARGEST:g}.", f"column {name!r}", "Write it in larger units.")
    if formula.outcome in names:
        raise Complaint(f"{formula.outcome!r} cannot be outcome and patient or visit at once.", "formula")
    key = who.codes * len(when.levels) + when.codes
    seen, first, count = np.unique(key, return_index=True, return_counts=True)
    if len(seen) < len(key):
        row = int(first[np.argmax(count > 1)])
        what = f"Patient {who.levels[who.codes[row]]!r} has two rows for visit {when.levels[when.codes[row]]!r}."
        raise Complaint(what, "table", "Keep one row for each patient and visit.")


def _kept(outcome: str, y: Floats, others: Mapping[str, Floats | Factor], who: Factor) -> tuple[Codes, list[str]]:
    """The rows that count, and what is said about the others."""
    seen = ~np.isnan(y)
    notes = [f"{int((~seen).sum())} rows have no {outcome} and do not count."] if not seen.all() else []
    for name, found in others.items():
        lost = seen & ~_known(found)
        if lost.any():
            people = len(np.unique(who.codes[lost]))
            notes.append(f"{int(lost.sum())} rows of {people} patients have no {name} and are left out.")
        seen &= _known(found)
    if not seen.any():
        raise Complaint("No row has all that is needed.", "table", "Look at the outcome and the covariates.")
    never = len(who.levels) - len(np.unique(who.codes[seen]))
    if never:
        notes.append(f"{never} of {len(who.levels)} patients have no row that counts: they are not in the analysis.")
    return np.flatnonzero(seen), notes


def _visits_with_rows(when: Factor, keep: Codes, name: str) -> tuple[Factor, list[str]]:
    """The visits at which somebody was seen; others, such as a baseline without change, are left out and named."""
    present = np.unique(when.codes[keep])
    gone = [level for k, level in enumerate(when.levels) if k not in set(present.tolist())]
    if not gone:
        return when, []
    place = np.full(len(when.levels) + 1, -1)
    place[present] = np.arange(len(present))
    left = Factor(place[when.codes], tuple(when.levels[k] for k in present))
    return left, [f"Nobody has an outcome at {name} {', '.join(gone)}: it is left out."]


def _check_levels(name: str, found: Factor, keep: Codes) -> None:
    empty = set(range(len(found.levels))) - set(np.unique(found.codes[keep]).tolist())
    if empty:
        level = found.levels[min(empty)]
        what = f"Nobody with {name} {level!r} has an outcome that counts."
        raise Complaint(what, f"column {name!r}", "Take those rows out of the table if that is meant.")


def covariates(data: Frame) -> tuple[Floats, Floats]:
    """x (patients, q) and G (T * q, p), so that the design row of a patient at visit t is x' G[t]. A covariate that
    changes from visit to visit has a column of x for each of them."""
    blocks = data.design.blocks(data.values, len(data.outcome))
    columns = {
        w: _columns_of(data, cells) for block in blocks for w, cells in zip(block.others, block.other.T, strict=True)
    }
    widths = [len(each) for each in columns.values()]
    first = dict(zip(columns, np.cumsum([0, *widths[:-1]]).tolist(), strict=True))
    g = np.zeros((len(data.visits), sum(widths), sum(len(block.names) for block in blocks)))
    at = 0
    for block in blocks:
        for word in block.others:
            for t, row in enumerate(block.visit):
                g[t, first[word] + (t if len(columns[word]) > 1 else 0), at : at + len(row)] = row
            at += block.visit.shape[1]
    return np.stack([x for each in columns.values() for x in each], axis=1), g.reshape(-1, at)


def _columns_of(data: Frame, cells: Floats) -> list[Floats]:
    """One column where the covariate stays the same in every patient, else one for each visit (0 where unseen)."""
    low, high = np.full(data.patients, np.inf), np.full(data.patients, -np.inf)
    np.minimum.at(low, data.patient, cells)
    np.maximum.at(high, data.patient, cells)
    if np.array_equal(low, high):
        return [low]
    return list(np.nan_to_num(data.wide(cells)).T)
