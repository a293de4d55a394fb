"""Puts the simulated people of `demo_data` into a demonstration clinic. Loaded by name, once Django is set up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from unstuck.cli import demo_monitors
from unstuck.cli.demo_data import PROTOCOLS, fill
from unstuck.clinic import clock
from unstuck.clinic.alerts import demo as rota
from unstuck.clinic.course.actions import load_ghost
from unstuck.clinic.course.queries import events_of as course_events
from unstuck.clinic.custody import demo as stock
from unstuck.clinic.evidence import demo as evidence
from unstuck.clinic.pathway import demo as pathway
from unstuck.clinic.people import demo as faces
from unstuck.clinic.portal import demo as portal
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.protocol.queries import newest
from unstuck.clinic.session.projection import project
from unstuck.clinic.session.queries import Place
from unstuck.clinic.site import demo
from unstuck.core.errors import Complaint
from unstuck.core.events import DoseGiven, Enrolled, Event, VisitBooked
from unstuck.core.protocol import Route
from unstuck.core.protocol_file import load_protocol
from unstuck.core.session_events import SessionOpened

CHECKED_IN = timedelta(minutes=25)  # before the dose somebody sat down
TODAY = timedelta(hours=6)  # a booking nearer than this is the one that the chair waits for
CHAIRS = ("chair_1", "chair_2", "chair_3")


def register() -> None:
    """Names the hooks that fill a new demonstration: people, duties, what the site itself fills, monitors, faces."""
    own = (demo_monitors.fill, faces.fill, portal.fill)
    demo.HOOKS = (_fill, rota.fill, evidence.fill, pathway.fill, *demo.HOOKS, *own)


def _fill(at: datetime) -> None:
    signer = demo.account("cleo").key
    for protocol in map(load_protocol, PROTOCOLS):
        if newest(protocol.key) is None:
            release_as(protocol, signer, at - timedelta(days=40))
    for number, events in enumerate(_people(at)):
        chair = CHAIRS[number] if number < len(CHAIRS) else ""
        person = demo.ada() if number == len(CHAIRS) else None
        course = load_ghost(_seated(events, chair) if chair else events, person, at)
        for event in course_events(course) if chair else ():
            if isinstance(event.what, SessionOpened):
                project(course, Place(event.what.step, event.what.occurrence), at)


def _people(at: datetime) -> Iterable[list[Event]]:
    """The simulated people as they stand at `at`, by the clock on the site's wall."""
    return fill(at.astimezone(clock.zone()))


def _seated(events: Sequence[Event], chair: str) -> list[Event]:
    """The course with its last dose on a chair: one that is still to come, or else the one that was given."""
    last = events[-1]
    if isinstance(last.what, VisitBooked) and last.what.at - last.observed_at < TODAY:
        return [*events[:-1], replace(last, what=replace(last.what, place=chair))]
    doses = [e for e in events if isinstance(e.what, DoseGiven)]
    if not doses:
        raise Complaint("A course on a chair has no dose.")
    return _booked_before(events, doses[-1], chair)


def _booked_before(events: Sequence[Event], dose: Event, chair: str) -> list[Event]:
    assert isinstance(dose.what, DoseGiven)
    events = [_measured(e, events[0]) if e is dose else e for e in events]
    moment = dose.observed_at - timedelta(hours=20)
    what = VisitBooked(dose.what.step, dose.what.occurrence, dose.observed_at, chair)
    booking = replace(dose, id=f"{dose.id}-booked", observed_at=moment, recorded_at=moment, what=what)
    before = dose.observed_at - CHECKED_IN
    opened = SessionOpened(dose.what.step, dose.what.occurrence, chair, ("name", "born_on"))
    keeper = demo.account("nia").key
    seat = replace(dose, id=f"{dose.id}-opened", observed_at=before, recorded_at=before, what=opened, actor=keeper)
    return _in_time(_in_time(events, booking), seat)


def _measured(dose: Event, enrolled: Event) -> Event:
    """The infusion with its volume, as it would have been drawn from the demonstration's stock."""
    assert isinstance(dose.what, DoseGiven)
    assert isinstance(enrolled.what, Enrolled)
    if dose.what.route != Route.IV_INFUSION.value:
        return dose
    masked = bool(load_protocol(enrolled.what.protocol).blinded)
    units = round(dose.what.amount_mg / stock.strength(dose.what.drug, masked), 2)
    return replace(dose, what=replace(dose.what, units=units, unit="mL"))


def _in_time(events: Sequence[Event], event: Event) -> list[Event]:
    """The events with one more in its place, never before the enrolment."""
    place = next((i for i, e in enumerate(events) if e.observed_at > event.observed_at and i > 0), len(events))
    return [*events[:place], event, *events[place:]]
