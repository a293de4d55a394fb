"""The one thing that a chair needs next, with its clock: a call, an alarm, a reading, then what the phase asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.session import words
from unstuck.clinic.session.queries import Live
from unstuck.core.alarms import Alarm
from unstuck.core.session import Phase, Session


@dataclass(frozen=True, slots=True)
class NextAct:
    """The one thing that this chair needs next, with its clock."""

    level: str  # now, late, open, ok, planned
    kicker: str
    what: str
    why: str
    figure: str
    small: str
    by: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleRow:
    key: str
    level: str  # ok, no, unk
    words: str
    why: str
    word: str
    may_override: bool


def next_act(live: Live, before: tuple[RuleRow, ...], at: datetime, zone: tzinfo) -> NextAct:
    """What this chair needs next: a call, an alarm, a late or coming reading, then what the phase asks for."""
    said = live.session
    if said.calls:
        call = said.calls[0]
        what = _("Emergency: go there now") if call.call == "emergency" else _("The person calls: go there now")
        return NextAct("now", _("Act now"), what, "", words.countdown(call.at, at), _("since the call"), call.at)
    open_alarms = sorted((a for a in said.alarms if a.rule.urgent or a.taken_at is None), key=first_untaken)
    if open_alarms:
        return _alarm_act(open_alarms[0], at, zone)
    if said.due:
        return _due_act(said, at, zone)
    return _phase_act(live, before, at, zone)


def _alarm_act(alarm: Alarm, at: datetime, zone: tzinfo) -> NextAct:
    if alarm.taken_at is None:
        since = _("since %(at)s") % {"at": words.clock_words(alarm.raised_at, zone)}
        level = "now" if alarm.rule.urgent else "late"
        kicker = _("Act now") if alarm.rule.urgent else _("Look")
        why = _("Somebody had taken it; since then it got worse.") if alarm.worse else ""
        return NextAct(
            level, kicker, alarm.rule.action, why, words.countdown(alarm.raised_at, at), since, alarm.raised_at
        )
    by = alarm.recheck_by
    small = _("due %(at)s") % {"at": words.clock_words(by, zone)} if by else ""
    figure = words.countdown(by, at) if by else ""
    return NextAct("late", _("Alarm taken"), _("Read again"), alarm.rule.action, figure, small, by)


def _due_act(said: Session, at: datetime, zone: tzinfo) -> NextAct:
    first = said.due[0]
    late = first.late(at)
    small = _("late, was due %(at)s") if late else _("due %(at)s")
    return NextAct(
        "late" if late else "open",
        _("Late") if late else _("Next"),
        words.names_of(first.readings),
        "",
        words.countdown(first.by, at),
        small % {"at": words.clock_words(first.by, zone)},
        first.by,
    )


def _phase_act(live: Live, before: tuple[RuleRow, ...], at: datetime, zone: tzinfo) -> NextAct:
    said = live.session
    unmet = [r for r in before if r.level != "ok"]
    if said.phase is Phase.EXPECTED:
        return NextAct("open", _("Next"), _("Check in"), _("Ask the name and the date of birth."), "", "")
    if said.phase in (Phase.CHECK_IN, Phase.BEFORE):
        if unmet:
            count = _("%(n)s to go") % {"n": len(unmet)}
            return NextAct("held", _("Before the dose"), unmet[0].words, unmet[0].why, str(len(unmet)), count)
        return NextAct("open", _("Next"), _("Check the dose, two people, then give"), "", "", "")
    if said.phase is Phase.GONE:
        return NextAct("done", _("Gone"), _("This session is over"), "", "", "")
    until = said.stay_until
    if until and at < until:
        small = _("until %(at)s") % {"at": words.clock_words(until, zone)}
        return NextAct("planned", _("Next"), _("Stay under watch"), "", words.countdown(until, at), small, until)
    return NextAct("open", _("Next"), _("Leaving: see what is missing"), "", "", "")


def urgency(alarm: Alarm) -> tuple[bool, bool, datetime]:
    """Life first, then the urgent, then the oldest."""
    return not alarm.rule.life, not alarm.rule.urgent, alarm.raised_at


def first_untaken(alarm: Alarm) -> tuple[bool, bool, bool, datetime]:
    """What nobody has taken before what somebody is on, each by its urgency: a taken alarm hides no other."""
    return alarm.taken_at is not None, *urgency(alarm)
