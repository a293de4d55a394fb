"""Effect sizes from what papers print: means and SDs, counts, changes, pairs and crossovers.

Each function takes numbers or arrays of one length and returns `Sizes`: effects y, variances v and their scale.
Contrasts are first arm minus second. Formulas: Borenstein and others 2009 (doi 10.1002/9780470743386), chapters 4, 5;
crossover: Elbourne and others 2002 (doi 10.1093/ije/31.1.140).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from unstuck.core.errors import Complaint
from unstuck.lab.meta.sample import Effects, Floats, effects, numbers, one_scale


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """Effects y (k,) with variances v (k,), all on one scale, and what had to be done for them."""

    y: Floats
    v: Floats
    scale: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm with a continuous outcome: people n, mean and standard deviation. Numbers, or arrays over studies."""

    n: ArrayLike
    mean: ArrayLike
    sd: ArrayLike


@dataclass(frozen=True, slots=True)
class Counts:
    """One arm with a yes-or-no outcome: events among n people. Numbers, or arrays over studies."""

    events: ArrayLike
    n: ArrayLike


class Correction(StrEnum):
    """Which factor takes the small-sample bias out of d (Hedges 1981, doi 10.3102/10769986006002107)."""

    EXACT = "exact"  # by the gamma function, as metafor
    APPROXIMATE = "approximate"  # 1 - 3 / (4 df - 1), as most papers and Metapsy


class Large(StrEnum):
    """Which effect stands in the large-sample variance of a standardised mean difference."""

    CORRECTED = "g"  # the corrected one, as metafor
    UNCORRECTED = "d"  # d before correction, as Metapsy


def mean_difference(a: Arm, b: Arm, unit: str = "points") -> Sizes:
    """The difference of means, in the unit of the measure; v = sd1^2/n1 + sd2^2/n2."""
    (na, ma, sa), (nb, mb, sb) = _arm(a), _arm(b)
    return Sizes(ma - mb, sa**2 / na + sb**2 / nb, f"mean difference, {unit}")


def standardised_mean_difference(
    a: Arm, b: Arm, correction: Correction = Correction.EXACT, large: Large = Large.CORRECTED
) -> Sizes:
    """Hedges' g: the difference of means over the pooled SD, corrected; v = 1/n1 + 1/n2 + e^2 / (2 N), e by `large`."""
    (na, ma, sa), (nb, mb, sb) = _arm(a), _arm(b)
    df = na + nb - 2
    d = (ma - mb) / np.sqrt(((na - 1) * sa**2 + (nb - 1) * sb**2) / df)
    g = d * hedges_factor(df, correction)
    inside = g if large is Large.CORRECTED else d
    return Sizes(g, 1 / na + 1 / nb + inside**2 / (2 * (na + nb)), "SMD")


def hedges_factor(df: ArrayLike, correction: Correction = Correction.EXACT) -> Floats:
    """What d is multiplied with so that it is unbiased; df are those of the SD."""
    df = np.asarray(df, dtype=np.float64)
    if correction is Correction.APPROXIMATE:
        return np.asarray(1 - 3 / (4 * df - 1))
    return np.asarray(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) * np.sqrt(2 / df))


def change_sd(sd_before: ArrayLike, sd_after: ArrayLike, correlation: ArrayLike) -> Floats:
    """The SD of a change from the SDs before and after and their correlation, which papers seldom print."""
    before, after, r = numbers(sd_before, "SD"), numbers(sd_after, "SD"), _correlation(correlation)
    return np.asarray(np.sqrt(before**2 + after**2 - 2 * r * before * after))


def mean_change(n: ArrayLike, change: ArrayLike, sd_change: ArrayLike, unit: str = "points") -> Sizes:
    """The mean change of one group; v = sd^2/n. It is no drug effect: nobody was compared."""
    people, mean, sd = _arm(Arm(n, change, sd_change))
    return Sizes(mean, sd**2 / people, f"mean change, {unit}", (UNCONTROLLED,))


def standardised_mean_change(n: ArrayLike, change: ArrayLike, sd_change: ArrayLike) -> Sizes:
    """The mean change over the SD of the change, corrected with n - 1; v = 1/n + g^2/(2n). No drug effect either."""
    people, mean, sd = _arm(Arm(n, change, sd_change))
    g = mean / sd * hedges_factor(people - 1)
    return Sizes(g, 1 / people + g**2 / (2 * people), "SMD of change, SD of change", (UNCONTROLLED,))


def standardised_change_raw(n: ArrayLike, change: ArrayLike, sd_before: ArrayLike, correlation: ArrayLike) -> Sizes:
    """The mean change over the SD before, corrected with n - 1; v = 2 (1 - r)/n + g^2/(2n) (Becker 1988)."""
    people, mean, sd = _arm(Arm(n, change, sd_before))
    g = mean / sd * hedges_factor(people - 1)
    v = 2 * (1 - _correlation(correlation)) / people + g**2 / (2 * people)
    return Sizes(g, v, "SMD of change, SD before", (UNCONTROLLED,))


def crossover_mean_difference(pairs: Arm, unit: str = "points") -> Sizes:
    """The mean of the differences within people, from their mean and SD; v = sd^2/n."""
    n, mean, sd = _arm(pairs)
    return Sizes(mean, sd**2 / n, f"mean difference, {unit}")


def crossover_smd(a: Arm, b: Arm, correlation: ArrayLike) -> Sizes:
    """A crossover on the scale of parallel trials, so that both may be pooled.

    The difference over the SD of scores (of the mean variance), corrected with df = 2 (n - 1)/(1 + r^2), which
    that SD carries; v = 2 (1 - r)/n + g^2 (1 + r^2)/(4 n) (Bonett 2008, doi 10.1037/a0012868).
    Each person counts once. The handbook's 2 (1 - r) (1/n + g^2/(2 n)) is too small for large effects.
    """
    (na, ma, sa), (nb, mb, sb) = _arm(a), _arm(b)
    if not np.array_equal(na, nb):
        raise Complaint("The two periods of a crossover have unlike n.", mend="Give the people who completed both.")
    r = _correlation(correlation)
    g = (ma - mb) / np.sqrt((sa**2 + sb**2) / 2) * hedges_factor(2 * (na - 1) / (1 + r**2))
    return Sizes(g, 2 * (1 - r) / na + g**2 * (1 + r**2) / (4 * na), "SMD")


def log_risk_ratio(a: Counts, b: Counts) -> Sizes:
    """The logarithm of the ratio of risks. Where a cell is zero, half is added to all four, with a note."""
    (xa, na), (xb, nb), notes = _counts(a, b)
    return Sizes(np.log(xa / na / (xb / nb)), 1 / xa - 1 / na + 1 / xb - 1 / nb, "log risk ratio", notes)


def log_odds_ratio(a: Counts, b: Counts) -> Sizes:
    """The logarithm of the ratio of odds. Where a cell is zero, half is added to all four, with a note."""
    (xa, na), (xb, nb), notes = _counts(a, b)
    y = np.log(xa / (na - xa) / (xb / (nb - xb)))
    return Sizes(y, 1 / xa + 1 / (na - xa) + 1 / xb + 1 / (nb - xb), "log odds ratio", notes)


def together(sizes: Sequence[Sizes], labels: Sequence[str], studies: Sequence[str] | None = None) -> Effects:
    """Sizes of several kinds of design as the rows of one meta-analysis. Raises Complaint when their scales differ."""
    scale = one_scale([each.scale for each in sizes])
    y, v = (np.concatenate(parts) for parts in ([each.y for each in sizes], [each.v for each in sizes]))
    notes = tuple(dict.fromkeys(note for each in sizes for note in each.notes))
    found = effects(y, v, labels, studies, scale)
    return Effects(found.y, found.v, found.labels, found.studies, scale, notes)


UNCONTROLLED = (
    "A change without a control group holds the natural course, expectation and regression to the mean; "
    "it is no drug effect."
)


def _arm(arm: Arm) -> tuple[Floats, Floats, Floats]:
    n, mean, sd = numbers(arm.n, "n"), numbers(arm.mean, "mean"), numbers(arm.sd, "SD")
    if not len(n) == len(mean) == len(sd):
        raise Complaint("n, mean and SD differ in length.", mend="Give one of each for every study.")
    if np.any(n < 2):
        raise Complaint(f"An arm of {np.min(n):g} has no spread.", mend="An arm needs two people at least.")
    if not np.all(sd > 0):
        raise Complaint(f"An SD is {np.min(sd):g}.", mend="An SD is above zero; was a standard error or a blank meant?")
    return n, mean, sd


def _correlation(correlation: ArrayLike) -> Floats:
    r = numbers(correlation, "correlation")
    if not np.all((r > -1) & (r < 1)):
        raise Complaint("A correlation is not between -1 and 1.", mend="0.5 is a common guess; say that it is one.")
    return r


_Pair = tuple[Floats, Floats]


def _counts(a: Counts, b: Counts) -> tuple[_Pair, _Pair, tuple[str, ...]]:
    """Events and people of both arms, with half added to every cell of studies that have an empty one."""
    xa, na, xb, nb = (numbers(each, "count") for each in (a.events, a.n, b.events, b.n))
    for x, n in ((xa, na), (xb, nb)):
        if not np.all((x >= 0) & (x <= n) & (n > 0)):
            raise Complaint(
                "There are more events than people, or fewer than none.", mend="Give events and n, both >= 0."
            )
    if np.any((xa + xb == 0) | (xa + xb == na + nb)):
        said = "In a study nobody, or everybody, had the event in both arms: it says nothing about a ratio."
        raise Complaint(said, mend="Leave the study out of ratios and count it beside them.")
    empty = (xa == 0) | (xb == 0) | (xa == na) | (xb == nb)
    half = np.where(empty, 0.5, 0.0)
    notes: tuple[str, ...] = ()
    if np.any(empty):
        notes = (f"Half an event was added to every cell of {int(empty.sum())} study with an empty cell.",)
    return (xa + half, na + 2 * half), (xb + half, nb + 2 * half), notes
