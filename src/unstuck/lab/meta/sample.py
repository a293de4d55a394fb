"""The effects that go into a meta-analysis: one row an effect, checked before anything is computed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unstuck.core.errors import Complaint

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """k effects `y` with sampling variances `v`. Rows of one study share a name in `studies` and are dependent.

    `scale` says in which unit all of `y` stand ("SMD", "PCL-5 points", "log RR"); one meta-analysis has one scale.
    """

    y: Floats
    v: Floats
    labels: tuple[str, ...]
    studies: tuple[str, ...]
    scale: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.y) == len(self.v) == len(self.labels) == len(self.studies):
            raise Complaint(f"{len(self.y)} effects do not go with {len(self.v)} variances.", mend="Give one a row.")
        if not len(self.y):
            raise Complaint("There is no effect to work on.", mend="Give at least one row with an effect and its SE.")
        for row, label in enumerate(self.labels):
            _check_row(float(self.y[row]), float(self.v[row]), label)

    @property
    def k(self) -> int:
        """How many effects there are."""
        return len(self.y)

    @property
    def dependent(self) -> tuple[str, ...]:
        """Studies that give more than one row."""
        return tuple(name for name, rows in Counter(self.studies).items() if rows > 1)

    def only(self, keep: Sequence[int] | NDArray[np.intp]) -> Effects:
        """The same, with the rows named by their place."""
        rows = [int(row) for row in keep]
        labels, studies = ([of[row] for row in rows] for of in (self.labels, self.studies))
        return Effects(self.y[rows], self.v[rows], tuple(labels), tuple(studies), self.scale, self.notes)


def _check_row(y: float, v: float, label: str) -> None:
    if not (np.isfinite(y) and np.isfinite(v)):
        raise Complaint(
            f"effect {y:g} with variance {v:g} is no finite number.", label, "Leave the row out or mend it."
        )
    if v < 0:
        raise Complaint(f"the variance {v:g} is negative.", label, "A variance is the square of a standard error.")
    if v == 0:
        mend = "Give its standard error; a study of zero variance would outweigh all others."
        raise Complaint("the variance is zero.", label, mend)


def effects(
    y: ArrayLike,
    v: ArrayLike,
    labels: Sequence[str] | None = None,
    studies: Sequence[str] | None = None,
    scale: str | Sequence[str] = "",
    keep_twins: bool = False,
) -> Effects:
    """Checked effects from variances. Without `studies` every row is a study by itself.

    Raises Complaint for a variance that is not positive, for rows of unlike scale, and for one study under two names.
    """
    ys, vs = numbers(y, "effect"), numbers(v, "variance")
    names = tuple(labels) if labels is not None else tuple(f"row {n}" for n in range(1, len(ys) + 1))
    # Without `studies` a label may repeat: it then only labels, and each row counts as a study by itself.
    apart = tuple(studies) if studies is not None else tuple(f"{name}#{n}" for n, name in enumerate(names))
    found = Effects(ys, vs, names, apart, one_scale(scale))
    if not keep_twins:
        _refuse_twins(found, tuple(studies) if studies is not None else names)
    return found


def numbers(values: ArrayLike, what: str) -> Floats:
    """A vector of numbers. Raises Complaint when there is text among them."""
    try:
        return np.atleast_1d(np.asarray(values, dtype=np.float64)).copy()
    except (TypeError, ValueError) as wrong:
        raise Complaint(f"An {what} is no number ({wrong}).", mend="Give numbers only.") from wrong


def one_scale(scale: str | Sequence[str]) -> str:
    """The single scale of all rows. Raises Complaint when there are several: points and SDs do not add up."""
    found = sorted({scale} if isinstance(scale, str) else set(scale))
    if len(found) > 1:
        mend = "Pool each scale by itself, or turn all into standardised mean differences first."
        raise Complaint(f"The rows mix scales: {', '.join(found)}.", mend=mend)
    return found[0] if found else ""


def _refuse_twins(found: Effects, names: tuple[str, ...]) -> None:
    """One study must not count twice: not as two spellings of a name, and not as two rows of the same figures."""
    mend = "Keep one row, or give both rows one study name; if they are two studies, say so (keep twins)."
    spelled: dict[str, str] = {}
    figures: dict[tuple[float, float], int] = {}
    for row, name in enumerate(names):
        plain = re.sub(r"[\W_]+", "", name).casefold()
        other = spelled.setdefault(plain, name) if plain else name
        if other != name:
            raise Complaint(f"{other!r} and {name!r} look like one study under two names.", mend=mend)
        first = figures.setdefault((float(found.y[row]), float(found.v[row])), row)
        if names[first] != name:
            said = f"{names[first]!r} and {name!r} have the same effect and the same variance to the last digit"
            raise Complaint(f"{said}: one study under two names?", mend=mend)
