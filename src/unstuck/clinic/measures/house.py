"""The house as one reader may know it: its courses, its period, and each measure by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.sight import loaded_for
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.rooms.queries import seats
from unstuck.core import measures as core
from unstuck.core.measures import Item, Period, Ratio, Seen, Times
from unstuck.core.protocol import Endpoint

WEEKS = (4, 13, 52)
WORKING_DAYS = 5  # a week; a site that opens on more days reads the figure so


@dataclass(frozen=True, slots=True)
class House:
    """Courses with their rows, the period, and for whom it is made."""

    account: Account
    rows: dict[str, Course]
    seen: tuple[Seen, ...]
    safety: tuple[Seen, ...]  # with doses and harms; empty for whom the rules show none
    period: Period
    weeks: int


def house(account: Account, weeks: int, at: datetime) -> House:
    """What this account may count of the last so many weeks: a blinded reader's courses hold no doses and no harms."""
    rows = list(queries.everyone())
    full = queries.loaded(rows) if access.may_see_safety(account) else []
    return House(
        account,
        {row.key: row for row in rows},
        tuple(Seen(one.protocol, one.state) for one in loaded_for(account, rows)),
        tuple(Seen(one.protocol, one.state) for one in full),
        Period(at - timedelta(weeks=weeks), at, clock.zone()),
        weeks,
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """One measure: what it is called, what counts, what the denominator is, and how it is worked out."""

    title: str | Promise
    counted: str | Promise
    others: str | Promise
    measure: Callable[[House], Ratio | Times]
    of_safety: bool = False


KINDS: dict[str, Kind] = {
    "no_shows": Kind(
        _("Booked visits that nobody came to"), _("nobody came"), _("kept"), lambda h: core.no_shows(h.seen, h.period)
    ),
    "complete": Kind(
        _("Questionnaires and interviews done, of those whose window has closed"), _("done"), _("missing"),
        lambda h: core.completeness(h.seen, h.period),
    ),
    "session_time": Kind(
        _("Minutes from check-in to leaving, of dosing visits"), _("visit"), "",
        lambda h: core.session_times(h.seen, h.period),
    ),
    "chairs": Kind(_("Dosing visits"), _("visit"), "", lambda h: chair_use(h)[1]),
    "harmed": Kind(
        _("Doses with an unwanted effect that was not merely expected"), _("unwanted effect"), _("none written"),
        lambda h: core.harmed_doses(h.safety, h.period), of_safety=True,
    ),
    "serious": Kind(
        _("Doses with a serious unwanted effect"), _("serious"), _("none written"),
        lambda h: core.serious_doses(h.safety, h.period), of_safety=True,
    ),
    "harms": Kind(
        _("Unwanted effects, serious ones first"), _("serious"), _("not serious"),
        lambda h: core.harms(h.safety, h.period), of_safety=True,
    ),
}  # fmt: skip


def chair_use(here: House) -> tuple[float | None, Ratio]:
    """Dosing visits a chair and working day, and the visits."""
    return core.chair_use(here.seen, here.period, len(seats()), here.weeks * WORKING_DAYS)


def endpoints(here: House) -> list[tuple[str, str, Endpoint, list[Seen]]]:
    """(key, protocol's title, endpoint, its courses) of every response that a protocol in use defines."""
    by_protocol: dict[str, list[Seen]] = {}
    for seen in here.seen:
        by_protocol.setdefault(seen.protocol.key, []).append(seen)
    return [
        (f"{key}.{endpoint.key}", courses[0].protocol.title, endpoint, courses)
        for key, courses in sorted(by_protocol.items())
        for endpoint in courses[0].protocol.endpoints
        if endpoint.kind in ("response", "remission")
    ]


def may_list(here: House, kind: Kind, item: Item) -> bool:
    """Whether the reader may learn of this course what the line tells; else it is only counted."""
    return not kind.of_safety or access.may_see_harms_of(here.account, here.rows[item.course])
