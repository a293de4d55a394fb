"""Small statistics on published figures, in the standard library, so that a figure can be recomputed where it is shown.

Signs: a difference is treated minus control. Intervals are 95 % unless a level is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()
Z95 = NORMAL.inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Group:
    """Mean, standard deviation (n - 1 in the denominator) and size of one group."""

    mean: float
    sd: float
    n: int


def pooled_sd(one: Group, two: Group) -> float:
    """Standard deviation within the two groups, weighted by degrees of freedom."""
    weight = (one.n - 1) * one.sd**2 + (two.n - 1) * two.sd**2
    return math.sqrt(weight / (one.n + two.n - 2))


def cohen_d(one: Group, two: Group) -> float:
    """(mean of one - mean of two) over the pooled SD."""
    return (one.mean - two.mean) / pooled_sd(one, two)


def small_sample(total: int) -> float:
    """Hedges' factor 1 - 3/(4N - 9) for two groups of N people together (J Educ Stat 1981;6:107, approximation)."""
    return 1 - 3 / (4 * total - 9)


def hedges_g(one: Group, two: Group) -> tuple[float, float]:
    """g and its SE = sqrt((n1+n2)/(n1 n2) + d^2/(2 N)), with d before the small-sample factor, as Metapsy prints it."""
    d, total = cohen_d(one, two), one.n + two.n
    return d * small_sample(total), math.sqrt(total / (one.n * two.n) + d * d / (2 * total))


def difference(one: Group, two: Group) -> tuple[float, float]:
    """Difference of means and its SE, variances not taken to be equal (Welch)."""
    return one.mean - two.mean, math.sqrt(one.sd**2 / one.n + two.sd**2 / two.n)


def risk_ratio(a: int, n1: int, b: int, n2: int) -> tuple[float, float]:
    """(a/n1) / (b/n2) and the SE of its logarithm. Raises ValueError where a count is 0: no logarithm exists."""
    _whole_cells(a, n1, b, n2)
    if not a or not b:
        raise ValueError("an empty cell has no risk ratio")
    return (a / n1) / (b / n2), math.sqrt(1 / a - 1 / n1 + 1 / b - 1 / n2)


def odds_ratio(a: int, n1: int, b: int, n2: int) -> tuple[float, float]:
    """Odds of a of n1 over those of b of n2, and the SE of the logarithm (Woolf). ValueError if a cell is empty."""
    _whole_cells(a, n1, b, n2)
    cells = (a, n1 - a, b, n2 - b)
    if 0 in cells:
        raise ValueError("an empty cell has no odds ratio")
    return (a * (n2 - b)) / ((n1 - a) * b), math.sqrt(sum(1 / cell for cell in cells))


def chi_square(a: int, n1: int, b: int, n2: int) -> tuple[float, float]:
    """Pearson's chi-square of a 2 x 2 table without correction, and its p (one degree of freedom)."""
    _whole_cells(a, n1, b, n2)
    total, met = n1 + n2, a + b
    if met in (0, total):
        return 0.0, 1.0
    value = total * (a * (n2 - b) - b * (n1 - a)) ** 2 / (n1 * n2 * met * (total - met))
    return value, math.erfc(math.sqrt(value / 2))


def fisher(a: int, n1: int, b: int, n2: int) -> float:
    """Two-sided p of Fisher's exact test: all tables with these margins that are no likelier than this one."""
    _whole_cells(a, n1, b, n2)
    met = a + b
    weights = [math.comb(n1, k) * math.comb(n2, met - k) for k in range(max(0, met - n2), min(n1, met) + 1)]
    here = math.comb(n1, a) * math.comb(n2, b)
    return sum(w for w in weights if w <= here) / sum(weights)


def _whole_cells(a: int, n1: int, b: int, n2: int) -> None:
    if not (0 <= a <= n1 and 0 <= b <= n2 and n1 > 0 and n2 > 0):
        raise ValueError(f"{a} of {n1} and {b} of {n2} are no 2 x 2 table")


def se_of_interval(low: float, high: float, level: float = 0.95) -> float:
    """The SE that a symmetric normal interval implies."""
    return (high - low) / (2 * NORMAL.inv_cdf((1 + level) / 2))


def se_of_ratio(low: float, high: float, level: float = 0.95) -> float:
    """The SE of the logarithm that the interval of a ratio implies. Raises ValueError where a bound is not positive."""
    if low <= 0 or high <= 0:
        raise ValueError("a ratio is positive")
    return se_of_interval(math.log(low), math.log(high), level)


def p_of_z(z: float) -> float:
    """Two-sided p of a standard normal value."""
    return math.erfc(abs(z) / math.sqrt(2))


def p_of_t(t: float, df: float) -> float:
    """Two-sided p of Student's t with df degrees of freedom."""
    return _incomplete_beta(df / (df + t * t), df / 2, 0.5)


def two_sample_t(one: Group, two: Group) -> tuple[float, float, float]:
    """t, degrees of freedom and two-sided p with a pooled variance."""
    df = one.n + two.n - 2
    t = (one.mean - two.mean) / (pooled_sd(one, two) * math.sqrt(1 / one.n + 1 / two.n))
    return t, df, p_of_t(t, df)


def t_quantile(df: float, level: float = 0.95) -> float:
    """The two-sided critical value of Student's t, by bisection."""
    low, high = 0.0, 1.0
    while p_of_t(high, df) > 1 - level:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if p_of_t(middle, df) > 1 - level else (low, middle)
    return (low + high) / 2


def fixed_effect(effects: list[tuple[float, float]]) -> tuple[float, float]:
    """Inverse-variance mean of (estimate, SE) pairs and its SE."""
    weights = [1 / se**2 for _, se in effects]
    total = math.fsum(weights)
    return math.fsum(w * y for w, (y, _) in zip(weights, effects, strict=True)) / total, 1 / math.sqrt(total)


def widest_sd(mean: float, n: int, lowest: float, highest: float) -> float:
    """The largest SD that n scores between these bounds can have with this mean (all of them at the bounds)."""
    return math.sqrt(max(0.0, (mean - lowest) * (highest - mean)) * n / (n - 1)) if n > 1 else 0.0


def can_be_mean(mean: float, n: int, decimals: int) -> bool:
    """Whether n whole numbers can have a mean that prints so: GRIM (doi 10.1177/1948550616673876)."""
    unit = 10.0**-decimals
    nearest = round(mean * n)
    return any(abs((nearest + step) / n - mean) <= unit / 2 + 1e-9 for step in (-1, 0, 1))


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function by its continued fraction (Abramowitz and Stegun 26.5.8)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    return front * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, evaluated from the front (Lentz)."""
    tiny = 1e-300
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1), tiny)
    value = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away(1 + term * d, tiny)
            c = _away(1 + term / c, tiny)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _away(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny


def binomial_tail(met: int, total: int, share: float) -> float:
    """P(X <= met) of a binomial count; 0 below nobody."""
    if met < 0:
        return 0.0
    terms = (math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(min(met, total) + 1))
    return min(1.0, math.fsum(terms))
