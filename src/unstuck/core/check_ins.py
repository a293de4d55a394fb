"""When a person is asked how it goes after a dose: series of windows, anchored to each dose or to the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from unstuck.core.sourced import Grade
from unstuck.core.time import Span, Unit, Window, shift


class Anchor(StrEnum):
    """What a series counts from."""

    EACH_DOSE = "each_dose"
    LAST_DOSE = "last_dose"


@dataclass(frozen=True, slots=True)
class Series:
    """Check-ins of one rhythm: the first in `window` after the anchor, then `times` in all, `every` so much."""

    key: str
    anchor: Anchor
    window: Window
    every: Span
    times: int
    asks: tuple[str, ...]
    source: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class CheckIn:
    """One occasion. `id` is the same whenever it is computed: series, number of the dose, place in the series."""

    id: str
    series: str
    dose: int
    opens_at: datetime
    best_at: datetime
    closes_at: datetime
    asks: tuple[str, ...]

    def is_open(self, at: datetime) -> bool:
        """Whether it can be answered at that instant."""
        return self.opens_at <= at <= self.closes_at


def check_ins(plan: Sequence[Series], doses: Sequence[datetime], zone: tzinfo) -> tuple[CheckIn, ...]:
    """Every occasion that these doses call for, in the order of time; none without a dose.

    A series that counts from the last dose begins afresh with each further one.
    """
    numbered = list(enumerate(doses, 1))
    found: list[CheckIn] = []
    for series in plan:
        for number, given_at in numbered if series.anchor is Anchor.EACH_DOSE else numbered[-1:]:
            found += _of(series, number, given_at, zone)
    return tuple(sorted(found, key=lambda c: (c.best_at, c.id)))


def _of(series: Series, dose: int, given_at: datetime, zone: tzinfo) -> Iterator[CheckIn]:
    for n in range(series.times):
        opens, best, closes = (
            shift(given_at, _later(span, series.every, n), zone)
            for span in (series.window.min, series.window.target, series.window.max)
        )
        yield CheckIn(f"{series.key}:{dose}:{n + 1}", series.key, dose, opens, best, closes, series.asks)


def _later(span: Span, every: Span, times: int) -> Span:
    """The span, moved on by so many steps; days and hours may be mixed only where nothing is repeated."""
    if times == 0:
        return span
    if span.unit is every.unit:
        return Span(span.amount + times * every.amount, span.unit)
    return Span(span.minutes + times * every.minutes, Unit.MINUTES)
