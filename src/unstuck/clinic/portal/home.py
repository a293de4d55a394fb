"""What a person's first page shows: what is next, what to do before it, what can be answered, and the own curve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.course import queries
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.own import OwnPage, OwnStep, own_page
from unstuck.clinic.portal import check_ins, feedback
from unstuck.clinic.portal.before import ToDo, to_do
from unstuck.clinic.portal.curve import OwnCurve, own_curve
from unstuck.core.check_ins import CheckIn

DOSE = "dose"


@dataclass(frozen=True, slots=True)
class OpenCheckIn:
    """A check-in that can be answered now."""

    id: str
    words: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """Exactly what the page shows. `before` belongs to the next dose visit."""

    key: str
    own: OwnPage
    before: tuple[ToDo, ...]
    before_what: str
    check_ins: tuple[OpenCheckIn, ...]
    feedback: str
    curve: OwnCurve | None


def course_of(person_id: int | None) -> Course | None:
    """The course that the pages are about: the newest that goes on, else the newest."""
    courses = queries.own_courses(person_id)
    return next((course for course in courses if course.ended_at is None), courses[0] if courses else None)


def home_page(course: Course, at: datetime, zone: tzinfo) -> HomePage:
    """The page of that course at one instant."""
    loaded = queries.load(course)
    own = own_page(loaded, at, zone)
    dose = _next_dose(own)
    return HomePage(
        key=course.key,
        own=own,
        before=to_do(loaded.protocol, dose.booked, zone) if dose else (),
        before_what=f"{dose.what}: {dose.when}" if dose else "",
        check_ins=tuple(OpenCheckIn(c.id, _words(c)) for c in check_ins.open_now(loaded, at, zone)),
        feedback=feedback.visit_to_ask_of(loaded, at),
        curve=own_curve(loaded, zone),
    )


def _next_dose(own: OwnPage) -> OwnStep | None:
    steps = (own.next, *own.later) if own.next else ()
    return next((step for step in steps if step and step.kind == DOSE), None)


def _words(occasion: CheckIn) -> str:
    words = {
        "day_after": _("How are you the day after?"),
        "weekly": _("How was your week?"),
        "monthly": _("How was your month?"),
    }
    return words.get(occasion.series, _("How are you?"))
