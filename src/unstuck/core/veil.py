"""A course without what its reader must not know: gone from the data that a page is made of, not hidden on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from unstuck.core import events as ev
from unstuck.core.conditions import Seen
from unstuck.core.course import COUNTERS, Course
from unstuck.core.events import Event
from unstuck.core.session_events import SessionWhat

UNMASKING = frozenset({"cadss", "cadss6", "aldrete", "padss"})
"""Instruments that are rated while a dose works, and tell what was in it."""
_TELLING = ev.ReadingTaken | ev.AdverseEventNoted | ev.GateOverridden | ev.FactStated | ev.Corrected | SessionWhat


@dataclass(frozen=True, slots=True)
class Hide:
    """What is taken out: what would tell the arm (arm, doses, vital signs, dissociation, harms), and answers."""

    arm: bool = False
    answers: bool = False


def veiled(course: Course, hide: Hide) -> Course:
    """The course without it. When steps were done, booked or skipped stays; a rule that needs more is UNKNOWN."""
    if not (hide.arm or hide.answers):
        return course
    log = tuple(_blank(event, hide) for event in course.log if _stays(event, hide))
    there = {event.id: event for event in log}
    course = replace(
        course,
        log=log,
        enrolment=there.get(course.enrolment.id) if course.enrolment else None,
        doses=tuple(there[dose.id] for dose in course.doses),
        assessments=tuple(there[one.id] for one in course.assessments if one.id in there),
        series=_series(course, hide),
    )
    return replace(course, arm=None, adverse=(), sessions={}, overrides={}) if hide.arm else course


def _stays(event: Event, hide: Hide) -> bool:
    what = event.what
    if isinstance(what, ev.AssessmentCompleted):
        return not (hide.answers or (hide.arm and what.instrument in UNMASKING))
    return not (hide.arm and isinstance(what, _TELLING))


def _blank(event: Event, hide: Hide) -> Event:
    """A dose without what and how much, an enrolment without its arm."""
    what = event.what
    if hide.arm and isinstance(what, ev.Enrolled):
        return replace(event, what=replace(what, arm=None))
    if hide.arm and isinstance(what, ev.DoseGiven):
        return replace(event, what=ev.DoseGiven(what.step, what.occurrence, "", "", 0.0, None, None, ""))
    return event


def _series(course: Course, hide: Hide) -> Mapping[str, tuple[Seen, ...]]:
    """Facts that stay: counters, what was done, consent, and scores of instruments that tell nothing."""
    return {name: values for name, values in course.series.items() if _may_stay(name, hide)}


def _may_stay(name: str, hide: Hide) -> bool:
    if name in COUNTERS or name == "consent" or name.startswith("done."):
        return True
    instrument, dot, _scale = name.partition(".")
    if hide.arm and (not dot or instrument in UNMASKING or instrument in ("person", "room", "discharged")):
        return False
    return not (hide.answers and dot and instrument not in ("person", "room", "discharged"))
