"""Booking a visit: a time, a chair or a room and a clinician, each held quarter by quarter of an hour.

The database holds each quarter once, so that two people at two desks cannot give one chair away twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, load
from unstuck.clinic.criteria.actions import rules as signed_rules
from unstuck.clinic.ledger.actions import lock
from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.pathway.capacity import crowded, hours
from unstuck.clinic.pathway.models import Booking, Quarter
from unstuck.clinic.rooms.queries import Seat, seats
from unstuck.core import events as ev
from unstuck.core.accepting import Standing, Watching, holding, lapsed, standing
from unstuck.core.calendar import broken_limit
from unstuck.core.errors import Complaint
from unstuck.core.facts import CourseFacts
from unstuck.core.protocol import Dose, Protocol, Regimen, Route
from unstuck.core.screening import Before, Looked, Screening, shelf_life

QUARTER = timedelta(minutes=15)


class NotBooked(Complaint):
    """No visit was booked."""


class Taken(NotBooked):
    """The chair, the room or the clinician is held by another visit."""


class TestsTooOld(NotBooked):
    """A test that must precede the first dose is missing, or will be too old on that day."""

    __test__ = False  # no test of pytest


class Closed(NotBooked):
    """The house is closed at that time."""


class TooMany(NotBooked):
    """More people would sit in chairs than the nurses may watch."""


class NoSuchChair(NotBooked):
    """The chair is out of use, or the drug may not be given in it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of one step."""

    step: str
    occurrence: int


@dataclass(frozen=True, slots=True)
class Slot:
    """When, for how long, and what it holds. `why` is a code where a visit is moved."""

    starts_at: datetime
    minutes: int
    chair: str = ""
    room: str = ""
    clinician: str = ""
    why: str = ""

    @property
    def ends_at(self) -> datetime:
        """When everything is free again."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def resources(self) -> tuple[str, ...]:
        """What it holds, by kind and key."""
        held = (("chair", self.chair), ("room", self.room), ("staff", self.clinician))
        return tuple(f"{kind}:{key}" for kind, key in held if key)


def book(course: Course, place: Place, slot: Slot, entry: Entry) -> Booking:
    """The visit is booked, in place of an earlier booking of it. Raises NotBooked and core Refusals."""
    return book_all(course, [(place, slot)], entry)[0]


def book_all(course: Course, wanted: Sequence[tuple[Place, Slot]], entry: Entry) -> list[Booking]:
    """All of these visits are booked, or none. Raises NotBooked and core Refusals."""
    try:
        with transaction.atomic():
            lock(course.key)
            lock(SITE)  # one booking at a time in the house: two that move at once would wait for each other
            made = [_book(course, place, slot, entry) for place, slot in wanted]
            booked = [ev.VisitBooked(p.step, p.occurrence, s.starts_at, s.chair or s.room) for p, s in wanted]
            write_all(course, [(what, Entry(entry.actor, entry.observed_at, entry.recorded_at)) for what in booked])
    except IntegrityError as clash:
        raise Taken(
            _("Somebody else has booked that time just now."), mend=_("Look at the day again and choose another.")
        ) from clash
    return made


def _book(course: Course, place: Place, slot: Slot, entry: Entry) -> Booking:
    loaded = load(course)
    if slot.starts_at < entry.recorded_at:
        raise NotBooked(_("This time is over."), mend=_("Choose one that is still to come."))
    _refuse_closed(slot)
    _refuse_dose(loaded, place, slot, entry.recorded_at)
    limit = broken_limit(loaded.protocol, loaded.state, (place.step, place.occurrence), slot.starts_at)
    if limit is not None:
        words = {"most": limit.most, "per": limit.per}
        raise NotBooked(
            _("The plan allows at most %(most)s in any %(per)s.") % words, mend=_("Choose a day that is further off.")
        )
    _free(course, place, entry.recorded_at, slot.why or "moved")
    _refuse_taken(slot)
    _refuse_crowd(loaded, place, slot)
    made = Booking.objects.create(
        course=course,
        step=place.step,
        occurrence=place.occurrence,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        chair=slot.chair,
        room=slot.room,
        clinician=slot.clinician,
        booked_by=entry.actor,
        booked_at=entry.recorded_at,
    )
    held = [Quarter(resource=r, starts_at=q, booking=made) for r in slot.resources for q in quarters(slot)]
    Quarter.objects.bulk_create(held)
    return made


def quarters(slot: Slot) -> Iterator[datetime]:
    """The beginnings of the quarters of an hour that the slot touches."""
    start = slot.starts_at - timedelta(
        minutes=slot.starts_at.minute % 15, seconds=slot.starts_at.second, microseconds=slot.starts_at.microsecond
    )
    while start < slot.ends_at:
        yield start
        start += QUARTER


def _refuse_closed(slot: Slot) -> None:
    """A telephone call may be booked at any time; whoever comes needs an open house."""
    if (slot.chair or slot.room) and not hours().holds(slot.starts_at, slot.minutes, clock.zone()):
        raise Closed(_("The house is not open for the whole of that visit."), mend=_("Choose a time inside its hours."))


def _refuse_crowd(loaded: Loaded, place: Place, slot: Slot) -> None:
    """Raises TooMany where this would be one dose too many for the nurses of that time."""
    if not (slot.chair and isinstance(loaded.protocol.step(place.step).activity, Dose)):
        return
    crowd = crowded(loaded.row, quarters(slot))
    if crowd is not None:
        words = {"at": crowd.at.astimezone(clock.zone()).strftime("%H:%M"), "n": crowd.nurses}
        words |= {"people": crowd.people, "most": crowd.most}
        raise TooMany(
            _("At %(at)s %(people)s people would sit in chairs; the nurses then (%(n)s) may watch %(most)s.") % words,
            mend=_("Choose another time, or put another nurse on the rota."),
        )


def _refuse_taken(slot: Slot) -> None:
    """Says in words what is held; the database's own refusal stands behind it for two at once."""
    held = Quarter.objects.filter(resource__in=slot.resources, starts_at__in=list(quarters(slot))).first()
    if held is not None:
        kind = {"chair": _("The chair"), "room": _("The room"), "staff": _("The clinician")}
        what = kind[held.resource.partition(":")[0]]
        at = held.starts_at.astimezone(clock.zone()).strftime("%H:%M")
        raise Taken(
            _("%(what)s is booked at %(at)s.") % {"what": what, "at": at}, mend=_("Choose another time or place.")
        )


def _refuse_dose(loaded: Loaded, place: Place, slot: Slot, at: datetime) -> None:
    """Before a dose: a chair for its route, an acceptance that was not refused, and tests that last until the day."""
    activity = loaded.protocol.step(place.step).activity if loaded.protocol.has(place.step) else None
    if not isinstance(activity, Dose):
        return
    _refuse_chair(slot.chair, {regimen.route for regimen in regimens_of(loaded.protocol, activity)})
    rules = signed_rules()
    _refuse_unaccepted(standing(rules, loaded.state, at)[0])
    day = slot.starts_at.astimezone(clock.zone()).date()
    looked = Looked(CourseFacts(loaded.state), at, day)
    if loaded.state.doses:
        _refuse_late_tests(holding(rules, loaded.state, looked))
    else:
        _refuse_old_tests(rules, looked)
    if lapsed(rules, loaded.state, looked):  # unnamed: the desk that books must not learn the illness
        raise TestsTooOld(
            _("On that day a clearance by another doctor has run out."),
            mend=_("Book after the new one is entered on the page of screening."),
        )


def _refuse_unaccepted(stands: Standing) -> None:
    match stands:
        case Standing.NOT_ACCEPTED:
            raise NotBooked(
                _("This person is not accepted for treatment."),
                mend=_("A prescriber decides on the page of screening."),
            )
        case Standing.OLD:
            raise NotBooked(
                _("The decision to treat this person is too old."),
                mend=_("A prescriber screens again and decides on the page of screening."),
            )
        case Standing.NEVER | Standing.ACCEPTED:
            return


def _refuse_late_tests(late: Sequence[Watching]) -> None:
    if late:
        said = _("On that day these are late: %(what)s.") % {"what": "; ".join(one.title for one in late)}
        raise TestsTooOld(said, mend=_("Book after the result is entered on the page of screening."))


def regimens_of(protocol: Protocol, dose: Dose) -> tuple[Regimen, ...]:
    """What may be given in that step, in whatever arm: a booking must not tell the arm."""
    arms: list[str | None] = [arm.key for arm in protocol.arms]
    return tuple(protocol.regimen(dose.regimen, arm) for arm in arms or [None])


def _refuse_chair(chair: str, routes: set[Route]) -> None:
    found: Seat | None = next((seat for seat in seats() if seat.key == chair), None)
    if found is None:
        raise NoSuchChair(_("A dose needs a chair that is in use."), mend=_("Choose one."))
    if found.routes and not routes <= found.routes:
        raise NoSuchChair(_("The drug may not be given that way in this chair."), mend=_("Choose another chair."))


def _refuse_old_tests(rules: Screening, looked: Looked) -> None:
    first = {test.key for test in rules.tests if test.before is Before.FIRST_DOSE}
    found = shelf_life(rules, looked)
    open_ = [one.title for one in found if one.key in first and one.blocks]
    if open_:
        said = _("On that day these are missing or too old: %(what)s.") % {"what": "; ".join(open_)}
        raise TestsTooOld(said, mend=_("Book after the tests are entered on the page of screening."))


def _free(course: Course, place: Place, at: datetime, why: str) -> int:
    """Cancels the booking of that visit; how many there were."""
    standing_ = Booking.objects.filter(
        course=course, step=place.step, occurrence=place.occurrence, cancelled_at=None
    )  # fmt: skip
    Quarter.objects.filter(booking__in=standing_).delete()
    return standing_.update(cancelled_at=at, why=why)


def cancel_coming(course: Course, why: str, at: datetime) -> int:
    """Every coming visit of the course is free again; how many there were."""
    coming = Booking.objects.filter(course=course, cancelled_at=None, starts_at__gte=at)
    Quarter.objects.filter(booking__in=coming).delete()
    return coming.update(cancelled_at=at, why=why)
