"""What the calendar of a course shows, and the day of all chairs, rooms and clinicians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.pathway.doors import Door
from unstuck.clinic.pathway.models import Booking
from unstuck.core.calendar import ALWAYS, Companion, Placed, Visit, calendar, companions, number_of
from unstuck.core.deviations import Departure, deviations
from unstuck.core.opening import Hours
from unstuck.core.time import Span

SHOWN = 14  # so many coming visits are shown at once; the rest are folded
TIMING = (Departure.EARLY, Departure.LATE, Departure.MISSED, Departure.SKIPPED)


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One coming visit in words."""

    step: str
    occurrence: int
    level: str
    word: str
    title: str
    when: str
    window: str
    where: str
    asks: bool
    warning: str


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Exactly what the page shows."""

    key: str
    name: str
    born: str
    doors: tuple[Door, ...]
    next: VisitRow | None
    rows: tuple[VisitRow, ...]
    more: tuple[VisitRow, ...]
    departures: tuple[tuple[str, str], ...]
    may_book: bool


def plan_page(
    loaded: Loaded, held: Sequence[Booking], names: Mapping[str, str], reader: Reader
) -> PlanPage:  # fmt: skip
    """The calendar of one course at one instant."""
    row = loaded.row
    visits = calendar(loaded.protocol, loaded.state, reader.at, reader.zone, reader.hours)
    where = {(b.step, b.occurrence): _where(b, names) for b in held if b.cancelled_at is None}
    rows = tuple(_row(visit, loaded, where, reader) for visit in visits)
    asking = [one for one in rows if one.asks]
    return PlanPage(
        key=row.key,
        name=row.person.name,
        born=row.person.born_on.strftime("%-d %b %Y") if row.person.born_on else "",
        doors=reader.doors,
        next=asking[0] if asking else (rows[0] if rows else None),
        rows=rows[:SHOWN],
        more=rows[SHOWN:],
        departures=_departures(loaded, reader),
        may_book=reader.may_book and row.ended_at is None,
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and when."""

    at: datetime
    zone: tzinfo
    doors: tuple[Door, ...]
    may_book: bool
    hours: Hours = ALWAYS


def _row(visit: Visit, loaded: Loaded, where: Mapping[tuple[str, int], str], reader: Reader) -> VisitRow:
    level, word = _words(visit.placed)
    row = visit.row
    moment = row.booked or visit.proposed
    label = _("Booked") if row.booked else _("Proposed")
    return VisitRow(
        step=row.step,
        occurrence=row.occurrence,
        level=level,
        word=word,
        title=titled(row.title, row.occurrence),
        when=f"{label} {_moment(moment, reader.zone)}" if moment else _("Follows from what comes before"),
        window=_window(row.opens, row.closes, reader.zone),
        where=where.get((row.step, row.occurrence), ""),
        asks=visit.asks,
        warning=_warning(visit, loaded, reader),
    )


def titled(title: str, occurrence: int) -> str:
    """The title with its number from the second time on."""
    return f"{title} {occurrence}" if occurrence > 1 else title


def _words(placed: Placed) -> tuple[str, str]:
    return {
        Placed.INSIDE: ("done", _("Booked")),
        Placed.EARLY: ("late", _("Before its window")),
        Placed.LATE: ("late", _("After its window")),
        Placed.MISSED: ("late", _("Missed: book again")),
        Placed.OVERDUE: ("late", _("Window over")),
        Placed.OPEN: ("open", _("To book")),
        Placed.WAITING: ("planned", _("Not fixed yet")),
    }[placed]


def _warning(visit: Visit, loaded: Loaded, reader: Reader) -> str:
    """What a booked dose still lacks: the talk that belongs to it, inside its window of hours."""
    row = visit.row
    if row.kind != "dose" or row.booked is None:
        return ""
    number = number_of(loaded.protocol, loaded.state, row.step, row.occurrence)
    mine = companions(loaded.protocol, loaded.state, number, row.booked, reader.zone)
    if not mine or any(one.inside for one in mine):
        return ""
    one = mine[0]
    words = {"what": titled(one.title, one.occurrence), "window": _window(one.opens, one.closes, reader.zone)}
    return _("It cannot be given before “%(what)s” is booked, %(window)s.") % words


def companion_words(one: Companion, zone: tzinfo) -> str:
    """The companion with its window."""
    return f"{titled(one.title, one.occurrence)}, {_window(one.opens, one.closes, zone)}"


def _window(first: datetime | None, last: datetime | None, zone: tzinfo) -> str:
    if first is None or last is None:
        return ""
    end = last - timedelta(seconds=1) if last.astimezone(zone).time() == time(0) else last
    return _("between %(first)s and %(last)s") % {"first": _moment(first, zone), "last": _moment(end, zone)}


def _moment(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%a %-d %b %H:%M")


def _where(booking: Booking, names: Mapping[str, str]) -> str:
    return ", ".join(part for part in (*_places(booking, names), _("%(n)s min") % {"n": booking.minutes}) if part)


def _places(booking: Booking, names: Mapping[str, str]) -> tuple[str, ...]:
    room = booking.room.replace("_", " ")
    return names.get(booking.chair, booking.chair), room, names.get(booking.clinician, "")


def _departures(loaded: Loaded, reader: Reader) -> tuple[tuple[str, str], ...]:
    """Departures in time: they tell nothing of a dose."""
    found = deviations(loaded.protocol, loaded.state, reader.at, reader.zone)
    timely = [one for one in found if one.kind in TIMING]
    return tuple((f"{titled(d.title, d.occurrence)}: {d.detail}", _moment(d.at, reader.zone)) for d in timely[::-1])


@dataclass(frozen=True, slots=True)
class DayRow:
    """What one chair, room or clinician holds in a day."""

    what: str
    visits: tuple[str, ...]
    hours: str


@dataclass(frozen=True, slots=True)
class DayPage:
    """The day of the house: who is where, and how full it is."""

    day: date
    before: date
    after: date
    rows: tuple[DayRow, ...]
    most: int
    chairs: int
    bookings: int


def day_page(day: date, held: Sequence[Booking], names: Mapping[str, str], chairs: int, zone: tzinfo) -> DayPage:
    """The bookings of one day by chair, room and clinician."""
    rows: dict[str, list[Booking]] = {}
    for booking in held:
        for what in _places(booking, names):
            if what:
                rows.setdefault(what, []).append(booking)
    return DayPage(
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        rows=tuple(_day_row(what, mine, zone) for what, mine in sorted(rows.items())),
        most=most_at_once([b for b in held if b.chair]),
        chairs=chairs,
        bookings=len(held),
    )


def _day_row(what: str, mine: Sequence[Booking], zone: tzinfo) -> DayRow:
    ordered = sorted(mine, key=lambda b: b.starts_at)
    said = [_line(one, zone) for one in ordered]
    return DayRow(what, tuple(said), str(Span.parse(f"{sum(b.minutes for b in mine)} min")))


def _line(booking: Booking, zone: tzinfo) -> str:
    """From when to when, and who."""
    first, last = (moment.astimezone(zone).strftime("%H:%M") for moment in (booking.starts_at, _end(booking)))
    return f"{first} - {last} {booking.course.person.name}"


def _end(booking: Booking) -> datetime:
    return booking.starts_at + timedelta(minutes=booking.minutes)


def most_at_once(held: Sequence[Booking]) -> int:
    """The most bookings that run at one time."""
    return max((sum(o.starts_at <= b.starts_at < _end(o) for o in held) for b in held), default=0)
