"""Group-sequential bounds by recursive integration: how often a test that looks several times crosses its bounds.

The score statistic has independent increments, Z_k sqrt(t_k) = Z_{k-1} sqrt(t_{k-1}) + N(drift dt, dt), so that the
density of what goes on is carried from look to look on a grid with Simpson's weights: Armitage, McPherson and Rowe,
J R Stat Soc A 1969;132:235; Jennison and Turnbull, Group Sequential Methods, 1999, chapter 19. One-sided throughout; a
two-sided test at alpha is this at alpha/2 on either side, whose overlap is negligible. `t` is the share of the final
information; `drift` is the mean of Z at t = 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from unstuck.core.errors import Complaint
from unstuck.core.trial import Spending

Floats = NDArray[np.float64]
FAR = 9.0  # a look that may spend next to nothing has this bound: nobody crosses it by chance
FINE = 32  # the grid has twelve times as many points; bounds hold to 1e-7


@dataclass(frozen=True, slots=True)
class Crossing:
    """What happens at each look: chance to cross the upper bound there for the first time, and the lower one."""

    upper: tuple[float, ...]
    lower: tuple[float, ...]

    @property
    def power(self) -> float:
        """The chance to cross the upper bound at any look."""
        return sum(self.upper)


def spent(spending: Spending, t: float, alpha: float) -> float:
    """Error spent by the share t of information (Lan and DeMets, Biometrika 1983;70:659), one-sided."""
    match spending:
        case Spending.OBRIEN_FLEMING:
            return float(2 * ndtr(-ndtri(1 - alpha / 2) / math.sqrt(t)))
        case Spending.POCOCK:
            return alpha * math.log(1 + (math.e - 1) * t)


def spending_bounds(
    spending: Spending, looks: Sequence[float], alpha: float, held: Sequence[float] | None = None
) -> tuple[float, ...]:  # fmt: skip
    """Upper bounds at these looks that spend alpha so, one-sided, under no effect. Where a trial has grown, `held` are
    the shares of information at which the looks are really held; what was planned to be spent is spent."""
    at = looks if held is None else held
    _check(looks, alpha)
    _check(at, alpha)
    found: list[float] = []
    for k, t in enumerate(looks, 1):
        wanted = spent(spending, t, alpha) - (spent(spending, looks[k - 2], alpha) if k > 1 else 0.0)

        def too_much(bound: float, k: int = k, wanted: float = wanted) -> float:
            return crossing(at[:k], (*found, bound), drift=0.0).upper[-1] - wanted

        found.append(float(brentq(too_much, 0.0, FAR, xtol=1e-11)) if too_much(FAR) < 0 else FAR)
    return tuple(found)


def wang_tsiatis(count: int, alpha: float, delta: float) -> tuple[float, ...]:
    """Bounds c (k/K)^(delta - 1/2) at equal looks; 0 is O'Brien and Fleming, 0.5 Pocock (Biometrics 1987;43:193)."""
    looks = [k / count for k in range(1, count + 1)]
    _check(looks, alpha)

    def shaped(c: float) -> tuple[float, ...]:
        return tuple(c * t ** (delta - 0.5) for t in looks)

    c = brentq(lambda c: crossing(looks, shaped(c), drift=0.0).power - alpha, 1.0, 6.0, xtol=1e-11)
    return shaped(float(c))


def crossing(
    looks: Sequence[float], upper: Sequence[float], drift: float, lower: Sequence[float] | None = None
) -> Crossing:  # fmt: skip
    """How often each bound is crossed first at each look. `lower` are binding stops for futility; none without."""
    below = [-math.inf] * len(looks) if lower is None else list(lower)
    ups, downs = [], []
    grid, density = np.array([0.0]), np.array([1.0])  # the state before the first look: certainty at 0
    before = 0.0
    for t, high, low in zip(looks, upper, below, strict=True):
        step, far = math.sqrt(t - before), math.sqrt(t)
        mean = grid * math.sqrt(before) + drift * (t - before)
        ups.append(float(density @ ndtr((mean - high * far) / step)))
        downs.append(float(density @ ndtr((low * far - mean) / step)))
        fresh, weights = _grid(drift * far, low, high)
        bell = np.exp(-0.5 * ((fresh[:, None] * far - mean[None, :]) / step) ** 2)
        grid, density, before = fresh, weights * (bell @ density) * far / (step * math.sqrt(2 * math.pi)), t
    return Crossing(tuple(ups), tuple(downs))


def _grid(centre: float, low: float, high: float) -> tuple[Floats, Floats]:
    """Points between the bounds, dense around the centre, and Simpson's weights (Jennison and Turnbull, 19.3.1)."""
    if high <= low:
        return np.array([low]), np.zeros(1)
    outer = 3 + 4 * np.log(FINE / np.arange(1, FINE))
    raw = centre + np.concatenate([-outer, np.linspace(-3, 3, 4 * FINE + 1), outer[::-1]])
    knots = np.unique(np.clip(raw, low, high))
    if len(knots) < 2:
        return np.array([low]), np.zeros(1)
    gaps = np.diff(knots)
    points = np.empty(2 * len(knots) - 1)
    points[::2], points[1::2] = knots, knots[:-1] + gaps / 2
    weights = np.zeros(len(points))
    weights[1::2] = 4 * gaps / 6
    weights[:-1:2] += gaps / 6
    weights[2::2] += gaps / 6
    return points, weights


def drift_for(power: float, chance: Callable[[float], float]) -> float:
    """The drift at which `chance(drift)` reaches the power."""
    return float(brentq(lambda drift: chance(drift) - power, 0.0, 12.0, xtol=1e-10))


def inflation(looks: Sequence[float], upper: Sequence[float], alpha: float, power: float) -> float:
    """Largest information of the sequential design over that of one look at the end with the same power."""
    drift = drift_for(power, lambda d: crossing(looks, upper, d).power)
    return (drift / float(ndtri(1 - alpha) + ndtri(power))) ** 2


def expected_information(looks: Sequence[float], upper: Sequence[float], drift: float) -> float:
    """Mean share of the final information at which the trial stops."""
    found = crossing(looks, upper, drift).upper
    early = sum(p * t for p, t in zip(found[:-1], looks[:-1], strict=True))
    return early + (1 - sum(found[:-1])) * looks[-1]


def conditional_power(z: float, t: float, bound: float, drift: float) -> float:
    """Chance to end above the final bound, given Z = z at the share t, if the drift holds from there on."""
    mean = z * math.sqrt(t) + drift * (1 - t)
    return float(ndtr((mean - bound) / math.sqrt(1 - t)))


def _check(looks: Sequence[float], alpha: float) -> None:
    if not 0 < alpha < 0.5 or not looks or list(looks) != sorted(set(looks)) or looks[0] <= 0 or looks[-1] > 1:
        raise Complaint("The looks must rise from above 0 to 1, and alpha lie between 0 and 0.5.", "looks")
