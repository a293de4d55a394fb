"""Reading the ledger back: a course's events in order, and entries for the audit pages."""

from __future__ import annotations

import json

from unstuck.clinic.ledger.models import Chain, Entry
from unstuck.core.events import KINDS, Event, from_dict


def events(course: str) -> tuple[Event, ...]:
    """Every event of `course` in the order in which it was recorded; other acts are left out."""
    rows = Entry.objects.filter(chain=course, kind__in=KINDS).order_by("seq").values_list("payload", flat=True)
    return tuple(from_dict(json.loads(payload)) for payload in rows)


def entries(chain: str) -> tuple[Entry, ...]:
    """Every entry of `chain`, the oldest first."""
    return tuple(Entry.objects.filter(chain=chain).order_by("seq"))


def length(chain: str) -> int:
    """How many entries `chain` has; changes whenever anything is appended."""
    row = Chain.objects.filter(key=chain).first()
    return row.length if row else 0
