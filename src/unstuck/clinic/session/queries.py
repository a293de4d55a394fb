"""Reading sessions: who sits where, how a session stands, and which devices watch it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, load
from unstuck.clinic.session.models import RoomCheck, Sitting
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Dose, Protocol
from unstuck.core.session import Session, session


class NoSuchSession(Complaint):
    """The protocol has no dosing session of that step and number."""


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of one dose step: the only session that a page, an entry or an action may touch."""

    step: str
    occurrence: int


@dataclass(frozen=True, slots=True)
class Live:
    """A session as it stands: its course, its row (None before check-in) and the core's view of it."""

    loaded: Loaded
    place: Place
    sitting: Sitting | None
    session: Session

    @property
    def course(self) -> Course:
        """The row of the course."""
        return self.loaded.row


def live(course: Course, place: Place, at: datetime) -> Live:
    """The session at `at`. Raises NoSuchSession."""
    loaded = load(course)
    refuse_unknown(loaded.protocol, place)
    sitting = Sitting.objects.filter(course=course, step=place.step, occurrence=place.occurrence).first()
    return Live(loaded, place, sitting, session(loaded.protocol, loaded.state, place.step, place.occurrence, at))


def refuse_unknown(protocol: Protocol, place: Place) -> None:
    """Raises NoSuchSession where the protocol gives no dose of that step and number."""
    step = protocol.step(place.step) if protocol.has(place.step) else None
    fits = step is not None and isinstance(step.activity, Dose)
    if not fits or place.occurrence < 1 or (step and step.times is not None and place.occurrence > step.times):
        raise NoSuchSession(f"There is no dosing session {place.step!r}, number {place.occurrence}.")


def open_sittings() -> list[Sitting]:
    """Everybody who is in a chair now, with course, person and release; one query."""
    rows = Sitting.objects.filter(left_at=None)
    return list(rows.select_related("course__person", "course__release").prefetch_related("watches"))


def kept_by(account_key: str) -> int:
    """How many chairs this account keeps now."""
    return Sitting.objects.filter(left_at=None, keeper=account_key).count()


def room_check_of_today(at: datetime) -> RoomCheck | None:
    """The latest check of the room on the site's day of `at`, or None."""
    day = at.astimezone(clock.zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    return RoomCheck.objects.filter(at__gte=day, at__lte=at).first()
