"""Who is booked today and where, and how far each visit is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from unstuck.clinic.course.queries import Loaded
from unstuck.core.course import standing
from unstuck.core.events import DoseGiven, VisitBooked
from unstuck.core.schedule import Due, due
from unstuck.core.session import Phase, Session, session

CHAIRS = ("chair_1", "chair_2", "chair_3")
_STAYS = timedelta(hours=12)  # a dose given longer ago than this holds no chair


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
    """One visit of today: booked, or begun without a booking (then `place` is empty)."""

    loaded: Loaded
    step: str
    occurrence: int
    title: str
    at: datetime
    place: str
    session: Session
    due: Due | None  # None once its step is done

    @property
    def phase(self) -> Phase:
        """Where it stands; a visit without a dose is over when its step is done."""
        if self.session.dose is None and self.due is None:
            return Phase.GONE
        return self.session.phase

    @property
    def running(self) -> bool:
        """Whether the person is here as far as the record knows."""
        return self.phase in (Phase.BEFORE, Phase.DURING, Phase.AFTER)


@dataclass(frozen=True, slots=True)
class Today:
    """A course with what it asks for and its visits of the day."""

    loaded: Loaded
    rows: tuple[Due, ...]
    visits: tuple[Visit, ...]


def today(courses: Iterable[Loaded], day: Day) -> list[Today]:
    """Every course that has not ended, as the day asks for it."""
    return [_today(one, day) for one in courses if not one.state.is_over]


def _today(one: Loaded, day: Day) -> Today:
    rows = due(one.protocol, one.state, day.at, day.zone)
    return Today(one, rows, tuple(_visits(one, rows, day)))


def _visits(one: Loaded, rows: tuple[Due, ...], day: Day) -> Iterator[Visit]:
    booked = {key: what for key, what in _bookings(one).items() if day.holds(what.at)}
    begun = {
        (what.step, what.occurrence): event.observed_at
        for event in one.state.doses
        if isinstance(what := event.what, DoseGiven) and day.at - _STAYS <= event.observed_at <= day.at
    }
    for key in sorted({*booked, *begun}):
        if key in one.state.skipped:
            continue
        row = next((r for r in rows if (r.step, r.occurrence) == key), None)
        yield Visit(
            loaded=one,
            step=key[0],
            occurrence=key[1],
            title=one.protocol.step(key[0]).title,
            at=booked[key].at if key in booked else begun[key],
            place=booked[key].place if key in booked else "",
            session=session(one.protocol, one.state, *key, day.at),
            due=row,
        )


def _bookings(one: Loaded) -> dict[tuple[str, int], VisitBooked]:
    """The booking that stands for each occurrence, with its place, which the state does not keep."""
    if not one.state.booked:
        return {}
    made = [e.what for e in standing(one.state.log) if isinstance(e.what, VisitBooked)]
    return {(what.step, what.occurrence): what for what in made}
