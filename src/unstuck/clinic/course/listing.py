"""The list of people: each with where the course stands and what is next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from unstuck.clinic.course.pages import NextAct, Sight, next_act
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.core.time import study_day

_ORDER = ["stop", "late", "held", "not_known", "open", "planned", "waiting", "none"]


@dataclass(frozen=True, slots=True)
class PersonRow:
    key: str
    name: str
    protocol: str
    day: str
    next: NextAct
    ended: bool


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Everybody, most urgent first."""

    text: str
    rows: tuple[PersonRow, ...]
    late: int
    may_enrol: bool


def people_page(found: Iterable[Loaded], account: Account, text: str, at: datetime, zone: tzinfo) -> PeoplePage:
    """The list for this account."""
    names = access.may_see_names(account)
    rows = sorted((_row(one, names, at, zone) for one in found), key=lambda r: (_ORDER.index(r.next.level), r.name))
    late = sum(1 for row in rows if row.next.level == "late")
    return PeoplePage(text, tuple(rows), late, access.may_enrol(account))


def _row(one: Loaded, names: bool, at: datetime, zone: tzinfo) -> PersonRow:
    plain = Sight(names=names, scores=False, arm=False, acts=frozenset())
    start = one.state.enrolled_at
    return PersonRow(
        key=one.row.key,
        name=one.row.person.name if names else one.row.key,
        protocol=one.protocol.title,
        day=str(study_day(at, start, zone)) if start else "",
        next=next_act(one, plain, at, zone),
        ended=one.state.is_over,
    )
