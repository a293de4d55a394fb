"""Shares with their denominators and intervals, and times to an event: how outcomes of many courses are counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from unstuck.core.course import Course
from unstuck.core.outcomes import Loss, evaluate, time_to_loss, who_started
from unstuck.core.protocol import Endpoint


@dataclass(frozen=True, slots=True)
class Share:
    """How many of all who started met an endpoint. `missing` could not be told and stay in the denominator."""

    met: int
    missing: int
    started: int

    @property
    def of_started(self) -> float | None:
        """Met among all who started: missing counts as not met. None for an empty group."""
        return self.met / self.started if self.started else None

    @property
    def of_assessed(self) -> float | None:
        """Met among those with a score; flatters where the worse off drop out."""
        return self.met / (self.started - self.missing) if self.started > self.missing else None

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Exact interval of `of_started` (Clopper and Pearson, Biometrika 1934;26:404); (0, 1) for an empty group."""
        return exact_interval(self.met, self.started, level)

    def bounds(self) -> tuple[float, float] | None:
        """The share if every missing one had not met it, and if every missing one had."""
        if not self.started:
            return None
        return self.met / self.started, (self.met + self.missing) / self.started


def share(endpoint: Endpoint, courses: Iterable[Course]) -> Share:
    """The share of all who started that met the endpoint."""
    results = [evaluate(endpoint, course).met for course in who_started(courses)]
    return Share(results.count(True), results.count(None), len(results))


def losses(endpoint: Endpoint, courses: Iterable[Course]) -> tuple[Loss, ...]:
    """Times to loss of response of those who responded."""
    found = (time_to_loss(endpoint, course) for course in who_started(courses))
    return tuple(loss for loss in found if loss is not None)


def kaplan_meier(times: Sequence[Loss]) -> tuple[tuple[float, float], ...]:
    """(day, share still responding) at each day of a loss (Kaplan and Meier, JASA 1958;53:457)."""
    left, curve = 1.0, []
    for day in sorted({t.days for t in times if t.lost}):
        at_risk = sum(1 for t in times if t.days >= day)
        left *= 1 - sum(1 for t in times if t.lost and t.days == day) / at_risk
        curve.append((day, left))
    return tuple(curve)


def median_days(times: Sequence[Loss]) -> float | None:
    """The first day at which half or fewer still respond; None where more than half still do."""
    return next((day for day, left in kaplan_meier(times) if left <= 0.5 + 1e-12), None)


def exact_interval(met: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a proportion, by bisection on the binomial tail."""
    if not 0 <= met <= total:
        raise ValueError(f"{met} of {total} is no proportion")
    if total == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if met == 0 else _solve(lambda p: 1 - _at_most(met - 1, total, p) - tail)
    high = 1.0 if met == total else _solve(lambda p: tail - _at_most(met, total, p))
    return low, high


def wilson_interval(met: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (JASA 1927;22:209); (0, 1) for an empty group."""
    if total == 0:
        return 0.0, 1.0
    z, p = NormalDist().inv_cdf((1 + level) / 2), met / total
    centre = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def _at_most(met: int, total: int, p: float) -> float:
    """P(X <= met) for X binomial(total, p), summed in logarithms so that large totals do not overflow."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 or met >= total else 0.0
    logs = (_log_choose(total, k) + k * math.log(p) + (total - k) * math.log1p(-p) for k in range(met + 1))
    return min(1.0, math.fsum(math.exp(x) for x in logs))


def _log_choose(total: int, k: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1)


def _solve(rising: Callable[[float], float]) -> float:
    """The root in (0, 1) of a function that rises through zero."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
