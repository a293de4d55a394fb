"""One card a chair: who sits there, how far they are, what is due next, who has it, and until when they stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic.course.words import STATE_WORDS
from unstuck.clinic.plan.room import Ask, Need, Rank, needs, since_words
from unstuck.clinic.plan.sight import Eyes, Room
from unstuck.clinic.plan.visits import Day, Today, Visit
from unstuck.clinic.plan.words import (
    PHASE_WORDS,
    TRACK,
    clock,
    count_text,
    drug_words,
    place_words,
    session_address,
    value_text,
)
from unstuck.clinic.rooms.queries import Seat
from unstuck.core.conditions import Seen, facts_of
from unstuck.core.session import Phase

_SOON = timedelta(minutes=45)  # from this long before the booked time the chair is theirs
_EDGES = {Rank.EMERGENCY: "now", Rank.CALL: "now", Rank.LIFE: "now", Rank.ALARM: "now", Rank.LOOK: "late",
          Rank.READING: "late", Rank.SILENT: "unk"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vital:
    """A reading with its unit and its time; `out` where an alarm rests on it."""

    name: str
    value: str
    source: str
    out: bool = False


@dataclass(frozen=True, slots=True)
class ChairCard:
    """A chair, or whoever is here without one."""

    kind: str
    number: str
    room: str = ""
    key: str = ""
    step: str = ""
    occurrence: int = 0
    place: str = ""
    who: str = ""
    drug: str = ""
    edge: str = ""  # now, late, unk
    level: str = ""
    word: str = ""
    due: str = ""
    figure: str = ""
    small: str = ""
    counts_to: datetime | None = None
    ask: Ask | None = None
    phase: str = ""
    since: str = ""
    pips: tuple[str, ...] = ()
    vitals: tuple[Vital, ...] = ()
    keeper: str = ""
    taken: tuple[str, ...] = ()  # alarms that somebody is on, with who
    unwatched: bool = False
    next: str = ""
    rank: int = len(Rank)
    moment: datetime | None = None
    running: bool = False
    opens: bool = True  # whether the reader may open the session itself

    @property
    def address(self) -> str:
        """The session of whoever sits there; for the front desk their course."""
        if not self.opens:
            return reverse("course:course", args=[self.key]) if self.key else ""
        return session_address(self.key, self.step, self.occurrence) if self.key else ""

    @property
    def short(self) -> str:
        """The figure without a unit that the wall has no room for."""
        return self.figure.removesuffix(" mmHg")

    @property
    def mark(self) -> str:
        """A name for ids in the page."""
        return f"{self.kind}-{self.number}-{self.key}".lower().replace(" ", "-")

    @property
    def order(self) -> tuple[bool, int, float]:
        """The most urgent first; among equals by clock; empty chairs last, in their own order."""
        return not self.key, self.rank, self.moment.timestamp() if self.moment else 0.0


def chairs(courses: list[Today], eyes: Eyes, day: Day, room: Room) -> tuple[ChairCard, ...]:
    """The site's chairs, then any other place that has somebody in it, then whoever is here without one."""
    visits = [visit for today in courses for visit in today.visits]
    known = [seat.key for seat in room.seats]
    others = sorted({visit.place for visit in visits if visit.running} - set(known) - {""})
    places = [*room.seats, *(Seat(place, place_words(place)) for place in others)]
    cards = [_chair(seat, [v for v in visits if v.place == seat.key], eyes, day, room) for seat in places]
    cards += [_taken(Seat("", _("No chair")), v, eyes, day, room) for v in visits if v.running and not v.place]
    return tuple(sorted(cards, key=lambda card: card.order))


def sits(visit: Visit, day: Day) -> bool:
    """Whether the place is this visit's now: somebody is there, or expected soon or since."""
    return visit.running or (visit.phase is Phase.EXPECTED and visit.at <= day.at + _SOON)


def _chair(seat: Seat, visits: list[Visit], eyes: Eyes, day: Day, room: Room) -> ChairCard:
    now = [v for v in visits if sits(v, day)]
    coming = sorted((v for v in visits if v.phase is Phase.EXPECTED and not sits(v, day)), key=lambda v: v.at)
    said = ""
    if coming:
        said = _("%(when)s, %(who)s") % {"when": clock(coming[0].at, day.zone), "who": _name(coming[0], eyes)}
    if not now:
        return replace(_place(seat), next=said)
    return replace(_taken(seat, max(now, key=lambda v: (v.running, v.at)), eyes, day, room), next=said)


def _place(seat: Seat) -> ChairCard:
    kind, _sep, number = seat.label.rpartition(" ")
    if not kind:
        kind, number = _("Place"), seat.label[:2].upper()
    return ChairCard(kind, number, room=seat.room, place=seat.key)


def _name(visit: Visit, eyes: Eyes) -> str:
    row = visit.loaded.row
    return row.person.name if eyes.names else row.key


def _taken(seat: Seat, visit: Visit, eyes: Eyes, day: Day, room: Room) -> ChairCard:
    base = replace(
        _place(seat), key=visit.loaded.row.key, step=visit.step, occurrence=visit.occurrence, who=_name(visit, eyes),
        drug=visit.title, moment=visit.at, rank=Rank.TODAY, running=visit.running,
    )  # fmt: skip
    if not eyes.clinical:
        expected = visit.phase is Phase.EXPECTED
        word = _("Expected") if expected else _("Here")
        level = "planned" if expected else "ok"
        booked = clock(visit.at, day.zone)
        return replace(base, level=level, word=word, due=_("Booked"), figure=booked, opens=False)
    asked = needs(visit, eyes, day, room)
    base = _with_need(base, asked[0]) if asked else _without(base, visit, day)
    return _with_room(base, visit, asked, eyes, day, room)


def _with_need(card: ChairCard, need: Need) -> ChairCard:
    """The card with the first thing that it asks for."""
    return replace(
        card, edge=_EDGES.get(need.rank, ""), level=need.level, word=need.word, due=need.what, figure=need.figure,
        small=need.small, counts_to=need.counts_to, ask=need.ask if not need.taken else None, rank=need.rank,
        moment=need.moment,
    )  # fmt: skip


def _without(card: ChairCard, visit: Visit, day: Day) -> ChairCard:
    """The card of somebody of whom nothing is asked now: before the dose, or on the way out."""
    if visit.running and visit.session.dose is not None:
        return _leaving(card, visit, day)
    when = clock(visit.at, day.zone)
    row = visit.due
    if row is None or row.verdict is None:
        return replace(card, level="planned", word=_("Booked"), due=visit.title, figure=when, small=_("booked"))
    if row.verdict.opens:
        due = _("%(step)s may start") % {"step": visit.title}
        return replace(card, level="open", word=_("Ready"), due=due, figure=when, small=_("planned"))
    missing = len(row.verdict.unmet)
    due = _("One thing is missing") if missing == 1 else _("%(n)s things are missing") % {"n": missing}
    word = str(STATE_WORDS[row.state])
    return replace(card, level=row.state.value, word=word, due=due, figure=when, small=_("planned"))


def _leaving(card: ChairCard, visit: Visit, day: Day) -> ChairCard:
    stay, said = visit.session.stay_until, visit.session.leaving
    if said and said.opens:
        return replace(card, level="ok", word=_("May leave"), due=_("Record leaving"))
    missing = len(said.unmet) if said else 0
    due = _("%(n)s things missing before leaving") % {"n": missing} if missing else _("Stays under watch")
    if stay is None:
        return replace(card, level="held", word=_("Stays"), due=due)
    over = stay <= day.at
    small = _("past the shortest stay") if over else _("of the shortest stay to go")
    word = _("Cannot go yet")
    return replace(card, level="held", word=word, due=due, figure=count_text(stay, day.at), small=small, counts_to=stay)


def _with_room(card: ChairCard, visit: Visit, asked: list[Need], eyes: Eyes, day: Day, room: Room) -> ChairCard:
    """The card with phase, readings, who has the chair and whether a device watches it."""
    key = visit.loaded.row.key
    here = TRACK.index(visit.phase) if visit.phase in TRACK else -1
    return replace(
        card,
        drug=drug_words(visit, eyes.drug(key)) or visit.title,
        phase=str(PHASE_WORDS[visit.phase]),
        since=since_words(visit, day),
        pips=tuple("past" if n < here else "here" if n == here else "" for n in range(len(TRACK))),
        vitals=_vitals(visit, day) if eyes.reads(key) else (),
        keeper=room.names.get(visit.session.keeper, ""),
        taken=tuple(f"{need.what}. {need.why}" for need in asked if need.taken),
        unwatched=visit.running and visit.heard is None,
    )


def _vitals(visit: Visit, day: Day) -> tuple[Vital, ...]:
    """Blood pressure, pulse and oxygen as they were read last; what nobody read says so. Then the stay."""
    latest = dict(visit.session.latest)
    out = {fact for alarm in visit.session.alarms if alarm.holds for fact in facts_of(alarm.rule.rule)}
    found = [
        _vital(_("BP"), ("systolic_mmhg", "diastolic_mmhg"), latest, out, day),
        _vital(_("Pulse"), ("pulse_per_min",), latest, out, day),
        _vital("SpO₂", ("spo2_percent",), latest, out, day),
    ]
    stay = visit.session.stay_until
    if stay:
        found.append(Vital(_("Stay until"), clock(stay, day.zone), _("at least")))
    return tuple(found)


def _vital(name: str, facts: tuple[str, ...], latest: Mapping[str, Seen], out: set[str], day: Day) -> Vital:
    value, unit, at = value_text(facts, latest)
    if at is None:
        return Vital(name, "?", _("not read yet"))
    return Vital(name, value, f"{unit} {clock(at, day.zone)}", bool(out.intersection(facts)))
