"""The clinic's only clock. A view asks it once and passes the instant down; tests and demonstrations may set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest


@dataclass(slots=True)
class _Hands:
    at: datetime | None = None


_hands = _Hands()


def now(request: HttpRequest) -> datetime:
    """The instant of this request, aware and in UTC: the same value however often one request asks."""
    at: datetime | None = getattr(request, "_unstuck_now", None)
    if at is None:
        at = read()
        request._unstuck_now = at  # type: ignore[attr-defined]
    return at


def read() -> datetime:
    """The present instant outside of a request (worker, command), aware and in UTC."""
    return _hands.at or datetime.now(UTC)


def zone() -> ZoneInfo:
    """The site's local time zone, from UNSTUCK_TIME_ZONE."""
    return ZoneInfo(settings.TIME_ZONE)


def is_set() -> bool:
    """Whether somebody has stopped the clock: never so in real use."""
    return _hands.at is not None


def set_to(at: datetime | None) -> None:
    """Stop the clock at `at`, or let it run again with None."""
    if at is not None and at.tzinfo is None:
        raise ValueError(f"The clock needs an aware instant, not {at.isoformat()}.")
    _hands.at = at and at.astimezone(UTC)


@contextmanager
def stopped(at: datetime) -> Iterator[None]:
    """The clock stands at `at` within the block and then goes on as before."""
    before = _hands.at
    set_to(at)
    try:
        yield
    finally:
        _hands.at = before
