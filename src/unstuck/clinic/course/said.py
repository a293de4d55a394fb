"""What was said in words with an entry of a course: reasons and notes, bound to their entry, and erasable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import get_args

from unstuck.clinic.course.models import Course
from unstuck.clinic.course.words import kind_words, when
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people.models import Text
from unstuck.clinic.people.queries import display_names
from unstuck.core.course import Course as State
from unstuck.core.events import What

ELSEWHERE = frozenset(
    {"leaf.written", "feedback.written", "goal.set", "information.allowed", "trauma.described", "ConsentGiven"}
    | {"TherapyItemListed", "TherapyRecorded"}
)
"""Entries whose words have a page, and readers, of their own."""
EVENTS = frozenset(kind.__name__ for kind in get_args(What))
MOST = 100


@dataclass(frozen=True, slots=True)
class Said:
    """One reason or note: to which entry it belongs, by whom, when, and the words."""

    what: str
    who: str
    at: str
    words: str


def said(row: Course, shown: State, zone: tzinfo) -> tuple[Said, ...]:
    """Reasons and notes, the newest first. Those of an event are left out where `shown`, the course as its reader may
    know it, has not the event: words about a dose would tell what was in it."""
    known = {event.id for event in shown.log}
    rows = Entry.objects.filter(chain=row.key).exclude(text_mac="").exclude(kind__in=ELSEWHERE).order_by("-seq")
    entries = [entry for entry in rows[:MOST] if entry.kind not in EVENTS or entry.act in known]
    bodies = dict(Text.objects.filter(mac__in=[e.text_mac for e in entries], erased_at=None).values_list("mac", "body"))
    names = display_names({entry.actor for entry in entries})
    return tuple(
        Said(
            kind_words(entry.kind),
            names.get(entry.actor, ""),
            when(entry.observed_at, zone),
            bodies[entry.text_mac],
        )
        for entry in entries
        if bodies.get(entry.text_mac)
    )
