"""Writing to a course: every change is an event that the core lets in and the ledger keeps."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from django.conf import settings
from django.db import transaction

from unstuck.clinic import clock
from unstuck.clinic.course.ghosts import invented_birthday, invented_name
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import protocol_of, states_of
from unstuck.clinic.ledger.actions import append_event, append_events, lock
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.people.models import Person
from unstuck.clinic.people.texts import write_text
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.protocol.models import Release
from unstuck.core import events as ev
from unstuck.core import refusals as no
from unstuck.core.course import Course as State
from unstuck.core.errors import Complaint
from unstuck.core.events import Event, Origin
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol
from unstuck.core.record import record
from unstuck.core.schedule import due
from unstuck.core.session_events import DoseChecked, DoseOrdered


class NotReleased(Complaint):
    """Nobody signed this version of the protocol for use here."""


class AlreadyLoaded(Complaint):
    """A course of this key is here already."""


class NotSimulated(Complaint):
    """A real event among those that are to be loaded as simulated."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody records: who, when it was observed, when it is written, and words that stay erasable."""

    actor: str
    observed_at: datetime
    recorded_at: datetime
    words: str = ""
    id: str = ""  # an id from the form makes a second send harmless


def origin() -> Origin:
    """What this clinic writes: simulated events in a demonstration, real ones elsewhere."""
    return Origin.SIMULATED if settings.UNSTUCK_DEMO else Origin.CLINIC


def enrol(person: Person, release: Release, arm: str | None, entry: Entry) -> Course:
    """The new course of a person, pinned to the version's hash. Raises a core Refusal."""
    protocol = protocol_of(release)
    with transaction.atomic():
        course = Course.objects.create(
            person=person,
            release=release,
            arm=arm or "",
            blinded=bool(protocol.blinded),
            simulated=origin() is Origin.SIMULATED,
            enrolled_at=entry.observed_at,
        )
        write(course, ev.Enrolled(protocol.key, protocol.version, protocol.hash, arm), entry)
    return course


def write(course: Course, what: ev.What, entry: Entry) -> State:
    """Records one event. Raises a core Refusal; then nothing was written."""
    return write_all(course, [(what, entry)])


def write_all(course: Course, entries: Sequence[tuple[ev.What, Entry]]) -> State:
    """Records events together: lock, load, ask the core, append, refresh. Raises a Refusal; then none is."""
    with transaction.atomic():
        lock(course.key)
        protocol = protocol_of(course.release)
        state = states_of([course])[course.key]
        for what, entry in entries:
            event = _event(course, what, entry)
            if _stands(state, event):
                continue  # a second tap: the first stands
            state = record(protocol, state, event)
            append_event(event, protocol.hash, _mac(course, what, entry))
        if not all(_leaves_the_plan(state, what) for what, _entry in entries):
            refresh(course, protocol, state, entries[-1][1].recorded_at)
    return state


_COUNTED_ANEW: dict[type, tuple[str, ...]] = {
    ev.AssessmentCompleted: ("step", "occurrence", "wording", "for_care"),
    DoseOrdered: ("valid_until",),
    DoseChecked: ("weight_kg",),
}
"""What the server works out when an entry comes, and may work out otherwise when the same entry comes again."""


def _stands(state: State, event: Event) -> bool:
    """Whether this entry is in already. Raises AlreadyDone where its id stands for something else said."""
    known = next((one for one in state.log if one.id == event.id), None)
    if known is None:
        return False
    if known.actor != event.actor or _told(known.what) != _told(event.what):
        raise no.AlreadyDone(
            "This form was saved before, with something else on it; nothing was changed.",
            mend="Open the page again and enter it there; correct what was wrong.",
        )
    return True


def _told(what: ev.What) -> tuple[object, ...]:
    """What an entry says, without what is counted anew for each try."""
    left_out = _COUNTED_ANEW.get(type(what), ())
    return type(what), *(getattr(what, f.name) for f in fields(what) if f.name not in left_out)


def _leaves_the_plan(state: State, what: ev.What) -> bool:
    """Whether an event cannot move what the plan asks for next: a reading of a session whose dose has been given."""
    return isinstance(what, ev.ReadingTaken) and what.step is not None and (what.step, what.occurrence) in state.done


def _mac(course: Course, what: ev.What, entry: Entry) -> str:
    """The keyed hash of the words that go with an event; empty where there are none."""
    if not entry.words:
        return ""
    return write_text(course.person, type(what).__name__, entry.words, entry.recorded_at).mac


def _event(course: Course, what: ev.What, entry: Entry) -> Event:
    made_by = Origin.SIMULATED if course.simulated else Origin.CLINIC
    key = entry.id or uuid.uuid4().hex
    return Event(key, course.key, entry.observed_at, entry.recorded_at, entry.actor, made_by, what)


def refresh(course: Course, protocol: Protocol, state: State, at: datetime) -> None:
    """The projection row, remade from the state."""
    rows = due(protocol, state, at, clock.zone())
    course.ended_at = state.ended.observed_at if state.ended else None
    course.next_at = (rows[0].closes if rows[0].asks else rows[0].target) if rows else None
    course.save(update_fields=["ended_at", "next_at"])


def load_ghost(happened: Iterable[Event], person: Person | None = None, at: datetime | None = None) -> Course:
    """A simulated course as a course of this clinic, under an invented name unless `person` is given.

    The version it ran under is released here if the library holds just that text. Raises NotSimulated, NotReleased,
    AlreadyLoaded, SimulatedBesideReal and core Refusals; then nothing was loaded.
    """
    log, moment = list(happened), at or clock.read()
    if any(event.origin is not Origin.SIMULATED for event in log):
        raise NotSimulated("Only simulated events can be loaded.", mend="Load a folder that `unstuck simulate` wrote.")
    with transaction.atomic():
        release = _release_for(log, moment)
        protocol = protocol_of(release)
        state = _recorded(protocol, log)
        if Course.objects.filter(key=state.key).exists():
            raise AlreadyLoaded(f"The course {state.key} is in this clinic already.")
        who = person or _invented(state.key, moment)
        course = _row(state, who, release, protocol)
        append_events(course.key, log, protocol.hash)
        refresh(course, protocol, state, moment)
    return course


def _recorded(protocol: Protocol, log: Sequence[Event]) -> State:
    state = State()
    for event in log:
        state = record(protocol, state, event)
    return state


def _row(state: State, person: Person, release: Release, protocol: Protocol) -> Course:
    assert state.enrolled_at is not None  # _release_for has refused events without an enrolment
    return Course.objects.create(
        key=state.key,
        person=person,
        release=release,
        arm=state.arm or "",
        blinded=bool(protocol.blinded),
        simulated=True,
        enrolled_at=state.enrolled_at,
    )


def _invented(key: str, at: datetime) -> Person:
    return register_person(Identity(invented_name(key), invented_birthday(key)), "ghost", at, simulated=True)


def _release_for(log: Sequence[Event], at: datetime) -> Release:
    enrolled = next((e.what for e in log if isinstance(e.what, ev.Enrolled)), None)
    if enrolled is None:
        raise NotReleased("The events hold no enrolment.")
    release = Release.objects.filter(hash=enrolled.protocol_hash).first()
    if release:
        return release
    protocol = load_protocol(enrolled.protocol)
    if protocol.hash != enrolled.protocol_hash:
        raise NotReleased(
            f"The course ran under another text of {enrolled.protocol} than the library holds.",
            mend="Simulate it again.",
        )
    return release_as(protocol, "ghost", at)
