"""What is done to chairs; each act writes its ledger entry in its own transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.rooms.models import Chair
from unstuck.clinic.rooms.queries import first_seats
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Route


class KeyTaken(Complaint):
    """Another chair has, or had, this key."""


@dataclass(frozen=True, slots=True)
class ChairFacts:
    """What a chair is called, where it stands and what may be given in it."""

    label: str
    room: str = ""
    routes: Collection[Route] = ()
    place: int = 0
    active: bool = True


def name_chair(key: str, facts: ChairFacts, actor: str, at: datetime) -> Chair:
    """A new chair. Raises KeyTaken: events of the past may name the key."""
    with transaction.atomic():
        if Chair.objects.filter(key=key).exists():
            raise KeyTaken(_("There is a chair with this key already."), mend=_("Choose another key."))
        chair = Chair(key=key)
        _set(chair, facts)
        note("chair.named", actor, at, {"chair": key, "routes": chair.routes})
        return chair


def change_chair(chair: Chair, facts: ChairFacts, actor: str, at: datetime) -> None:
    """The chair has these facts now; its key stays."""
    with transaction.atomic():
        _set(chair, facts)
        kind = "chair.changed" if chair.active else "chair.retired"
        note(kind, actor, at, {"chair": chair.key, "routes": chair.routes})


def first_chairs() -> int:
    """How many chairs were made: those that a new site begins with, or none where chairs were named already."""
    if Chair.objects.exists():
        return 0
    made = [Chair(key=seat.key, label=seat.label, place=n) for n, seat in enumerate(first_seats(), 1)]
    return len(Chair.objects.bulk_create(made, ignore_conflicts=True))


def _set(chair: Chair, facts: ChairFacts) -> None:
    chair.label, chair.room, chair.place, chair.active = facts.label, facts.room, facts.place, facts.active
    chair.routes = sorted(Route(route).value for route in facts.routes)
    chair.save()
