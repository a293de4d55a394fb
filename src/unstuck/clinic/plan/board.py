"""The board: who needs me next? Frozen values made from replayed courses, without any query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic.alerts.pages import AlertRow
from unstuck.clinic.course.words import STATE_WORDS, span_text
from unstuck.clinic.plan.chairs import ChairCard, chairs, sits
from unstuck.clinic.plan.room import Rank
from unstuck.clinic.plan.sight import Eyes, Room
from unstuck.clinic.plan.urgency import QueueRow, most_urgent, of_alert, to_reach, who
from unstuck.clinic.plan.visits import Day, Today, Visit
from unstuck.clinic.plan.words import clock
from unstuck.core.schedule import State
from unstuck.core.session import Phase

_SHOWN = 8  # rows of a list; the rest is counted, and the list of people has them all
_ALERTS = 4
_RINGS = ("now", "late", "silent")
FROM_SESSIONS = ("session_alarm", "session_overdue", "unwatched", "help_called", "emergency")
"""Kinds of alerts that the chairs show themselves."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the board is made from besides the courses: chairs, names, open alerts, nurses on duty."""

    room: Room
    alerts: tuple[tuple[AlertRow, str, datetime], ...] = ()  # row, kind, raised at
    nurses: int = 0


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
    """Exactly what the board shows. `rings` is the loudest of what nobody has taken."""

    checked: str
    day: datetime
    next: QueueRow | None
    queue: tuple[QueueRow, ...]
    more: int
    chairs: tuple[ChairCard, ...]
    taken: int
    late: int
    nurses: int
    running: int
    too_many: bool
    rings: str
    alerts: tuple[AlertRow, ...]
    alerts_more: int
    later: tuple[ArrivalRow, ...]
    contact: tuple[QueueRow, ...]
    contact_more: int
    clinical: bool
    courses: int

    @property
    def empty(self) -> bool:
        """Whether the day asks for nothing and nobody is here or comes."""
        return not (self.next or self.taken or self.later)


def board(courses: list[Today], eyes: Eyes, day: Day, told: Told) -> BoardPage:
    """The board at one instant, for one reader."""
    room = told.room
    arrivals = sorted((a for c in courses for a in _arrivals(c, eyes, day, room)), key=lambda a: (a.moment, a.who))
    reach = [row for c in courses if (row := to_reach(c, eyes, day, room))]
    reach.sort(key=lambda row: row.order, reverse=True)
    urgent = [row for c in courses if (row := most_urgent(c, eyes, day, room))] if eyes.clinical else []
    waiting = [(row, at) for row, kind, at in told.alerts if row.level == "now" and kind not in FROM_SESSIONS]
    urgent += [of_alert(*waiting[0], more=len(waiting) - 1)] if waiting else []
    urgent += [] if eyes.clinical else [_coming(row, day) for row in arrivals]
    urgent.sort(key=lambda row: row.order)
    cards = chairs(courses, eyes, day, room)
    others = tuple(row for row, kind, _at in told.alerts if kind not in FROM_SESSIONS)
    running = sum(1 for card in cards if card.running)
    return BoardPage(
        checked=f"{day.at.astimezone(day.zone):%H:%M:%S}",
        day=day.at,
        next=urgent[0] if urgent else None,
        queue=tuple(urgent[1 : _SHOWN + 1]),
        more=max(0, len(urgent) - 1 - _SHOWN),
        chairs=cards,
        taken=sum(1 for card in cards if card.key),
        late=sum(1 for row in urgent if row.level in ("late", "now")),
        nurses=told.nurses,
        running=running,
        too_many=_too_many(courses, running, told.nurses),
        rings=next((ring for ring in _RINGS if any(row.rings == ring for row in urgent)), ""),
        alerts=others[:_ALERTS],
        alerts_more=max(0, len(others) - _ALERTS),
        later=tuple(arrivals),
        contact=tuple(reach[:_SHOWN]),
        contact_more=max(0, len(reach) - _SHOWN),
        clinical=eyes.clinical,
        courses=len(courses),
    )


def _too_many(courses: list[Today], running: int, nurses: int) -> bool:
    """Whether more people sit in chairs than the strictest profile in use lets the nurses on duty watch."""
    plans = [c.loaded.protocol.monitoring for c in courses if any(v.running for v in c.visits)]
    most = min((x for plan in plans if plan and (x := plan.limit("chairs_per_nurse")) is not None), default=None)
    return most is not None and nurses > 0 and running > most * nurses


def _arrivals(course: Today, eyes: Eyes, day: Day, room: Room) -> list[ArrivalRow]:
    """Whoever is expected and not in a chair yet; the front desk sees everybody who is expected."""
    return [
        _arrival(course, visit, eyes, day, room)
        for visit in course.visits
        if visit.phase is Phase.EXPECTED and visit.due and (not eyes.clinical or visit.at > day.at)
        if not (eyes.clinical and room.has(visit.place) and sits(visit, day))
    ]


def _arrival(course: Today, visit: Visit, eyes: Eyes, day: Day, room: Room) -> ArrivalRow:
    state = visit.due.state if visit.due and eyes.clinical else State.PLANNED
    word = _("Ready") if state is State.OPEN else str(STATE_WORDS[state])
    return ArrivalRow(
        moment=visit.at,
        clock=clock(visit.at, day.zone),
        where=room.where(visit.place),
        who=who(course, eyes),
        key=course.loaded.row.key,
        what=visit.title if visit.occurrence == 1 else f"{visit.title} {visit.occurrence}",
        level=state.value,
        word=word if eyes.clinical else _("Expected"),
    )


def _coming(row: ArrivalRow, day: Day) -> QueueRow:
    """An arrival as the front desk's next act."""
    past = row.moment < day.at
    figure, unit = span_text(*sorted((row.moment, day.at)))
    return QueueRow(
        rank=Rank.TODAY,
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
