"""When each session was last watched: a page that is hidden, asleep or gone is not a watch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from unstuck.clinic.session.models import Sitting, Watch
from unstuck.clinic.session.queries import open_sittings


@dataclass(frozen=True, slots=True)
class Heard:
    """When somebody could last see the session's page on a device; `ever` is whether any device had it open at all."""

    at: datetime
    ever: bool = True


Key = tuple[int, str, int]


def watches(sittings: Iterable[Sitting] | None = None) -> dict[Key, Heard]:
    """When each open session was last watched, by (course id, step, occurrence); two queries for all."""
    rows = open_sittings() if sittings is None else sittings
    return {(row.course_id, row.step, row.occurrence): Heard(_last(row), bool(row.watches.all())) for row in rows}


def _last(sitting: Sitting) -> datetime:
    """A hidden page watched until it was hidden; a session that no device ever opened, until its check-in."""
    return max((_until(watch) for watch in sitting.watches.all()), default=sitting.opened_at)


def _until(watch: Watch) -> datetime:
    return watch.heard_at if watch.visible else watch.since or watch.heard_at
