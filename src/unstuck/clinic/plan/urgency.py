"""What needs somebody, most urgent first: whoever is here with a drug in them, then what the day asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from unstuck.clinic.alerts.pages import AlertRow
from unstuck.clinic.course.words import STATE_WORDS, span_text, when
from unstuck.clinic.plan.room import Ask, Need, Rank, needs
from unstuck.clinic.plan.sight import Eyes, Room
from unstuck.clinic.plan.visits import Day, Today, Visit
from unstuck.clinic.plan.words import clock, countdown, session_address
from unstuck.core.instrument import Rater
from unstuck.core.instrument_file import load_instrument
from unstuck.core.protocol import Assess
from unstuck.core.schedule import Due, State

_RECENT = timedelta(days=1)  # what has been late for longer asks for a call, not for this minute


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
    counts_to: datetime | None = None
    rings: str = ""
    ask: Ask | None = None
    taken: bool = False
    visit: tuple[str, int] | None = None
    page: str = ""  # another address than that of the course or the session

    @property
    def order(self) -> tuple[int, datetime, str]:
        """The most urgent first."""
        return self.rank, self.moment, self.who

    @property
    def address(self) -> str:
        """The live session for what happens in a chair, else the course or a page of its own."""
        if self.page:
            return self.page
        return session_address(self.key, *self.visit) if self.visit else reverse("course:course", args=[self.key])

    @property
    def mark(self) -> str:
        """A name for ids in the page."""
        return f"{self.key}-{self.what}".lower().replace(" ", "-")


def who(today: Today, eyes: Eyes) -> str:
    """The person, or the course where names are hidden."""
    return today.loaded.row.person.name if eyes.names else today.loaded.row.key


def most_urgent(today: Today, eyes: Eyes, day: Day, room: Room) -> QueueRow | None:
    """The one thing that this course asks for today, if any."""
    found = [*_at_the_chair(today, eyes, day, room), *_of_the_plan(today, eyes, day, room)]
    return min(found, key=lambda row: row.order) if found else None


def to_reach(today: Today, eyes: Eyes, day: Day, room: Room) -> QueueRow | None:
    """What a person owes from home, or what has been late for more than a day; the newest. Somebody should call."""
    late = [r for r in today.rows if r.state is State.LATE and not r.optional and r.closes]
    late = [r for r in late if owed(today, r) or not _fresh(r, day)]
    return _planned(today, max(late, key=lambda r: r.closes or day.at), eyes, day, room) if late else None


def _at_the_chair(today: Today, eyes: Eyes, day: Day, room: Room) -> Iterator[QueueRow]:
    for visit in today.visits:
        yield from (_needed(today, visit, need, eyes, room) for need in needs(visit, eyes, day, room))


def _needed(today: Today, visit: Visit, need: Need, eyes: Eyes, room: Room) -> QueueRow:
    return QueueRow(
        rank=need.rank,
        moment=need.moment,
        level=need.level,
        word=need.word,
        key=today.loaded.row.key,
        who=who(today, eyes),
        where=room.where(visit.place),
        what=need.what,
        why=need.why,
        clock=need.figure,
        figure=need.figure,
        small=need.small,
        counts_to=need.counts_to,
        rings=need.rings,
        ask=need.ask,
        taken=need.taken,
        visit=(visit.step, visit.occurrence),
    )


def _of_the_plan(today: Today, eyes: Eyes, day: Day, room: Room) -> Iterator[QueueRow]:
    for row in today.rows:
        if not row.optional and row.asks and _matters(row, day) and not (row.state is State.LATE and owed(today, row)):
            yield _planned(today, row, eyes, day, room)


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


def _planned(today: Today, row: Due, eyes: Eyes, day: Day, room: Room) -> QueueRow:
    moment = (row.booked if day.holds(row.booked) and row.state is not State.LATE else row.closes) or day.at
    known = eyes.reads(today.loaded.row.key)
    shown = row.state if known or row.state is State.LATE else State.OPEN  # why a step is held is clinical
    late = shown is State.LATE
    figure, unit = span_text(*sorted((day.at, moment)))
    visit = next((v for v in today.visits if (v.step, v.occurrence) == (row.step, row.occurrence)), None)
    return QueueRow(
        rank={State.STOP: Rank.STOP, State.LATE: Rank.LATE}.get(row.state, Rank.TODAY)
        if eyes.clinical or late
        else Rank.TODAY,
        moment=moment,
        level=shown.value,
        word=str(STATE_WORDS[shown]),
        key=today.loaded.row.key,
        who=who(today, eyes),
        where=room.where(visit.place) if visit else "",
        what=row.title if row.occurrence == 1 else f"{row.title} {row.occurrence}",
        why=_why(row, known, day),
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


def _why(row: Due, known: bool, day: Day) -> str:
    if known and row.verdict and row.state in (State.HELD, State.NOT_KNOWN, State.STOP):
        return " ".join(rule.sentence for rule in row.verdict.unmet[:2])
    return _("Booked for %(when)s.") % {"when": when(row.booked, day.zone)} if row.booked else ""


def of_alert(row: AlertRow, raised_at: datetime, more: int = 0) -> QueueRow:
    """The first of the alerts that ask for somebody at once, after what rings in a chair; the others are counted."""
    counted = ngettext("%(n)d more alert waits.", "%(n)d more alerts wait.", more) % {"n": more} if more else ""
    return QueueRow(
        rank=Rank.ALERT,
        moment=raised_at,
        level=row.level,
        word=row.word,
        key=row.key,
        who=row.who,
        where=row.place,
        what=row.title,
        why=f"{row.do} {_('For')} {row.owner}, {row.clock}. {counted}".strip(),
        clock=row.since,
        figure=row.since,
        small=_("since it was raised"),
        rings="now" if row.level == "now" else "",
        page=row.address,
    )
