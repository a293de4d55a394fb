"""Times as HL7 writes them: `YYYYMMDDHHMM[SS[.S...]][+/-ZZZZ]`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_TIME = re.compile(r"(\d{12})(\d{2})?(?:\.(\d{1,6})\d*)?(?:([+-])(\d{2})(\d{2}))?")


def instant(text: str, zone: tzinfo, near: datetime) -> datetime | None:
    """The instant in UTC; None when `text` is no time to the minute at least.

    Without an offset it is meant in `zone`; in the hour that a clock change repeats, the one nearer to `near`.
    """
    found = _TIME.fullmatch(text)
    if not found:
        return None
    minute, second, part, sign, hours, minutes = found.groups()
    try:
        told = datetime.strptime(minute + (second or "00"), "%Y%m%d%H%M%S")
        told = told.replace(microsecond=int((part or "0").ljust(6, "0")))
        return _with_offset(told, sign, hours, minutes) if sign else _in_zone(told, zone, near)
    except (ValueError, OverflowError):
        return None


def _with_offset(told: datetime, sign: str, hours: str, minutes: str) -> datetime:
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return told.replace(tzinfo=timezone(ahead if sign == "+" else -ahead)).astimezone(UTC)


def _in_zone(told: datetime, zone: tzinfo, near: datetime) -> datetime:
    meant = [told.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(meant, key=lambda one: abs(one - near))
