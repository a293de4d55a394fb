"""The index trauma as the person calls it: a few erasable words for the treating team; each change stays on record."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.ledger.actions import Act, append, lock
from unstuck.clinic.people.texts import text_of, write_text
from unstuck.core.errors import Complaint

KIND = "trauma.described"
LONGEST = 300  # characters: enough to tell which event is meant, too few for its story


class NotDescribed(Complaint):
    """No words were saved."""


@dataclass(frozen=True, slots=True)
class Described:
    """The words as they stood from then on, empty where they were erased."""

    words: str
    by: str
    at: datetime


def describe(course: Course, words: str, actor: str, at: datetime) -> bool:
    """The event is called so from now on; earlier words stay on record. Whether anything changed."""
    said = " ".join(words.split())
    if not said or len(said) > LONGEST:
        raise NotDescribed(
            _("Write which event is meant, in at most %(n)s characters.") % {"n": LONGEST},
            mend=_("Its story belongs into no record."),
        )
    with transaction.atomic():
        lock(course.key)
        before = described(course)
        if before and before[0].words == said:
            return False
        text = write_text(course.person, "trauma", said, at)
        append(course.key, Act(KIND, actor, at, at, {}, text_mac=text.mac, act=uuid.uuid4().hex))
    return True


def described(course: Course) -> tuple[Described, ...]:
    """Every wording, the one in use first."""
    entries = [entry for entry in ledger.entries(course.key) if entry.kind == KIND]
    return tuple(Described(_body(e.text_mac), e.actor, e.observed_at) for e in reversed(entries))


def _body(mac: str) -> str:
    found = text_of(mac)
    return found.body if found else ""
