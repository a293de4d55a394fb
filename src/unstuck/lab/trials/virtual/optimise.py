"""The smallest size that reaches a wanted share of successes, with the chance of a wrong answer held below a bound.

Sizes are halved in. At each one trials are simulated until an exact interval lies wholly above or below the target, or
a largest number is spent; then the size counts as undecided and the answer says so. The interval is looked at after
each round, and the error is shared over sizes and rounds (d / (k (k + 1)) for the k-th), so that looking often does not
raise it (Robbins, Ann Math Stat 1970;41:1397, gives the idea). Success is taken to grow with size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from scipy.special import betaincinv

from unstuck.core.errors import Complaint
from unstuck.lab.trials.virtual.job import STRIDE

ROUND = 50  # trials simulated between two looks at the interval
Successes = Callable[[int, int, int], int]  # size, first replicate, how many -> successes among them


class Side(StrEnum):
    """Where a size lies against the target."""

    ABOVE = "above"
    BELOW = "below"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Tried:
    """What was found at one size."""

    size: int
    side: Side
    met: int
    of: int


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: a share of successes, between these sizes in steps, with this much error and work."""

    target: float
    low: int
    high: int
    step: int = 4
    error: float = 0.05
    most: int = 2000  # trials at one size

    def __post_init__(self) -> None:
        if not 0 < self.target < 1 or not 0 < self.error < 0.5:
            raise Complaint("Target and error must lie between 0 and 1, and the error below a half.")
        if not 0 < self.low < self.high <= STRIDE or self.step < 1 or self.most < ROUND:
            raise Complaint(f"Sizes must rise from above 0 to at most {STRIDE}, with at least {ROUND} trials at each.")


@dataclass(frozen=True, slots=True)
class Found:
    """The smallest size shown to reach the target (None where none was), and everything that was tried."""

    size: int | None
    tried: tuple[Tried, ...]

    @property
    def undecided(self) -> tuple[int, ...]:
        """Sizes at which the work was spent without an answer; the true smallest may be among them."""
        return tuple(t.size for t in self.tried if t.side is Side.UNDECIDED)


def smallest(succeeds: Successes, search: Search) -> Found:
    """Halves in on the smallest size. Undecided sizes count as not shown to reach the target."""
    sizes = list(range(search.low, search.high + 1, search.step))
    share = search.error / (math.ceil(math.log2(max(len(sizes), 2))) + 1)
    tried = [_try(succeeds, sizes[-1], search, share)]
    if tried[0].side is not Side.ABOVE:
        return Found(None, tuple(tried))
    below, above = -1, len(sizes) - 1
    while above - below > 1:
        middle = (below + above) // 2
        tried.append(_try(succeeds, sizes[middle], search, share))
        below, above = (below, middle) if tried[-1].side is Side.ABOVE else (middle, above)
    return Found(sizes[above], tuple(tried))


def _try(succeeds: Successes, size: int, search: Search, error: float) -> Tried:
    met = of = 0
    for look in range(1, search.most // ROUND + 1):
        met, of = met + succeeds(size, of, ROUND), of + ROUND
        side = _side(met, of, search.target, error / (look * (look + 1)))
        if side is not Side.UNDECIDED:
            return Tried(size, side, met, of)
    return Tried(size, Side.UNDECIDED, met, of)


def _side(met: int, of: int, target: float, error: float) -> Side:
    low, high = bounds(met, of, error)
    return Side.ABOVE if low > target else Side.BELOW if high < target else Side.UNDECIDED


def bounds(met: int, of: int, error: float) -> tuple[float, float]:
    """The exact interval (Clopper and Pearson) of a share at that error, both ends together."""
    low = float(betaincinv(met, of - met + 1, error / 2)) if met else 0.0
    high = float(betaincinv(met + 1, of - met, 1 - error / 2)) if met < of else 1.0
    return low, high
