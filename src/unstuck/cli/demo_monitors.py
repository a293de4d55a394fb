"""Monitors of a demonstration: one at each chair, which sends once more what was last read of whoever sits there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.interop.devices import DeviceFacts, assign, name_device
from unstuck.clinic.interop.framing import Cut, Fault
from unstuck.clinic.interop.receipt import receive, receive_fault
from unstuck.clinic.interop.vocabulary import vocabulary
from unstuck.clinic.plan.visits import Day, Visit, today
from unstuck.clinic.rooms.models import Chair
from unstuck.clinic.site import demo

STOOD = timedelta(hours=8)
_UNITS = {
    "mmHg": "266016^MDC_DIM_MMHG^MDC",
    "/min": "264864^MDC_DIM_BEAT_PER_MIN^MDC",
    "%": "262688^MDC_DIM_PERCENT^MDC",
}


def fill(at: datetime) -> None:
    """A monitor at each chair, what it sent, and the remains of one message that broke off."""
    seated = {visit.place: visit for visit in _visits(at)}
    for number, chair in enumerate(Chair.objects.filter(active=True), 1):
        facts = DeviceFacts(f"Monitor {number}", f"192.0.2.{number}")  # addresses that are kept for examples (RFC 5737)
        device = name_device(facts, demo.account("alma").key, at - STOOD)
        assign(device, chair, demo.account("nia").key, at - STOOD)
        visit = seated.get(chair.key)
        if visit and visit.session.latest:
            body = _message(number, visit, at)
            receive(body, facts.address, at)
            receive_fault(Fault(Cut.BROKEN_OFF, body[:150]), facts.address, at)


def _visits(at: datetime) -> Iterator[Visit]:
    courses = queries.loaded(queries.everyone().filter(ended_at=None))
    return (visit for course in today(courses, Day(at, clock.zone())) for visit in course.visits if visit.running)


def _message(number: int, visit: Visit, at: datetime) -> bytes:
    """A result message with what was last read in this visit."""
    stamp = f"{at - timedelta(seconds=20):%Y%m%d%H%M%S}+0000"
    channels = {c.measure.name: c for c in vocabulary().by_code.values() if c.rank == 0}
    head = f"MSH|^~\\&|MON{number}|Demonstration|||{stamp}||ORU^R01^ORU_R01|demo-{number}|P|2.6|||NE|AL||UNICODE UTF-8"
    rows = [head, f"OBR|1|||182777000^monitoring of patient^SCT|||{stamp}"]
    for place, (name, seen) in enumerate(visit.session.latest, 1):
        if name in channels:
            code = f"{channels[name].code}^{channels[name].reference}^MDC"
            unit = _UNITS[channels[name].measure.unit]
            rows.append(f"OBX|{place}|NM|{code}|1.1.1.{place}|{seen.value:g}|{unit}|||||R|||{stamp}")
    return ("\r".join(rows) + "\r").encode()
