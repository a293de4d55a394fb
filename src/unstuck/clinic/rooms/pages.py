"""What the page about chairs shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from unstuck.clinic.rooms.forms import ROUTE_WORDS
from unstuck.clinic.rooms.models import Chair
from unstuck.core.protocol import Route


@dataclass(frozen=True, slots=True)
class ChairRow:
    key: str
    label: str
    room: str
    routes: tuple[str, ...]
    active: bool


def rows(chairs: Iterable[Chair]) -> tuple[ChairRow, ...]:
    """Each chair with its routes in words."""
    return tuple(_row(chair) for chair in chairs)


def _row(chair: Chair) -> ChairRow:
    routes = tuple(str(ROUTE_WORDS[Route(route)]) for route in chair.routes)
    return ChairRow(chair.key, chair.label, chair.room, routes, chair.active)
