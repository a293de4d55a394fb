"""Reading the chairs of the site."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from unstuck.clinic.rooms.models import Chair
from unstuck.core.protocol import Route

FIRST = ("chair_1", "chair_2", "chair_3")
"""The chairs of a site that has not named its own yet."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A chair in use. No routes means that every route may be given in it."""

    key: str
    label: str
    room: str = ""
    routes: frozenset[Route] = frozenset()

    @property
    def words(self) -> str:
        """The chair with its room."""
        return f"{self.label}, {self.room}" if self.room else self.label


def seats() -> tuple[Seat, ...]:
    """The chairs in use, in their order; three chairs without a room where none was ever named."""
    named = list(Chair.objects.all())
    if not named:
        return tuple(first_seats())
    return tuple(_seat(chair) for chair in named if chair.active)


def first_seats() -> list[Seat]:
    """The chairs that a new site begins with."""
    return [Seat(key, _("Chair %(n)s") % {"n": n}) for n, key in enumerate(FIRST, 1)]


def choices() -> list[tuple[str, str]]:
    """(key, words) of each chair in use, for a form."""
    return [(seat.key, seat.words) for seat in seats()]


def chairs() -> tuple[Chair, ...]:
    """Every chair that was ever named, those in use first."""
    return tuple(Chair.objects.order_by("-active", "place", "key"))


def _seat(chair: Chair) -> Seat:
    return Seat(chair.key, chair.label, chair.room, frozenset(Route(route) for route in chair.routes))
