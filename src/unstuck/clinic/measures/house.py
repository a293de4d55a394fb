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
from unstuck.clinic.course.sight import counted_for
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
    full: tuple[Seen, ...]  # with all that the rules may hide in a line; only counted where they do
    safe: bool  # whether this reader is shown how often doses did harm
    period: Period
    weeks: int
    seats: int  # chairs in use


def house(account: Account, weeks: int, at: datetime) -> House:
    """What this account may count of the last so many weeks. A number is the same for everybody to whom it is shown."""
    rows = list(queries.everyone())
    return House(
        account,
        {row.key: row for row in rows},
        tuple(Seen(one.protocol, one.state) for one in counted_for(account, rows)),
        tuple(Seen(one.protocol, one.state) for one in queries.loaded(rows)),
        access.may_see_safety(account),
        Period(at - timedelta(weeks=weeks), at, clock.zone()),
        weeks,
        len(seats()),
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """One measure: what it is called, what counts, what the denominator is, and how it is worked out."""

    title: str | Promise
    counted: str | Promise
    others: str | Promise
    measure: Callable[[House], Ratio | Times]
    of_safety: bool = False
    of_outcome: bool = False
    telling: bool = False  # a line of it would tell something of a hidden arm


KINDS: dict[str, Kind] = {
    "courses": Kind(_("Courses that were begun"), _("under way"), _("ended"), lambda h: core.everybody(h.seen)),
    "no_shows": Kind(
        _("Booked visits that nobody came to"), _("nobody came"), _("kept"), lambda h: core.no_shows(h.seen, h.period)
    ),
    "complete": Kind(
        _("Questionnaires and interviews done, of those whose window has closed"), _("done"), _("missing"),
        lambda h: core.completeness(h.seen, h.period),
    ),
    "session_time": Kind(
        _("Minutes from check-in to leaving, of dosing visits"), _("visit"), "",
        lambda h: core.session_times(h.full, h.period), telling=True,
    ),
    "chairs": Kind(_("Dosing visits"), _("visit"), "", lambda h: chair_use(h)[1]),
    "harmed": Kind(
        _("Doses with an unwanted effect that was not merely expected"), _("unwanted effect"), _("none written"),
        lambda h: core.harmed_doses(h.full, h.period), of_safety=True, telling=True,
    ),
    "serious": Kind(
        _("Doses with a serious unwanted effect"), _("serious"), _("none written"),
        lambda h: core.serious_doses(h.full, h.period), of_safety=True, telling=True,
    ),
    "harms": Kind(
        _("Unwanted effects, serious ones first"), _("serious"), _("not serious"),
        lambda h: core.harms(h.full, h.period), of_safety=True, telling=True,
    ),
}  # fmt: skip


def chair_use(here: House) -> tuple[float | None, Ratio]:
    """Dosing visits a chair and working day, and the visits."""
    return core.chair_use(here.seen, here.period, here.seats, working_days(here))


def working_days(here: House) -> int:
    """The working days of the period."""
    return here.weeks * WORKING_DAYS


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
    return not kind.telling or access.may_see_harms_of(here.account, here.rows[item.course])


def may_value(here: House, kind: Kind, item: Item) -> bool:
    """Whether the reader may learn the figure on the line: a score is for whoever sees scores."""
    return not kind.of_outcome or access.may_see_scores(here.account, here.rows[item.course])
