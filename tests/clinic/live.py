"""Running sessions for tests: courses whose dose is running on a chair, as the ledger would hold them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from tests.builders import START as START
from tests.builders import before_dose, dose, event, small_protocol
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import append_events
from unstuck.clinic.people.models import Person
from unstuck.clinic.protocol.models import Release
from unstuck.clinic.session.models import Sitting, Watch
from unstuck.clinic.session.projection import project
from unstuck.clinic.session.queries import Place
from unstuck.core import events as ev
from unstuck.core.conditions import AtLeast, AtMost
from unstuck.core.protocol import AlertRule, BedsideLimit, Protocol, ReadingPlan
from unstuck.core.protocol_file import canonical_text, parse_protocol
from unstuck.core.session_events import SessionOpened
from unstuck.core.sourced import Grade

PLACE = Place("infusion", 1)
DOSE_AT = START + timedelta(hours=72)


def limit(key: str, value: float) -> BedsideLimit:
    return BedsideLimit(key, value, "site", Grade.ASSUMED)


def watched(**changes: object) -> Protocol:
    """The small protocol with readings every ten minutes, two alarms and the figures of the bedside."""
    small = small_protocol()
    assert small.monitoring is not None
    plan = replace(
        small.monitoring,
        readings=(ReadingPlan(("systolic_mmhg", "diastolic_mmhg"), "during", 10, "site"),),
        alerts=(
            AlertRule("pressure_high", AtLeast("systolic_mmhg", 160), "Pause and call.", True, "site"),
            AlertRule("oxygen_emergency", AtMost("spo2_percent", 87), "Open the airway.", True, "site", life=True),
            AlertRule("oxygen_falling", AtMost("spo2_percent", 94), "Speak to the person.", False, "site"),
        ),
        limits=(
            limit("alarm_take_s", 60),
            limit("alarm_recheck_min", 5),
            limit("unwatched_after_s", 120),
            limit("chairs_per_nurse", 2),
        ),
    )
    gates = tuple(replace(gate, why=gate.why or "Consent stands.") for gate in small.gates)
    text = canonical_text(replace(small, monitoring=plan, gates=gates, **changes))  # type: ignore[arg-type]
    return parse_protocol(text, "watched")


def release(protocol: Protocol) -> Release:
    """The protocol, in use."""
    return Release.objects.get_or_create(
        key=protocol.key,
        version=protocol.version,
        defaults={
            "hash": protocol.hash,
            "title": protocol.title,
            "text": canonical_text(protocol),
            "released_at": START,
            "signed_by": "a_test",
        },
    )[0]


def seated(number: int, keeper: str = "a1", protocol: Protocol | None = None, *more: ev.Event) -> Course:
    """A person whose dose began at DOSE_AT on chair `number`, checked in two minutes before by `keeper`."""
    used = protocol or watched()
    person = Person.objects.create(name=f"Person {number:02d}", registered_at=START, simulated=True)
    course = Course.objects.create(
        person=person,
        release=release(used),
        arm="ketamine",
        blinded=bool(used.blinded),
        simulated=True,
        enrolled_at=START,
    )
    opened = replace(event(SessionOpened("infusion", 1, f"chair_{number}", ("name", "born_on")), 71.9), actor=keeper)
    happened = [*before_dose(used), opened, dose(1, 72), *more]
    with transaction.atomic():
        append_events(course.key, [_of(course, one) for one in happened], used.hash)
        sitting = project(course, PLACE, DOSE_AT)
    assert sitting is not None
    Watch.objects.create(sitting=sitting, device="d_always", heard_at=DOSE_AT + timedelta(days=1))
    return course


def unwatched(course: Course) -> Sitting:
    """The sitting of the course, after its device has gone."""
    sitting = Sitting.objects.get(course=course)
    sitting.watches.all().delete()
    return sitting


def add(course: Course, *happened: ev.Event) -> None:
    """These events, appended as they stand."""
    with transaction.atomic():
        append_events(course.key, [_of(course, one) for one in happened], course.release.hash)


def reading(name: str, value: float, minutes: float) -> ev.Event:
    """A reading so many minutes after the dose began."""
    return event(ev.ReadingTaken(name, value, "infusion", 1, "during"), 72 + minutes / 60)


def after(minutes: float) -> datetime:
    """So many minutes after the dose began."""
    return DOSE_AT + timedelta(minutes=minutes)


def _of(course: Course, one: ev.Event) -> ev.Event:
    return replace(one, course=course.key, id=f"{course.key[:8]}-{one.id}")
