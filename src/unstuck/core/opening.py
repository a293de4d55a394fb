"""When a site is open, and which quarter of an hour a visit can begin in: times are those of the site's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

QUARTER = timedelta(minutes=15)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Hours:
    """From when until when, and on which days of the week (0 is Monday). Nothing said: always open."""

    opens: time | None = None
    closes: time | None = None
    days: frozenset[int] = frozenset(range(WEEK))

    def holds(self, start: datetime, minutes: int, zone: tzinfo) -> bool:
        """Whether a visit of that length lies wholly inside the hours of one day."""
        local = start.astimezone(zone)
        end = (start + timedelta(minutes=minutes)).astimezone(zone)
        early = self.opens is not None and local.time() < self.opens
        late = self.closes is not None and (end.date() != local.date() or end.time() > self.closes)
        return local.weekday() in self.days and not early and not late

    def nearest(self, aim: datetime, minutes: int, span: tuple[datetime, datetime | None], zone: tzinfo) -> datetime:
        """The bookable quarter for a visit aimed at `aim`: the first from there on, before the end of `span`; else the
        last one before it, not before the beginning of `span`; else the first from there on, after its end. The aim's
        quarter where a visit of that length fits on no day."""
        first, last = span
        aim = aim.astimezone(UTC)  # elapsed time, also across a change of the clocks
        later = self._after(aim, minutes, zone)
        if later is None:
            return quarter_from(aim)
        if last is None or later < last:
            return later
        earlier = self._before(aim, minutes, first, zone)
        return later if earlier is None else earlier

    def _after(self, moment: datetime, minutes: int, zone: tzinfo) -> datetime | None:
        """The first bookable quarter from that moment on, within a week."""
        start = quarter_from(moment)
        begins = [
            max(start, self._opening(start, 0, zone)),
            *(self._opening(start, n, zone) for n in range(1, WEEK + 1)),
        ]
        return next((begin for begin in begins if self.holds(begin, minutes, zone)), None)

    def _before(self, moment: datetime, minutes: int, first: datetime, zone: tzinfo) -> datetime | None:
        """The last bookable quarter before that moment, not before `first`."""
        start = quarter_from(moment)
        while start - QUARTER >= first and start > moment - WEEK * timedelta(days=1):
            start -= QUARTER
            if self.holds(start, minutes, zone):
                return start
        return None

    def _opening(self, moment: datetime, days: int, zone: tzinfo) -> datetime:
        """When the site opens so many days after that moment's day, whatever day of the week it is."""
        day = moment.astimezone(zone).date() + timedelta(days=days)
        return quarter_from(datetime.combine(day, self.opens or time(), zone)).astimezone(moment.tzinfo)


def quarter_from(moment: datetime) -> datetime:
    """The moment, or the next quarter of an hour after it."""
    over = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not over else moment - over + QUARTER
