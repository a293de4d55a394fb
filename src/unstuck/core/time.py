"""Clinic time: spans, windows, and shifting an instant along the site's own calendar.

Hours and minutes are elapsed time. Days are calendar days: seven days after 09:00 is 09:00, also across a change of
the clocks. Every instant is an aware datetime; this module never reads a clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from unstuck.core.errors import Complaint


class Unit(StrEnum):
    """Units a protocol may count in."""

    MINUTES = "min"
    HOURS = "h"
    DAYS = "d"


_MINUTES_IN = {Unit.MINUTES: 1, Unit.HOURS: 60, Unit.DAYS: 1440}
_SPAN = re.compile(r"^\s*(-?\d+)\s*(min|h|d|w)\s*$")


@dataclass(frozen=True, slots=True)
class Span:
    """A signed length of time as a protocol writes it, such as 24 h or -7 d."""

    amount: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read "40 min", "24 h", "-7 d" or "2 w" (weeks become days). Raises Complaint."""
        found = _SPAN.match(str(text))
        if not found:
            raise Complaint(f"{text!r} is not a span of time.", mend='Write a whole number and a unit: "24 h", "-7 d".')
        amount, unit = int(found[1]), found[2]
        return cls(amount * 7, Unit.DAYS) if unit == "w" else cls(amount, Unit(unit))

    @property
    def minutes(self) -> int:
        """Nominal length in minutes, counting a day as 24 hours; for comparing and sorting, not for scheduling."""
        return self.amount * _MINUTES_IN[self.unit]

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True, slots=True)
class Window:
    """When something may happen after its anchor: not before `min`, best at `target`, not after `max`."""

    min: Span
    target: Span
    max: Span

    def __post_init__(self) -> None:
        if not self.min.minutes <= self.target.minutes <= self.max.minutes:
            raise Complaint(
                f"The window {self.min} / {self.target} / {self.max} is out of order.",
                mend="Write min <= target <= max.",
            )


def require_aware(instant: datetime) -> datetime:
    """The instant itself, or Complaint where it has no time zone."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise Complaint(f"The instant {instant.isoformat()} has no time zone.", mend="Give it with its offset.")
    return instant


def shift(instant: datetime, span: Span, zone: tzinfo) -> datetime:
    """`instant` moved by `span`, in `zone`: days keep the local clock time, hours and minutes elapse."""
    local = require_aware(instant).astimezone(zone)
    if span.unit is Unit.DAYS:
        return on_the_clock(local.date() + timedelta(days=span.amount), local.time(), zone)
    return (local.astimezone(UTC) + timedelta(minutes=span.minutes)).astimezone(zone)


def on_the_clock(day: date, clock: time, zone: tzinfo) -> datetime:
    """That local clock time on that day; a time the change of clocks skips becomes the first one after the gap."""
    naive = datetime.combine(day, clock.replace(tzinfo=None, fold=0))
    through_utc = naive.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return through_utc


def opens(anchor: datetime, window: Window, zone: tzinfo) -> datetime:
    """First instant of the window. A window counted in days opens at local midnight of its first day."""
    first = shift(anchor, window.min, zone)
    return _midnight(first.date(), zone) if window.min.unit is Unit.DAYS else first


def closes(anchor: datetime, window: Window, zone: tzinfo) -> datetime:
    """Last instant of the window. A window counted in days closes at the end of its last day."""
    last = shift(anchor, window.max, zone)
    if window.max.unit is not Unit.DAYS:
        return last
    return _midnight(last.date() + timedelta(days=1), zone)


def study_day(instant: datetime, start: datetime, zone: tzinfo) -> int:
    """Calendar days from `start` to `instant` at the site; the day of `start` is 0."""
    return (require_aware(instant).astimezone(zone).date() - require_aware(start).astimezone(zone).date()).days


def _midnight(day: date, zone: tzinfo) -> datetime:
    return on_the_clock(day, time(0), zone)
