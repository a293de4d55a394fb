"""Writing structured therapy into a course: items of lists, and sessions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger.actions import lock
from unstuck.core import events as ev
from unstuck.core.course import Course as State
from unstuck.core.errors import Complaint
from unstuck.core.protocol import AfterEachDose, Protocol
from unstuck.core.therapy import Therapy, refuse_unfit
from unstuck.core.therapy_course import next_item, next_number
from unstuck.core.therapy_events import TherapyItemListed, TherapyRecorded


class NoSuchList(Complaint):
    """The therapy has no list of that name."""


class NoDoseSaid(Complaint):
    """A session of a step that follows a dose belongs to that dose."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells of one session. `cycle` is the number of a dose, 0 where it belongs to none."""

    step: str
    occurrence: int
    minutes: float | None
    cycle: int
    figures: tuple[tuple[str, float], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    ratings: tuple[tuple[str, str, float], ...] = ()


def list_item(course: Course, therapy: Therapy, listing: str, entry: Entry) -> TherapyItemListed:
    """The item on the list, its words in an erasable row. Raises NoSuchList, and Complaint without words."""
    if listing not in {each.key for each in therapy.lists}:
        raise NoSuchList(_("%(title)s has no such list.") % {"title": therapy.title})
    if not entry.words.strip():
        raise Complaint(_("An item needs its words."), mend=_("Write it in a few words."))
    with transaction.atomic():
        lock(course.key)
        what = TherapyItemListed(therapy.key, listing, next_item(load(course).state, therapy.key, listing))
        write_all(course, [(what, entry)])
    return what


def record_session(course: Course, therapy: Therapy, told: Told, entry: Entry) -> State:
    """The session as held and as structure, both or neither; `entry.words` is the chart's summary.

    Raises a Complaint where the structure, the protocol or the course refuses it.
    """
    with transaction.atomic():
        lock(course.key)
        loaded = load(course)
        _refuse_other_dose(loaded.protocol, told)
        number = _number(loaded.state, therapy, entry)
        what = TherapyRecorded(
            told.step, told.occurrence, therapy.key, therapy.version, number, told.cycle,
            tuple(sorted(told.figures)), tuple(sorted(told.choices)), tuple(sorted(told.ratings)),
        )  # fmt: skip
        refuse_unfit(therapy, what)
        held = Entry(entry.actor, entry.observed_at, entry.recorded_at, id=_held_id(entry))
        entries: list[tuple[ev.What, Entry]] = [(what, entry)]
        if (told.step, told.occurrence) not in loaded.state.done:
            entries.insert(0, (ev.StepHeld(told.step, told.occurrence, told.minutes), held))
        return write_all(course, entries)


def _number(state: State, therapy: Therapy, entry: Entry) -> int:
    """Which session this is; the same form sent again keeps its number."""
    known = next((e.what for e in state.log if e.id == entry.id), None)
    return known.number if isinstance(known, TherapyRecorded) else next_number(state, therapy.key)


def _held_id(entry: Entry) -> str:
    """An id that the same form gives again, so that a second send is harmless."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{entry.id}:held").hex if entry.id else ""


def dose_of(protocol: Protocol, step: str, occurrence: int) -> int | None:
    """The number of the dose that the plan itself ties this session to; None where a person says it."""
    anchor = protocol.step(step).after if protocol.has(step) else None
    return occurrence if isinstance(anchor, AfterEachDose) else None


def _refuse_other_dose(protocol: Protocol, told: Told) -> None:
    tied = dose_of(protocol, told.step, told.occurrence)
    if tied is not None and told.cycle != tied:
        raise NoDoseSaid(_("The plan ties this session to dose %(n)s.") % {"n": tied}, mend=_("Choose that dose."))
