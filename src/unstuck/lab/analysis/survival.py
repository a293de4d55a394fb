"""Time to an event: Kaplan-Meier with its median and restricted mean, log-rank, and competing causes (Aalen-Johansen).

Times are in whatever unit they come in. An event is a whole number: 0 for who was last seen without one (censored), 1
for the event, and 2, 3, ... for other causes after which the first cannot happen any more. At equal times events come
before censoring. Sources: Kaplan and Meier 1958, doi 10.1080/01621459.1958.10501452; Greenwood 1926; Mantel 1966; Aalen
and Johansen 1978, doi 10.2307/4615704.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtri

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.answers import Answer, answer, check_level
from unstuck.lab.analysis.closed import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """A time and an event for each person."""

    time: Floats
    event: Ints

    def only(self, here: NDArray[np.bool_]) -> Times:
        """The same for some of them."""
        return Times(self.time[here], self.event[here])


def times(time: ArrayLike, event: ArrayLike) -> Times:
    """Times and events, checked. Raises Complaint for a time or an event that cannot be."""
    t, e = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=np.float64)
    if t.ndim != 1 or t.shape != e.shape or not len(t):
        raise Complaint("Times and events do not go together.", mend="Give one of each for every person.")
    bad = ~np.isfinite(t) | (t < 0) | ~np.isfinite(e) | (e < 0) | (e != np.floor(e))
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        what = f"Time {t[place]:g} with event {e[place]:g} is impossible."
        raise Complaint(what, f"row {place + 1}", "Times are not negative; events are 0 (censored), 1, 2, ...")
    return Times(t, e.astype(np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Survival after each time at which something happened; 1 before the first of them."""

    time: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    se: Floats  # Greenwood
    low: Floats
    high: Floats
    level: float

    def at(self, when: float) -> float:
        """The share without the event after `when`. Raises Complaint beyond the last time that anybody was seen."""
        self._check(when)
        return float(_step(self.time, self.survival, when))

    def median(self) -> tuple[float | None, float | None, float | None]:
        """The first time at which at most half are without the event, and the ends of its interval, which is read off
        the curve's own limits (Brookmeyer and Crowley 1982). None where the curve does not come down so far."""
        return tuple(self._first_below(curve) for curve in (self.survival, self.low, self.high))  # type: ignore[return-value]

    def _first_below(self, curve: Floats) -> float | None:
        """Where a curve crosses a half; the middle of a stretch on which it is a half exactly, as R has it."""
        below = np.flatnonzero(curve <= 0.5 + 1e-12)
        if not len(below):
            return None
        first = below[0]
        after = np.flatnonzero(curve < 0.5 - 1e-12)
        if abs(curve[first] - 0.5) <= 1e-12 and len(after):
            return float((self.time[first] + self.time[after[0]]) / 2)
        return float(self.time[first])

    def restricted_mean(self, until: float) -> Answer:
        """The mean time without the event within `until` (RMST), the area under the curve, with Greenwood's error."""
        self._check(until)
        edges = np.concatenate([[0.0], self.time[self.time < until], [until]])
        heights = np.concatenate([[1.0], self.survival[self.time < until]])
        areas = np.diff(edges) * heights
        total = float(areas.sum())
        left = total - np.cumsum(areas)[:-1]  # area to the right of each time
        d, n = self.events[self.time < until], self.at_risk[self.time < until]
        share = np.divide(d, n * (n - d), out=np.zeros_like(d), where=n > d)
        return answer(
            f"restricted mean until {until:g}", total, float(np.sqrt((left**2 * share).sum())), None, self.level
        )

    def _check(self, when: float) -> None:
        if not 0 <= when <= self.time[-1] and self.survival[-1] > 0:
            raise Complaint(f"Nobody was seen as late as {when:g}.", "time", f"The last time is {self.time[-1]:g}.")


def _step(time: Floats, value: Floats, when: float, before: float = 1.0) -> float:
    place = int(np.searchsorted(time, when, side="right"))
    return before if place == 0 else float(value[place - 1])


def kaplan_meier(data: Times, level: float = 0.95) -> Curve:
    """The curve of event 1, every other event being censoring; limits on the scale of log survival, as R draws them."""
    check_level(level)
    time, at_risk, events = _counts(data, data.event == 1)
    survival = np.cumprod(1 - events / at_risk)
    left = at_risk - events
    share = np.divide(events, at_risk * left, out=np.zeros_like(events), where=left > 0)
    log_se = np.sqrt(np.cumsum(share))
    wide = np.exp(ndtri((1 + level) / 2) * log_se)
    low, high = survival / wide, np.minimum(1.0, survival * wide)
    return Curve(time, at_risk, events, survival, survival * log_se, low, high, level)


def _counts(data: Times, happened: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Distinct times, how many were still there just before each, and how many had what `happened`."""
    time, place = np.unique(data.time, return_inverse=True)
    leaving = np.bincount(place, minlength=len(time))
    at_risk = len(data.time) - np.concatenate([[0], np.cumsum(leaving)[:-1]])
    return time, at_risk.astype(np.float64), np.bincount(place[happened], minlength=len(time)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class LogRank:
    """The log-rank test: observed and expected events by group, chi-square, df, p."""

    observed: tuple[float, ...]
    expected: tuple[float, ...]
    chi2: float
    df: int
    p: float


def log_rank(data: Times, group: Sequence[object]) -> LogRank:
    """Whether groups differ in event 1. Raises Complaint for fewer than two groups."""
    names, codes = np.unique(np.asarray(group), return_inverse=True)
    if len(names) < 2 or len(codes) != len(data.time):
        raise Complaint("There are no two groups to compare.", "group", "Give a group for each person.")
    time, at_risk, events = _counts(data, data.event == 1)
    mine = np.stack([_risk_at(data.time[codes == g], time) for g in range(len(names))])  # (groups, times)
    share = mine / at_risk
    observed = np.array([((data.event == 1) & (codes == g)).sum() for g in range(len(names))], dtype=np.float64)
    expected = (share * events).sum(axis=1)
    spread = np.divide(events * (at_risk - events), at_risk - 1, out=np.zeros_like(events), where=at_risk > 1)
    v = np.einsum("t,gt,gh->gh", spread, share, np.eye(len(names))) - np.einsum("t,gt,ht->gh", spread, share, share)
    apart = (observed - expected)[:-1]
    chi2 = float(apart @ np.linalg.pinv(v[:-1, :-1]) @ apart)
    df = len(names) - 1
    return LogRank(tuple(observed.tolist()), tuple(expected.tolist()), chi2, df, float(chdtrc(df, chi2)))


def _risk_at(own: Floats, time: Floats) -> Floats:
    """How many of `own` are at or beyond each time."""
    return np.asarray(len(own) - np.searchsorted(np.sort(own), time, side="left"), dtype=np.float64)


def restricted_mean_difference(data: Times, treated: ArrayLike, until: float, level: float = 0.95) -> Answer:
    """The restricted mean of the treated minus that of the others."""
    here = np.asarray(treated, dtype=bool)
    if here.all() or not here.any():
        raise Complaint("One of the two groups is empty.", "treated")
    one, other = (kaplan_meier(data.only(which), level).restricted_mean(until) for which in (here, ~here))
    se = float(np.hypot(one.se, other.se))
    return answer(f"difference of restricted means until {until:g}", one.estimate - other.estimate, se, None, level)


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """The share that has had one cause by each time, others competing; `se` by the delta method (Aalen)."""

    time: Floats
    share: Floats
    se: Floats

    def at(self, when: float) -> float:
        """The share by `when`."""
        return _step(self.time, self.share, when, 0.0)


def incidence(data: Times, cause: int = 1) -> Incidence:
    """The cumulative incidence of a cause. One minus Kaplan-Meier would count people who can no more have it."""
    if not (data.event == cause).any():
        raise Complaint(f"Nobody had event {cause}.", "cause", "Events are 0 (censored), 1, 2, ...")
    time, n, mine = _counts(data, data.event == cause)
    every = _counts(data, data.event > 0)[2]
    before = np.concatenate([[1.0], np.cumprod(1 - every / n)[:-1]])
    share = np.cumsum(before * mine / n)
    return Incidence(time, share, np.sqrt(_aalen(n, mine, every, before, share)))


def _aalen(n: Floats, mine: Floats, every: Floats, before: Floats, share: Floats) -> Floats:
    """The variance of a cumulative incidence (Marubini and Valsecchi 1995, equation 10.12)."""
    left = n - every
    whole = np.divide(every, n * left, out=np.zeros_like(n), where=left > 0)
    single = before**2 * mine * (n - mine) / n**3
    mixed = before * mine / n**2
    # sum over earlier times j of (F(t) - F(j))^2 a_j + b_j - 2 (F(t) - F(j)) c_j, by cumulative sums
    a, a_f, a_ff = (np.cumsum(whole * share**k) for k in (0, 1, 2))
    c, c_f = np.cumsum(mixed), np.cumsum(mixed * share)
    return np.maximum(share**2 * a - 2 * share * a_f + a_ff + np.cumsum(single) - 2 * (share * c - c_f), 0.0)
