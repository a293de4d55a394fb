"""Where groups of a given size fall by chance alone, so that a small group is not taken for a good or a bad one."""

from __future__ import annotations

from dataclasses import dataclass

from unstuck.core.arithmetic import binomial_tail


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts between which a group of `size` falls in `level` of cases if its true share is the benchmark."""

    size: int
    low: int
    high: int


def limits(share: float, size: int, level: float) -> Limits:
    """Exact binomial limits around a benchmark (Spiegelhalter, Stat Med 2005;24:1185, without his interpolation).

    At most (1 - level)/2 of groups lie below `low`, and at most as many above `high`. Raises ValueError for a share
    outside 0 to 1 or a group of nobody.
    """
    if not 0 <= share <= 1 or size < 1:
        raise ValueError(f"no limits for a share of {share} among {size}")
    tail = (1 - level) / 2
    low = next(k for k in range(size + 1) if binomial_tail(k, size, share) > tail)
    high = next(k for k in range(size, -1, -1) if 1 - binomial_tail(k - 1, size, share) > tail)
    return Limits(size, low, high)
