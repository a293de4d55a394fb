"""Taking back what was entered wrongly in a session: the entry stays in the ledger, and no longer counts."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import lock
from unstuck.clinic.session.queries import Place, live
from unstuck.clinic.session.timeline import CORRECTABLE, own_events
from unstuck.core import events as ev
from unstuck.core.errors import Complaint

REASONS = ("mistyped", "wrong_person", "wrong_time", "artefact")


class NotCorrectable(Complaint):
    """This entry cannot be taken back here."""


def correct(course: Course, place: Place, entries: Sequence[str], reason: str, entry: Entry) -> None:
    """These entries of this session no longer count; what is true instead is entered anew. Raises NotCorrectable."""
    if reason not in REASONS:
        raise NotCorrectable("A correction says why.", mend=f"One of {', '.join(REASONS)}.")
    with transaction.atomic():
        lock(course.key)
        stands = live(course, place, entry.recorded_at)
        known = {event.id: event for event in own_events(stands)}
        for wrong in entries:
            event = known.get(wrong)
            if event is None or not isinstance(event.what, CORRECTABLE):
                raise NotCorrectable("This cannot be taken back in this session.", mend="Ask the prescriber.")
        taken_back = [(ev.Corrected(wrong, reason), _one(entry, wrong)) for wrong in entries]
        if not taken_back:
            raise NotCorrectable("Nothing was chosen.")
        write_all(course, taken_back)


def _one(entry: Entry, wrong: str) -> Entry:
    """An id for each correction, so that a second tap is the first."""
    return Entry(entry.actor, entry.observed_at, entry.recorded_at, entry.words, f"undo-{wrong}"[:64])
