"""Who is booked today and where, and how far each visit is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from zlib import crc32

from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.plan.watch import Heard, Key
from unstuck.core.alarms import Alarm
from unstuck.core.course import Course as State
from unstuck.core.course import standing
from unstuck.core.events import DoseGiven, VisitBooked
from unstuck.core.schedule import Due, due
from unstuck.core.session import Phase, Session, session
from unstuck.core.session_events import SessionOpened

_STAYS = timedelta(hours=12)  # a dose given longer ago than this holds no chair
HERE = (Phase.CHECK_IN, Phase.BEFORE, Phase.DURING, Phase.PEAK, Phase.AFTER, Phase.LEAVING)


@dataclass(frozen=True, slots=True)
class Day:
    """The instant of the board and the local day around it."""

    at: datetime
    zone: tzinfo

    @property
    def start(self) -> datetime:
        """Midnight before."""
        return datetime.combine(self.at.astimezone(self.zone).date(), time(), self.zone)

    @property
    def end(self) -> datetime:
        """Midnight after."""
        return datetime.combine(self.start.date() + timedelta(days=1), time(), self.zone)

    def holds(self, moment: datetime | None) -> bool:
        """Whether the moment lies in this day."""
        return moment is not None and self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of today: booked, or begun without a booking (then `place` is where the session was opened, if at all).

    `heard` is when a device last watched it; None where no device ever did.
    """

    loaded: Loaded
    step: str
    occurrence: int
    title: str
    at: datetime
    place: str
    session: Session
    due: Due | None  # None once its step is done
    heard: Heard | None = None

    @property
    def phase(self) -> Phase:
        """Where it stands; a visit without a dose is over when its step is done."""
        if self.session.dose is None and self.due is None:
            return Phase.GONE
        return self.session.phase

    @property
    def running(self) -> bool:
        """Whether the person is here as far as the record knows."""
        return self.phase in HERE

    def silent_since(self, at: datetime) -> datetime | None:
        """Since when its device has not been heard, once that is longer than the profile allows; else None."""
        plan = self.loaded.protocol.monitoring
        longest = plan.limit("unwatched_after_s") if plan else None
        if self.heard is None or not self.running or longest is None:
            return None
        return self.heard.at if at - self.heard.at > timedelta(seconds=longest) else None


def alarm_cause(step: str, occurrence: int, alarm: Alarm) -> str:
    """The cause of the alert that an alarm becomes: this rule, this time."""
    return f"{step}:{occurrence}:{alarm.rule.key}:{alarm.raised_at.isoformat(timespec='seconds')}"


@dataclass(frozen=True, slots=True)
class Today:
    """A course with what it asks for and its visits of the day."""

    loaded: Loaded
    rows: tuple[Due, ...]
    visits: tuple[Visit, ...]


def today(courses: Iterable[Loaded], day: Day, heard: Mapping[Key, Heard] | None = None) -> list[Today]:
    """Every course that has not ended, as the day asks for it."""
    return [_today(one, day, heard or {}) for one in courses if not one.state.is_over]


def _today(one: Loaded, day: Day, heard: Mapping[Key, Heard]) -> Today:
    rows = _planned(one, day)
    return Today(one, rows, tuple(_visits(one, rows, day, heard)))


_PLANNED: dict[str, tuple[State, int, tuple[Due, ...]]] = {}
_MOST = 512  # courses whose plan is remembered


def _planned(one: Loaded, day: Day) -> tuple[Due, ...]:
    """What the plan asks for, worked out anew with each minute and each entry: its windows are hours and days long.

    What happens in a chair is never remembered.
    """
    # Each course has its own second of the minute, so that forty of them are not worked out in one look.
    minute = int(day.at.timestamp() + crc32(one.row.key.encode()) % 60) // 60
    kept = _PLANNED.get(one.row.key)
    if kept is not None and kept[0] is one.state and kept[1] == minute:
        return kept[2]
    rows = due(one.protocol, one.state, day.at, day.zone)
    if len(_PLANNED) >= _MOST:
        _PLANNED.clear()
    _PLANNED[one.row.key] = (one.state, minute, rows)
    return rows


def running_visits(courses: Iterable[Loaded], day: Day, heard: Mapping[Key, Heard]) -> Iterator[Visit]:
    """Only the visits in which somebody is here now: what alarms are asked of, without the rest of the plan."""
    for one in courses:
        for key in sorted(_begun(one, day)):
            visit = _visit(one, key, _bookings(one), (), day, heard)
            if visit.session.phase in HERE:
                yield visit


def _visits(one: Loaded, rows: tuple[Due, ...], day: Day, heard: Mapping[Key, Heard]) -> Iterator[Visit]:
    booked = {key: what for key, what in _bookings(one).items() if day.holds(what.at)}
    for key in sorted({*booked, *_begun(one, day)}):
        if key not in one.state.skipped:
            yield _visit(one, key, booked, rows, day, heard)


def _visit(
    one: Loaded,
    key: tuple[str, int],
    booked: Mapping[tuple[str, int], VisitBooked],
    rows: tuple[Due, ...],
    day: Day,
    heard: Mapping[Key, Heard],
) -> Visit:
    live = session(one.protocol, one.state, *key, day.at)
    begun = _begun(one, day)
    return Visit(
        loaded=one,
        step=key[0],
        occurrence=key[1],
        title=one.protocol.step(key[0]).title,
        at=booked[key].at if key in booked else begun[key],
        place=live.chair or (booked[key].place if key in booked else ""),
        session=live,
        due=next((r for r in rows if (r.step, r.occurrence) == key), None),
        heard=heard.get((one.row.pk, *key)),
    )


def _begun(one: Loaded, day: Day) -> dict[tuple[str, int], datetime]:
    """When each visit began that may still be running: its session was opened, or its dose given, lately."""
    found = {
        key: event.observed_at
        for key, events in one.state.sessions.items()
        for event in events
        if isinstance(event.what, SessionOpened) and day.at - _STAYS <= event.observed_at <= day.at
    }
    for event in one.state.doses:
        what = event.what
        if isinstance(what, DoseGiven) and day.at - _STAYS <= event.observed_at <= day.at:
            found.setdefault((what.step, what.occurrence), event.observed_at)
    return found


def _bookings(one: Loaded) -> dict[tuple[str, int], VisitBooked]:
    """The booking that stands for each occurrence, with its place, which the state does not keep."""
    if not one.state.booked:
        return {}
    made = [e.what for e in standing(one.state.log) if isinstance(e.what, VisitBooked)]
    return {(what.step, what.occurrence): what for what in made}
