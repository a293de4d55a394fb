"""Taking chairs over: whose they are, and what must be read back before they change hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.plan.room import needs
from unstuck.clinic.plan.sight import Eyes, Room
from unstuck.clinic.plan.visits import Day, Visit, running_visits
from unstuck.clinic.plan.watch import Heard, Key
from unstuck.clinic.plan.words import PHASE_WORDS, alarm_words, clock, drug_words


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One open alarm, to be read aloud and ticked."""

    mark: str
    words: str
    since: str


@dataclass(frozen=True, slots=True)
class HandChair:
    """One chair that can change hands."""

    mark: str
    where: str
    who: str
    drug: str
    phase: str
    keeper: str
    next: str
    alarms: tuple[ReadBack, ...]
    ringing: bool  # an act-now alarm that nobody is on
    mine: bool


@dataclass(frozen=True, slots=True)
class HandOverPage:
    """Every chair that somebody else has, by keeper."""

    keepers: tuple[tuple[str, tuple[HandChair, ...]], ...]
    mine: int
    checked: str


def hand_over_page(courses: list[Loaded], heard: dict[Key, Heard], eyes: Eyes, room: Room, day: Day) -> HandOverPage:
    """What the account could take over now."""
    found = [_chair(visit, eyes, room, day) for visit in running_visits(courses, day, heard)]
    others = sorted((one for one in found if not one.mine), key=lambda one: (one.keeper, one.where))
    keepers = dict.fromkeys(one.keeper for one in others)
    return HandOverPage(
        keepers=tuple((name, tuple(one for one in others if one.keeper == name)) for name in keepers),
        mine=sum(1 for one in found if one.mine),
        checked=f"{day.at.astimezone(day.zone):%H:%M:%S}",
    )


def _chair(visit: Visit, eyes: Eyes, room: Room, day: Day) -> HandChair:
    row, live = visit.loaded.row, visit.session
    reads = eyes.reads(row.key)
    asked = needs(visit, eyes, day, room)
    return HandChair(
        mark=f"{row.key}/{visit.step}/{visit.occurrence}",
        where=room.where(visit.place) or _("No chair"),
        who=row.person.name if eyes.names else row.key,
        drug=drug_words(visit, eyes.drug(row.key)),
        phase=str(PHASE_WORDS[visit.phase]),
        keeper=room.names.get(live.keeper, ""),
        next=f"{asked[0].what} ({asked[0].figure} {asked[0].small})" if asked else "",
        alarms=tuple(
            ReadBack(
                mark=f"{row.key}/{alarm.rule.key}",
                words=alarm_words(alarm.rule.key) if reads else _("An alarm"),
                since=_since(alarm.raised_at, day),
            )
            for alarm in live.alarms
        ),
        ringing=any(alarm.rule.urgent and alarm.taken_at is None for alarm in live.alarms),
        mine=live.keeper == eyes.me,
    )


def _since(at: datetime, day: Day) -> str:
    return _("since %(when)s") % {"when": clock(at, day.zone)}
