"""What a patient takes part in: what is next and what comes after, in plain words. No gate, no other person.

Reading age 11: short sentences, "you" and "we", no blame, no cheer, nothing that counts down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.course.queries import Loaded
from unstuck.core.activities import Assess
from unstuck.core.instrument import Rater
from unstuck.core.instrument_file import load_instrument
from unstuck.core.schedule import Due, State, due

SHOWN = 5
_NAMES = {
    "consent": gettext_lazy("A talk about what you agree to"),
    "prepare": gettext_lazy("Preparation"),
    "dose": gettext_lazy("Dose visit"),
    "expose": gettext_lazy("Therapy session"),
    "integrate": gettext_lazy("Integration session"),
    "review": gettext_lazy("A talk about what comes next"),
    "contact": gettext_lazy("We call you"),
}
_NUMBERED = ("dose", "expose", "integrate", "prepare")


@dataclass(frozen=True, slots=True)
class OwnStep:
    """One thing that the person takes part in, in words and with its time; `place` where it can be answered now."""

    what: str
    when: str
    place: str = ""
    kind: str = ""
    booked: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnPage:
    """Exactly what the page shows."""

    name: str
    next: OwnStep | None
    later: tuple[OwnStep, ...]
    ended: bool


def own_page(loaded: Loaded, at: datetime, zone: tzinfo) -> OwnPage:
    """The page of a person's own course at one instant."""
    rows = [row for row in due(loaded.protocol, loaded.state, at, zone) if _concerns(loaded, row)]
    rows = _each_once(sorted(rows, key=lambda r: _order(r, at)))
    steps = [_step(loaded, row, at, zone) for row in rows[: SHOWN + 1]]
    return OwnPage(
        name=loaded.row.person.name.split(" ")[0],
        next=steps[0] if steps else None,
        later=tuple(steps[1:]),
        ended=loaded.state.is_over,
    )


def _each_once(rows: list[Due]) -> list[Due]:
    """Of each step that is still to come only the next time: a row of equal lines tells nothing."""
    seen: set[str] = set()
    kept = []
    for row in rows:
        if row.step not in seen or _is_now(row) or row.booked:
            kept.append(row)
        seen.add(row.step)
    return kept


def answerable(loaded: Loaded, at: datetime, zone: tzinfo) -> set[str]:
    """The places whose questions the person may answer now, without being asked by staff."""
    rows = due(loaded.protocol, loaded.state, at, zone)
    return {_place(row) for row in rows if _is_now(row) and _asks_person(loaded, row)}


def asked_now(loaded: Loaded, at: datetime, zone: tzinfo) -> tuple[tuple[str, int], ...]:
    """Step and number of what is asked of the person now and whose day has come: what a reminder is for."""
    rows = due(loaded.protocol, loaded.state, at, zone)
    wanted = [r for r in rows if _is_now(r) and _asks_person(loaded, r) and (r.target is None or r.target <= at)]
    return tuple((row.step, row.occurrence) for row in wanted)


def _is_now(row: Due) -> bool:
    return row.state in (State.OPEN, State.LATE)


def _place(row: Due) -> str:
    return f"{row.step}:{row.occurrence}"


def _order(row: Due, at: datetime) -> tuple[bool, datetime]:
    """What can be done now, then by the time it is meant for."""
    return not _is_now(row), row.booked or row.target or at


def _concerns(loaded: Loaded, row: Due) -> bool:
    """Whether the person takes part: not what staff read from devices, and nothing without a time."""
    if row.state is State.WAITING and row.target is None:
        return False
    return row.kind in _NAMES or _asks_person(loaded, row)


def _asks_person(loaded: Loaded, row: Due) -> bool:
    activity = loaded.protocol.step(row.step).activity
    return isinstance(activity, Assess) and any(
        load_instrument(key).rater is Rater.PATIENT for key in activity.instruments
    )


def _step(loaded: Loaded, row: Due, at: datetime, zone: tzinfo) -> OwnStep:
    asked = _asks_person(loaded, row)
    now = asked and _is_now(row)
    what = _("Questions for you") if asked else str(_NAMES[row.kind])
    if row.kind in _NUMBERED and row.occurrence > 1:
        what = f"{what} {row.occurrence}"
    return OwnStep(what, _when(row, asked, at, zone), _place(row) if now else "", row.kind, row.booked)


def _when(row: Due, asked: bool, at: datetime, zone: tzinfo) -> str:
    if asked and _is_now(row):
        return _("Best today. It takes a few minutes.")
    if row.booked:
        return _booked(row.booked, at, zone)
    if row.state in (State.LATE, State.HELD, State.NOT_KNOWN, State.OPEN, State.STOP):
        return _("We will find a time with you.")
    if row.target is None:
        return ""
    words = _("About %(day)s. We send you a link.") if asked else _("About %(day)s. We will tell you the time.")
    return words % {"day": day_words(row.target, zone)}


def _booked(booked: datetime, at: datetime, zone: tzinfo) -> str:
    """The day and hour of a visit; that it is today or tomorrow is said first."""
    said = day_words(booked, zone, clock=True)
    days = (booked.astimezone(zone).date() - at.astimezone(zone).date()).days
    words = {0: _("Today: %(day)s"), 1: _("Tomorrow: %(day)s")}.get(days, "%(day)s")
    return words % {"day": said}


def day_words(moment: datetime, zone: tzinfo, clock: bool = False) -> str:
    """A day as people say it, such as "Monday 2 March, 09:00"."""
    local = moment.astimezone(zone)
    day = _("%(weekday)s %(day)s %(month)s") % {
        "weekday": date_format(local, "l"), "day": local.day, "month": date_format(local, "F")
    }  # fmt: skip
    return f"{day}, {local:%H:%M}" if clock else day
