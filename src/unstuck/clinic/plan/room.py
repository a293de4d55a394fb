"""What somebody in a chair needs: calls, alarms, overdue readings, silence of the device, and what is due next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.plan.sight import Eyes, Room
from unstuck.clinic.plan.visits import Day, Visit, alarm_cause
from unstuck.clinic.plan.words import alarm_words, clock, count_text, readings, value_text
from unstuck.core.alarms import Alarm
from unstuck.core.conditions import facts_of
from unstuck.core.events import DoseGiven
from unstuck.core.sentences import sentence
from unstuck.core.session import OpenCall, Phase
from unstuck.core.session_events import Call

NAMES = Mapping[str, str]
ANCHORS = {  # route: what its clock is counted from, at first and once the dose is in
    "iv_infusion": (gettext_lazy("the start"), gettext_lazy("the end")),
    "iv_bolus": (gettext_lazy("the injection"), gettext_lazy("the injection")),
    "im": (gettext_lazy("the injection"), gettext_lazy("the injection")),
    "sc": (gettext_lazy("the injection"), gettext_lazy("the injection")),
    "intranasal": (gettext_lazy("the first device"), gettext_lazy("the last device")),
    "sublingual": (gettext_lazy("the lozenge"), gettext_lazy("the lozenge")),
    "oral": (gettext_lazy("swallowing"), gettext_lazy("swallowing")),
}


class Rank(IntEnum):
    """The order of everything on the board."""

    EMERGENCY = 0
    CALL = 1
    LIFE = 2
    ALARM = 3
    LOOK = 4
    ALERT = 5
    READING = 6
    SILENT = 7
    STOP = 8
    LATE = 9
    TODAY = 10


@dataclass(frozen=True, slots=True)
class Ask:
    """What a tap on the board answers: an alarm by its rule, or a call."""

    course: str
    step: str
    occurrence: int
    alarm: str = ""
    call: str = ""

    @property
    def mark(self) -> str:
        """A name for ids in the page that stays the same from one renewal to the next."""
        return f"{self.course}-{self.step}-{self.occurrence}-{self.alarm or self.call}"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a visit asks for. `rings` is what the station sounds: now, late, silent, or nothing."""

    rank: Rank
    moment: datetime
    level: str
    word: str
    what: str
    why: str = ""
    figure: str = ""
    small: str = ""
    counts_to: datetime | None = None
    rings: str = ""
    ask: Ask | None = None
    taken: bool = False

    @property
    def order(self) -> tuple[int, datetime]:
        """The most urgent first."""
        return self.rank, self.moment


def needs(visit: Visit, eyes: Eyes, day: Day, room: Room) -> list[Need]:
    """Everything that the visit asks for now, the most urgent first; nothing for who may not see the room."""
    if not (eyes.clinical and visit.running):
        return []
    found = [*_calls(visit, day), *_alarms(visit, eyes, day, room), *_silence(visit, day), *_readings(visit, day)]
    return sorted(found, key=lambda need: need.order)


def _ask(visit: Visit, alarm: str = "", call: str = "") -> Ask:
    return Ask(visit.loaded.row.key, visit.step, visit.occurrence, alarm, call)


def _calls(visit: Visit, day: Day) -> Iterator[Need]:
    for call in visit.session.calls:
        emergency = call.call == Call.EMERGENCY.value
        yield Need(
            rank=Rank.EMERGENCY if emergency else Rank.CALL,
            moment=call.at,
            level="now",
            word=_("Emergency") if emergency else _("Help is called"),
            what=_("Emergency. Go there now.") if emergency else _("Calls for somebody. Go there now."),
            why=_call_words(call, day),
            figure=count_text(call.at, day.at),
            small=_("since the call"),
            counts_to=call.at,
            rings="now",
            ask=_ask(visit, call=call.call),
        )


def _call_words(call: OpenCall, day: Day) -> str:
    told = {"when": clock(call.at, day.zone)}
    patient = _("Called at %(when)s from the person's own device.") % told
    return patient if call.by == "patient" else _("Called at %(when)s by staff.") % told


def _alarms(visit: Visit, eyes: Eyes, day: Day, room: Room) -> Iterator[Need]:
    for alarm in visit.session.alarms:
        if alarm.taken_at is None:
            yield _open_alarm(visit, alarm, eyes, day, room)
        else:
            yield _taken_alarm(visit, alarm, eyes, day, room.names)


def _open_alarm(visit: Visit, alarm: Alarm, eyes: Eyes, day: Day, room: Room) -> Need:
    known = eyes.reads(visit.loaded.row.key)
    figure, small = _alarm_figure(visit, alarm, day) if known else ("", "")
    urgent = alarm.rule.urgent
    return Need(
        rank=Rank.LIFE if alarm.rule.life else Rank.ALARM if urgent else Rank.LOOK,
        moment=alarm.raised_at,
        level="now" if urgent else "late",
        word=_("Act now") if urgent else _("Look"),
        what=alarm_words(alarm.rule.key) if known else _("An alarm rings here"),
        why=_alarm_why(visit, alarm, day, room) if known else _("Go to the chair; who watches it sees more."),
        figure=figure,
        small=small,
        rings="now" if urgent else "late",
        ask=_ask(visit, alarm.rule.key),
    )


def _alarm_why(visit: Visit, alarm: Alarm, day: Day, room: Room) -> str:
    told = [f"{alarm.rule.action} {_('Rule')}: {sentence(alarm.rule.rule)}"]
    if alarm.worse:
        told.append(_("Somebody had taken it; since then it got worse."))
    if not alarm.holds:
        told.append(_("The last reading is back within the limit; somebody still has to look."))
    called = room.alerts.get((visit.loaded.row.key, alarm_cause(visit.step, visit.occurrence, alarm)))
    if called:
        told.append(_("Called: %(who)s.") % {"who": called})
    elif alarm.take_by:
        words = _("An alert since %(when)s.") if alarm.unanswered else _("Becomes an alert at %(when)s.")
        told.append(words % {"when": clock(alarm.take_by, day.zone)})
    return " ".join(told)


def _alarm_figure(visit: Visit, alarm: Alarm, day: Day) -> tuple[str, str]:
    value, unit, at = value_text(facts_of(alarm.rule.rule), dict(visit.session.latest))
    return f"{value} {unit}".strip(), _("read %(when)s") % {"when": clock(at, day.zone)} if at else ""


def _taken_alarm(visit: Visit, alarm: Alarm, eyes: Eyes, day: Day, names: NAMES) -> Need:
    who = names.get(alarm.taken_by, _("Somebody"))
    again = alarm.recheck_by
    late = again is not None and day.at > again
    words = alarm_words(alarm.rule.key) if eyes.reads(visit.loaded.row.key) else _("An alarm")
    return Need(
        rank=Rank.LOOK if late else Rank.TODAY,
        moment=again or alarm.raised_at,
        level="late" if late else "open",
        word=_("Look again") if late else _("Taken"),
        what=_("%(alarm)s: look again") % {"alarm": words},
        why=_("%(who)s is on it.") % {"who": who},
        figure=count_text(again, day.at) if again else "",
        small=(_("late") if late else _("to go")) if again else "",
        counts_to=again,
        rings="late" if late else "",
        ask=_ask(visit, alarm.rule.key),
        taken=True,
    )


def _silence(visit: Visit, day: Day) -> Iterator[Need]:
    since = visit.silent_since(day.at)
    if since is not None and visit.heard is not None:
        ever = visit.heard.ever
        yield Need(
            rank=Rank.SILENT,
            moment=since,
            level="unk",
            word=_("Not heard"),
            what=_("No word from the tablet. Walk over.") if ever else _("No tablet has this session open"),
            why=_("Its own alarms may still ring there; nobody here would see them.")
            if ever
            else _("Open it at the chair: until then nothing rings there."),
            figure=count_text(since, day.at),
            small=_("silent"),
            counts_to=since,
            rings="silent",
        )


def _readings(visit: Visit, day: Day) -> Iterator[Need]:
    for row in visit.session.due:
        late = row.late(day.at)
        yield Need(
            rank=Rank.READING if late else Rank.TODAY,
            moment=row.by,
            level="late" if late else "open",
            word=_("Late") if late else _("Due"),
            what=readings(row.readings),
            why=_due_words(visit, row.counted_from, row.by, day),
            figure=count_text(row.by, day.at),
            small=_("late") if late else _("to go"),
            counts_to=row.by,
            rings="late" if late else "",
        )


def _due_words(visit: Visit, anchor: str, by: datetime, day: Day) -> str:
    """When it is due, and from which moment that is counted."""
    dose, run = visit.session.dose, visit.session.run
    told = {"when": clock(by, day.zone)}
    if anchor == "dose_start" and dose:
        return _("Due %(when)s, %(n)d min after the start.") % {**told, "n": _minutes(dose.observed_at, by)}
    end = visit.session.peak_until or (run.ends_at if run else None)
    if anchor == "peak_end" and end:
        return _("Due %(when)s, %(n)d min after the peak.") % {**told, "n": _minutes(end, by)}
    return _("Due %(when)s, counted from the last reading.") % told


def _minutes(start: datetime, end: datetime) -> int:
    return int((end - start) / timedelta(minutes=1))


def since_words(visit: Visit, day: Day) -> str:
    """Where the visit's clock stands: the anchor that its route is counted from, and how long ago that was."""
    dose = visit.session.dose
    if dose is None:
        return _("planned for %(when)s") % {"when": clock(visit.at, day.zone)}
    ends = visit.session.ends_at
    over = ends is not None and ends <= day.at and visit.phase in (Phase.AFTER, Phase.LEAVING)
    anchor = ends if over and ends else dose.observed_at
    route = dose.what.route if isinstance(dose.what, DoseGiven) else ""
    began, ended = ANCHORS.get(route, ANCHORS["iv_infusion"])
    told = {"n": _minutes(anchor, day.at), "anchor": ended if over else began, "when": clock(anchor, day.zone)}
    return _("T+%(n)d min from %(anchor)s, %(when)s") % told
