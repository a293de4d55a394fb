"""The row of a session, remade from its state after every write."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.session.models import Sitting
from unstuck.clinic.session.queries import Place
from unstuck.core.course import standing
from unstuck.core.errors import Complaint
from unstuck.core.events import Discharged
from unstuck.core.session import Session, session


class ChairTaken(Complaint):
    """Somebody else sits in this chair, or this person sits in another."""


def project(course: Course, place: Place, at: datetime) -> Sitting | None:
    """The session's row as its events say; None before check-in. Raises ChairTaken."""
    loaded = load(course)
    stands = session(loaded.protocol, loaded.state, place.step, place.occurrence, at)
    if not stands.chair:
        return None
    left = next(
        (
            e.observed_at
            for e in standing(loaded.state.log)
            if isinstance(e.what, Discharged) and (e.what.step, e.what.occurrence) == (place.step, place.occurrence)
        ),
        None,
    )
    return _saved(course, place, stands, left, at)


def _saved(course: Course, place: Place, stands: Session, left: datetime | None, at: datetime) -> Sitting:
    fields = {
        "chair": stands.chair,
        "keeper": stands.keeper,
        "given_at": stands.dose.observed_at if stands.dose else None,
        "left_at": left,
    }
    try:
        with transaction.atomic():
            row, _made = Sitting.objects.update_or_create(
                course=course,
                step=place.step,
                occurrence=place.occurrence,
                defaults=fields,
                create_defaults=fields | {"opened_at": at},
            )
    except IntegrityError:
        raise ChairTaken(
            "This chair is taken, or this person has another session open.",
            mend="Choose a free chair, or let the open session end first.",
        ) from None
    return row
