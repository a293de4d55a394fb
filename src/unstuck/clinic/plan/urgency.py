"""What needs somebody, most urgent first: whoever is here with a drug in them, then what the day asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic.course.pages import Sight
from unstuck.clinic.course.words import STATE_WORDS, span_text, when
from unstuck.clinic.plan.visits import Day, Today, Visit
from unstuck.clinic.plan.words import clock, countdown, place_words, readings
from unstuck.core.instrument import Rater
from unstuck.core.instrument_file import load_instrument
from unstuck.core.protocol import Assess
from unstuck.core.schedule import Due, State
from unstuck.core.sentences import sentence

_RECENT = timedelta(days=1)  # what has been late for longer asks for a call, not for this minute
ALERT, READING, STOP, LATE, TODAY = range(5)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One thing to do for one person, with its clock."""

    rank: int
    moment: datetime
    level: str
    word: str
    key: str
    who: str
    where: str
    what: str
    why: str
    clock: str
    figure: str = ""
    unit: str = ""
    small: str = ""

    @property
    def order(self) -> tuple[int, datetime, str]:
        """The most urgent first."""
        return self.rank, self.moment, self.who

    @property
    def address(self) -> str:
        """The course."""
        return reverse("course:course", args=[self.key])


def who(today: Today, sight: Sight) -> str:
    """The person, or the course where names are hidden."""
    return today.loaded.row.person.name if sight.names else today.loaded.row.key


def most_urgent(today: Today, sight: Sight, day: Day) -> QueueRow | None:
    """The one thing that this course asks for today, if any."""
    found = [*_at_the_chair(today, sight, day), *_of_the_plan(today, sight, day)]
    return min(found, key=lambda row: row.order) if found else None


def to_reach(today: Today, sight: Sight, day: Day) -> QueueRow | None:
    """What a person owes from home, or what has been late for more than a day; the newest. Somebody should call."""
    late = [r for r in today.rows if r.state is State.LATE and not r.optional and r.closes]
    late = [r for r in late if owed(today, r) or not _fresh(r, day)]
    return _planned(today, max(late, key=lambda r: r.closes or day.at), sight, day) if late else None


def _at_the_chair(today: Today, sight: Sight, day: Day) -> Iterator[QueueRow]:
    if not sight.arm:
        return
    for visit in today.visits:
        if visit.running:
            yield from _alerts(today, visit, sight, day)
            yield from _readings(today, visit, sight, day)


def _alerts(today: Today, visit: Visit, sight: Sight, day: Day) -> Iterator[QueueRow]:
    for alert in visit.session.alerts:
        yield QueueRow(
            rank=ALERT,
            moment=visit.at,
            level="now" if alert.urgent else "late",
            word=_("Act now") if alert.urgent else _("Look"),
            key=today.loaded.row.key,
            who=who(today, sight),
            where=place_words(visit.place),
            what=alert.action,
            why=sentence(alert.rule),
            clock=_("now"),
        )


def _readings(today: Today, visit: Visit, sight: Sight, day: Day) -> Iterator[QueueRow]:
    for row in visit.session.due:
        late = row.late(day.at)
        figure, unit = span_text(row.by, day.at) if late else span_text(day.at, row.by)
        yield QueueRow(
            rank=READING if late else TODAY,
            moment=row.by,
            level="late" if late else "open",
            word=_("Late") if late else _("Due"),
            key=today.loaded.row.key,
            who=who(today, sight),
            where=place_words(visit.place),
            what=readings(row.readings),
            why=_("Due %(when)s.") % {"when": clock(row.by, day.zone)},
            clock=countdown(row.by, day.at),
            figure=figure,
            unit=unit,
            small=_("late") if late else _("to go"),
        )


def _of_the_plan(today: Today, sight: Sight, day: Day) -> Iterator[QueueRow]:
    for row in today.rows:
        if not row.optional and row.asks and _matters(row, day) and not (row.state is State.LATE and owed(today, row)):
            yield _planned(today, row, sight, day)


def owed(today: Today, row: Due) -> bool:
    """Whether the step only waits for answers from a person's own phone: that asks for a call, not for hands here."""
    activity = today.loaded.protocol.step(row.step).activity
    if not isinstance(activity, Assess) or activity.readings:
        return False
    return all(load_instrument(key).rater is Rater.PATIENT for key in activity.instruments)


def _matters(row: Due, day: Day) -> bool:
    if row.state is State.STOP or day.holds(row.booked):
        return True
    if row.closes is None:
        return False
    return _fresh(row, day) if row.state is State.LATE else row.closes <= day.end


def _fresh(row: Due, day: Day) -> bool:
    return day.holds(row.booked) or (row.closes is not None and row.closes > day.at - _RECENT)


def _planned(today: Today, row: Due, sight: Sight, day: Day) -> QueueRow:
    moment = (row.booked if day.holds(row.booked) and row.state is not State.LATE else row.closes) or day.at
    shown = row.state if sight.arm or row.state is State.LATE else State.OPEN  # why a step is held is clinical
    late = shown is State.LATE
    figure, unit = span_text(*sorted((day.at, moment)))
    visit = next((v for v in today.visits if (v.step, v.occurrence) == (row.step, row.occurrence)), None)
    return QueueRow(
        rank={State.STOP: STOP, State.LATE: LATE}.get(row.state, TODAY) if sight.arm or late else TODAY,
        moment=moment,
        level=shown.value,
        word=str(STATE_WORDS[shown]),
        key=today.loaded.row.key,
        who=who(today, sight),
        where=place_words(visit.place) if visit else "",
        what=row.title if row.occurrence == 1 else f"{row.title} {row.occurrence}",
        why=_why(row, sight, day),
        clock=countdown(moment, day.at) if late or row.booked != moment else clock(moment, day.zone),
        figure=figure,
        unit=unit,
        small=_small(row, moment, day),
    )


def _small(row: Due, moment: datetime, day: Day) -> str:
    told = {"when": when(moment, day.zone) if not day.holds(moment) else clock(moment, day.zone)}
    if row.state is State.LATE:
        return _("late, since %(when)s") % told
    if row.booked == moment:
        return _("past its time, %(when)s") % told if moment < day.at else _("to go, booked for %(when)s") % told
    return _("to go, window to %(when)s") % told


def _why(row: Due, sight: Sight, day: Day) -> str:
    if sight.arm and row.verdict and row.state in (State.HELD, State.NOT_KNOWN, State.STOP):
        return " ".join(rule.sentence for rule in row.verdict.unmet[:2])
    return _("Booked for %(when)s.") % {"when": when(row.booked, day.zone)} if row.booked else ""
