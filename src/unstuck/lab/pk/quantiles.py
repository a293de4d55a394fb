"""Quantiles and means of a stream of values in fixed memory, the same whatever the order of the stream.

Values are counted in bins whose edges grow by 1 %, so that a quantile is known to half a per cent; sums are kept as
whole numbers, so that adding them in another order gives the same. (Masson and others, DDSketch, 2019,
doi 10.14778/3352063.3352135, with fixed bins.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.pk.people import Floats

_LOWEST, _HIGHEST, _GROWTH = 1e-6, 1e9, 0.01
_BINS = math.ceil(math.log(_HIGHEST / _LOWEST) / _GROWTH) + 2
_FIXED = float(1 << 20)
RELATIVE_ERROR = _GROWTH / 2


@dataclass(slots=True)
class Sketch:
    """What is known of `rows` streams of values at or above 0. Values below 1e-6 count as 0."""

    counts: NDArray[np.int64]
    sums: NDArray[np.int64]
    number: int = 0

    @classmethod
    def empty(cls, rows: int) -> Sketch:
        return cls(np.zeros((rows, _BINS), dtype=np.int64), np.zeros(rows, dtype=np.int64))

    def add(self, values: Floats) -> None:
        """One more block, shape (rows, n). Raises ValueError where a value is below 0 or no number."""
        if not (values >= -1e-9).all():
            raise ValueError("a concentration is negative or no number")
        with np.errstate(divide="ignore"):
            bins = np.clip(np.ceil(np.log(values.clip(min=0.0) / _LOWEST) / _GROWTH), 0, _BINS - 1).astype(np.int64)
        rows = len(values)
        places = (bins + np.arange(rows)[:, None] * _BINS).ravel()
        self.counts += np.bincount(places, minlength=rows * _BINS).reshape(rows, _BINS)
        self.sums += np.rint(values * _FIXED).astype(np.int64).sum(axis=1)
        self.number += values.shape[1]

    def merge(self, other: Sketch) -> None:
        """Everything that the other knows, too."""
        self.counts += other.counts
        self.sums += other.sums
        self.number += other.number

    def mean(self) -> Floats:
        """Mean of each row, shape (rows,)."""
        return np.asarray(self.sums / _FIXED / max(1, self.number), dtype=np.float64)

    def quantile(self, share: float) -> Floats:
        """The value below which that share of each row lies, to half a per cent; shape (rows,)."""
        total, rank = np.cumsum(self.counts, axis=1), share * self.number
        place = (total >= rank).argmax(axis=1)
        row = np.arange(len(place))
        own = self.counts[row, place]
        within = (rank - (total[row, place] - own)) / np.maximum(1, own)  # as if a bin's values lay evenly in it
        value = _LOWEST * np.exp((place - 1 + within) * _GROWTH)
        return np.asarray(np.where(place == 0, 0.0, value), dtype=np.float64)
