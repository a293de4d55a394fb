"""Leaving a study at a measurement: at random given what was seen (MAR), or by how somebody truly is (MNAR).

    P(leaves) = 1 / (1 + exp(-(a + b (x - c) / 10)))

x is the score just seen, or the true severity that is then missing; c the average score at baseline, a the log odds of
leaving at it, b the log odds ratio of ten points. Rubin, Biometrika 1976;63:581, names the mechanisms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Leaver:
    """The rule. `seen` says that it looks at the score just measured, and not at the one that is then missing."""

    instrument: str
    seen: bool
    share: float  # that leaves at the average score
    per_10: float
    centre: float


def leaving_chance(rule: Leaver, level: float) -> float:
    """The chance that somebody at that level leaves at this measurement."""
    return 1 / (1 + math.exp(-(_at_average(rule) + rule.per_10 * (level - rule.centre) / 10)))


def leaving_chances(rule: Leaver, level: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for many."""
    return 1 / (1 + np.exp(-(_at_average(rule) + rule.per_10 * (level - rule.centre) / 10)))


def _at_average(rule: Leaver) -> float:
    return math.log(rule.share / (1 - rule.share))
