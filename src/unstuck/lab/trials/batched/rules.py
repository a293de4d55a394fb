"""Rules judged for many people at once: 1 holds, 0 unknown, -1 fails, as Kleene's logic in `core.conditions`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np

from unstuck.core.conditions import (
    All,
    Any,
    AtLeast,
    AtMost,
    Condition,
    FallAtLeast,
    ForMinutes,
    Is,
    Leaf,
    Not,
    RiseAtMost,
    Since,
    Within,
)
from unstuck.lab.patients.vitals import READINGS
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints
from unstuck.lab.trials.batched.state import COUNTED, FAR, NEVER, RISKS, Series, State

Truths = Ints  # of -1, 0 and 1
CLOCKS = {"days_since_last_dose": 1440.0, "minutes_since_dose_start": 1.0}
RATED = "cssrs_screen.risk"
DISSOCIATION = "cadss.total"


@dataclass(frozen=True, slots=True)
class Moment:
    """Whose rule is judged, at which minute, and since when what was seen counts."""

    who: Ints
    at: Ints
    since: Ints

    def within(self, minutes: int) -> Moment:
        """The same with everything older than that hidden."""
        return Moment(self.who, self.at, np.maximum(self.since, self.at - minutes))


def moment(who: Ints, at: Ints) -> Moment:
    """These people at these minutes, with all that was ever seen."""
    return Moment(who, at, np.full(len(who), NEVER))


def judge(rule: Condition, state: State, when: Moment) -> Truths:
    """What the rule says of each person."""
    match rule:
        case All(rules):
            return np.asarray(np.min([judge(r, state, when) for r in rules], axis=0))
        case Any(rules):
            return np.asarray(np.max([judge(r, state, when) for r in rules], axis=0))
        case Not(inner):
            return -judge(inner, state, when)
        case Within(span, inner):
            return judge(inner, state, when.within(span.minutes))
        case FallAtLeast() | RiseAtMost():
            return _changed(rule, state, when)
        case AtMost() | AtLeast() | Is():
            return _leaf(rule, state, when)
        case ForMinutes():
            raise AssertionError("refused before anybody is simulated")
        case _:
            assert_never(rule)


def _leaf(rule: Leaf, state: State, when: Moment) -> Truths:
    known, value = latest(rule.fact, state, when)
    match rule:
        case AtMost(_, limit):
            yes = value <= limit
        case AtLeast(_, limit):
            yes = value >= limit
        case Is(fact, wanted):
            yes = value == as_number(fact, wanted)
        case _:
            raise AssertionError("judged elsewhere")
    return np.where(known, np.where(yes, 1, -1), 0)


def as_number(fact: str, wanted: float | bool | str) -> float:
    """How a value of that fact is written here: true as 1, a level of risk as its place, a sex as 1 for female."""
    if fact == RATED and wanted in RISKS:
        return float(RISKS.index(str(wanted)))
    if fact == "person.sex":
        return {"female": 1.0, "male": 0.0}.get(str(wanted), np.nan)
    return float(wanted) if isinstance(wanted, bool | int | float) else np.nan


def latest(fact: str, state: State, when: Moment) -> tuple[Bools, Floats]:
    """Whether the fact was seen, and its latest value."""
    who = when.who
    if fact in READINGS:
        return np.ones(len(who), dtype=bool), state.read[fact]
    if fact in CLOCKS:
        gone = when.at - _last(state.doses, who)
        return state.doses.count[who] > 0, gone / CLOCKS[fact]
    if fact in COUNTED or fact.startswith("done."):
        number, at = state.counter(fact)
        return at[who] >= when.since, number[who]
    if fact == DISSOCIATION:
        rated = state.last_rated("cadss")[who]
        return (rated != NEVER) & (rated >= when.since), np.zeros(len(who))
    if fact.endswith(".total"):
        series = state.series(fact.removesuffix(".total"))
        return (series.count[who] > 0) & (_last(series, who) >= when.since), _last_value(series, who)
    value, at = state.fact(fact)
    return (at[who] != NEVER) & (at[who] >= when.since), value[who]


def _last(series: Series, who: Ints) -> Ints:
    return series.at[who, np.maximum(series.count[who] - 1, 0)]


def _last_value(series: Series, who: Ints) -> Floats:
    return series.value[who, np.maximum(series.count[who] - 1, 0)]


@dataclass(frozen=True, slots=True)
class _Look:
    """The scores that a change is judged on: shape (people, most), which of them count, and the place of the latest."""

    at: Ints
    value: Floats
    seen: Bools
    last: Ints

    @property
    def places(self) -> Ints:
        """Places of the scores in order of time."""
        return np.arange(self.at.shape[1])


def _changed(rule: FallAtLeast | RiseAtMost, state: State, when: Moment) -> Truths:
    """Latest minus reference, judged; unknown where the reference is missing, is the latest, or is 0 in percent."""
    series = state.series(rule.fact.removesuffix(".total"))
    at, value = series.at[when.who], series.value[when.who]
    seen = (at != FAR) & (at >= when.since[:, None])
    look = _Look(at, value, seen, np.where(seen, np.arange(at.shape[1]), -1).max(axis=1))
    earlier = _earlier(rule.since, look, state, when)
    known = (seen.sum(axis=1) >= 2) & (earlier >= 0) & (earlier != look.last)
    rows = np.arange(len(earlier))
    then, change = value[rows, np.maximum(earlier, 0)], np.zeros(len(rows))
    change = value[rows, np.maximum(look.last, 0)] - then
    if rule.percent:
        known &= then != 0
        change = 100 * change / np.where(then == 0, 1.0, then)
    met = -change >= rule.value if isinstance(rule, FallAtLeast) else change <= rule.value
    return np.where(known, np.where(met, 1, -1), 0)


def _earlier(since: Since, look: _Look, state: State, when: Moment) -> Ints:
    """Place of the value that a change is measured against; -1 where there is none."""
    before = look.seen & (look.places < look.last[:, None])
    match since:
        case Since.FIRST:
            return np.where(look.seen.any(axis=1), look.seen.argmax(axis=1), -1)
        case Since.PREVIOUS:
            return np.asarray(np.where(before, look.places, -1).max(axis=1))
        case Since.LOWEST:
            return np.where(before.any(axis=1), np.where(before, look.value, np.inf).argmin(axis=1), -1)
        case Since.BASELINE:
            return _not_after(look, np.minimum(_first(state.doses, when), _first(state.therapies, when)))
        case Since.DOSE:
            last = _last(state.doses, when.who)
            there = (state.doses.count[when.who] > 0) & (last >= when.since)
            return _not_after(look, np.where(there, last, FAR))
        case _:
            assert_never(since)


def _first(series: Series, when: Moment) -> Ints:
    """The first minute that counts; FAR where there is none."""
    at = series.at[when.who]
    return np.asarray(np.where(at >= when.since[:, None], at, FAR).min(axis=1))


def _not_after(look: _Look, mark: Ints) -> Ints:
    """Place of the last score at or before the mark; -1 where there is none, or no mark."""
    before = look.seen & (look.at <= mark[:, None]) & (mark != FAR)[:, None]
    return np.asarray(np.where(before, look.places, -1).max(axis=1))
