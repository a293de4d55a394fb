"""The board: who needs me next? Frozen values made from replayed courses, without any query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic.course.pages import Sight
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.course.words import STATE_WORDS, span_text
from unstuck.clinic.plan.chairs import ChairCard, chairs, sits
from unstuck.clinic.plan.urgency import TODAY, QueueRow, most_urgent, to_reach, who
from unstuck.clinic.plan.visits import Day, Today, Visit, today
from unstuck.clinic.plan.words import clock, place_words
from unstuck.core.schedule import State
from unstuck.core.session import Phase

_SHOWN = 8  # rows of a list; the rest is counted, and the list of people has them all


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """Somebody who comes later today."""

    moment: datetime
    clock: str
    where: str
    who: str
    key: str
    what: str
    level: str
    word: str

    @property
    def address(self) -> str:
        """The course."""
        return reverse("course:course", args=[self.key])


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Exactly what the board shows."""

    checked: str
    day: datetime
    next: QueueRow | None
    queue: tuple[QueueRow, ...]
    more: int
    chairs: tuple[ChairCard, ...]
    taken: int
    late: int
    later: tuple[ArrivalRow, ...]
    contact: tuple[QueueRow, ...]
    contact_more: int
    clinical: bool
    courses: int

    @property
    def empty(self) -> bool:
        """Whether the day asks for nothing and nobody is here or comes."""
        return not (self.next or self.taken or self.later)


def board(loaded_courses: Iterable[Loaded], sight: Sight, at: datetime, zone: tzinfo) -> BoardPage:
    """The board at one instant, for one reader."""
    day = Day(at, zone)
    courses = today(loaded_courses, day)
    arrivals = sorted((a for c in courses for a in _arrivals(c, sight, day)), key=lambda a: (a.moment, a.who))
    urgent = sorted((row for c in courses if (row := most_urgent(c, sight, day))), key=lambda row: row.order)
    reach = sorted((row for c in courses if (row := to_reach(c, sight, day))), key=lambda row: row.order, reverse=True)
    if not sight.arm:
        urgent = [_coming(row, day) for row in arrivals]
    first, rest = (urgent[0], urgent[1:]) if urgent else (None, [])
    cards = chairs(courses, sight, day)
    return BoardPage(
        checked=f"{at.astimezone(zone):%H:%M:%S}",
        day=at,
        next=first,
        queue=tuple(rest[:_SHOWN]),
        more=max(0, len(rest) - _SHOWN),
        chairs=cards,
        taken=sum(1 for card in cards if card.key),
        late=sum(1 for row in urgent if row.level in ("late", "now")),
        later=tuple(arrivals),
        contact=tuple(reach[:_SHOWN]),
        contact_more=max(0, len(reach) - _SHOWN),
        clinical=sight.arm,
        courses=len(courses),
    )


def _arrivals(course: Today, sight: Sight, day: Day) -> list[ArrivalRow]:
    """Whoever is expected and not in a chair yet; the front desk sees everybody who is expected."""
    return [
        _arrival(course, visit, sight, day)
        for visit in course.visits
        if visit.phase is Phase.EXPECTED and visit.due and (not sight.arm or visit.at > day.at)
        if not (sight.arm and visit.place.startswith("chair") and sits(visit, day))
    ]


def _arrival(course: Today, visit: Visit, sight: Sight, day: Day) -> ArrivalRow:
    state = visit.due.state if visit.due and sight.arm else State.PLANNED
    word = _("Ready") if state is State.OPEN else str(STATE_WORDS[state])
    return ArrivalRow(
        moment=visit.at,
        clock=clock(visit.at, day.zone),
        where=place_words(visit.place),
        who=who(course, sight),
        key=course.loaded.row.key,
        what=visit.title if visit.occurrence == 1 else f"{visit.title} {visit.occurrence}",
        level=state.value,
        word=word if sight.arm else _("Expected"),
    )


def _coming(row: ArrivalRow, day: Day) -> QueueRow:
    """An arrival as the front desk's next act."""
    past = row.moment < day.at
    figure, unit = span_text(*sorted((row.moment, day.at)))
    return QueueRow(
        rank=TODAY,
        moment=row.moment,
        level="late" if past else "planned",
        word=_("Not seen yet") if past else _("Expected"),
        key=row.key,
        who=row.who,
        where=row.where,
        what=row.what,
        why=_("Booked for %(when)s. Nothing of this visit has been recorded.") % {"when": row.clock},
        clock=row.clock,
        figure=figure,
        unit=unit,
        small=_("after the booked time") if past else _("to go"),
    )
