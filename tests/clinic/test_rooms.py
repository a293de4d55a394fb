"""The chairs of a site: named by an administrator, never given away again, offered where a visit is booked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.rooms.actions import ChairFacts, KeyTaken, change_chair, first_chairs, name_chair
from unstuck.clinic.rooms.models import Chair
from unstuck.clinic.rooms.queries import choices, seats
from unstuck.core.protocol import Route

pytestmark = pytest.mark.django_db


def test_a_site_begins_with_three_chairs() -> None:
    """Before anybody names a chair there are three; making them real changes neither key nor name, and only once."""
    before = seats()
    assert [seat.key for seat in before] == ["chair_1", "chair_2", "chair_3"]
    assert (first_chairs(), first_chairs()) == (3, 0)
    assert seats() == before


def test_a_retired_chair_is_not_offered_and_keeps_its_key(at: datetime) -> None:
    """A chair out of use leaves the choices; its key cannot name another chair, because past bookings hold it."""
    chair = name_chair("bed_1", ChairFacts("Bed 1", "Room A", [Route.IM]), "a_alma", at)
    name_chair("bed_2", ChairFacts("Bed 2"), "a_alma", at)
    change_chair(chair, ChairFacts("Bed 1", "Room A", [Route.IM], active=False), "a_alma", at)
    assert choices() == [("bed_2", "Bed 2")]
    with pytest.raises(KeyTaken):
        name_chair("bed_1", ChairFacts("Another"), "a_alma", at)
    assert [entry.kind for entry in entries("site")][-3:] == ["chair.named", "chair.named", "chair.retired"]


def test_an_administrator_names_chairs_and_nobody_else(signed_in: Callable[[str], Client]) -> None:
    """The form makes a chair with its routes; a nurse is refused and nothing is made."""
    told = {"key": "chair_4", "label": "Chair 4", "room": "Room B", "place": "4", "routes": ["im", "sc"]}
    assert signed_in("nia").post("/chairs/", told).status_code == 403
    assert signed_in("alma").post("/chairs/", told).status_code == 302
    (seat,) = seats()
    assert (seat.words, seat.routes) == ("Chair 4, Room B", frozenset({Route.IM, Route.SC}))
    again = signed_in("alma").post("/chairs/", told)
    assert (again.status_code, Chair.objects.count()) == (200, 1)
    assert "already" in again.content.decode()


def test_a_chair_is_changed_and_taken_out_of_use_by_its_page(signed_in: Callable[[str], Client], at: datetime) -> None:
    """The page of a chair changes all but its key; a button takes it out of use and back."""
    name_chair("chair_4", ChairFacts("Chair 4"), "a_alma", at)
    alma = signed_in("alma")
    alma.post("/chairs/chair_4/", {"label": "Window chair", "room": "", "place": "1"})
    assert choices() == [("chair_4", "Window chair")]
    alma.post("/chairs/chair_4/use/")
    assert seats() == ()
    alma.post("/chairs/chair_4/use/")
    assert choices() == [("chair_4", "Window chair")]
