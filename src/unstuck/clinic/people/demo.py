"""Pictures of the demonstration's simulated people: initials on a colour, which nobody takes for a face."""

from __future__ import annotations

from datetime import datetime

from unstuck.clinic.people.models import Person
from unstuck.clinic.people.photos import drawn, keep_photo


def fill(at: datetime) -> None:
    """Every simulated person who has none gets a drawn picture."""
    for person in Person.objects.filter(simulated=True, erased_at=None, photo=None):
        keep_photo(person, drawn(person.name), "demo", at)
