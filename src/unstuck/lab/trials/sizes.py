"""How many people a simple comparison of two equal groups needs: yardsticks for what is simulated.

Sizes are totals of both groups and may be broken numbers; round up. Alpha is one-sided.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import nct
from scipy.stats import t as student


def size_known_spread(difference: float, sd: float, alpha: float, power: float) -> float:
    """Normal test with a known standard deviation."""
    return 4 * (float(ndtri(1 - alpha) + ndtri(power)) * sd / difference) ** 2


def power_of_t(size: float, difference: float, sd: float, alpha: float) -> float:
    """Power of Student's test of two groups of size/2 each: the noncentral t distribution."""
    df, shift = size - 2, abs(difference) / sd * math.sqrt(size) / 2
    return float(nct.sf(student.ppf(1 - alpha, df), df, shift))


def size_of_t(difference: float, sd: float, alpha: float, power: float) -> float:
    """The size at which Student's test reaches the power."""
    return float(brentq(lambda size: power_of_t(size, difference, sd, alpha) - power, 4.0, 1e7, xtol=1e-9))


def size_of_shares(one: float, other: float, alpha: float, power: float) -> float:
    """Normal test of two shares: pooled spread under no difference, own spreads under it."""
    mean = (one + other) / 2
    pooled = math.sqrt(2 * mean * (1 - mean))
    own = math.sqrt(one * (1 - one) + other * (1 - other))
    root = float(ndtri(1 - alpha)) * pooled + float(ndtri(power)) * own
    return 2 * (root / (one - other)) ** 2
