"""Exactly what the session page shows: frozen values made from one session at one instant, for one reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.course.models import Course
from unstuck.clinic.people.photos import mark_of
from unstuck.clinic.session import words
from unstuck.clinic.session.before import before_dose
from unstuck.clinic.session.emergency import EmergencyCard, emergency_card
from unstuck.clinic.session.next_act import NextAct, RuleRow, next_act, urgency
from unstuck.clinic.session.queries import Live
from unstuck.clinic.session.state import label_of
from unstuck.clinic.session.timeline import Line, timeline
from unstuck.core import events as ev
from unstuck.core.alarms import Alarm
from unstuck.core.conditions import Truth
from unstuck.core.infusion import Infusion, Running
from unstuck.core.session import Phase, Session
from unstuck.core.session_events import ChoicesLocked, DoseOrdered
from unstuck.core.verdict import RuleVerdict


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: what they may see and do."""

    account: str
    names: bool
    unmasked: bool
    may_order: bool
    may_dose: bool
    may_override: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """One reading to type; the last value stands beside the field, never in it."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    last: str


@dataclass(frozen=True, slots=True)
class AlarmRow:
    key: str
    words: str
    raised: str
    taken: str
    urgent: bool
    life: bool
    holds: bool
    unanswered: bool
    needs_taking: bool
    worse: bool


@dataclass(frozen=True, slots=True)
class Pump:
    """An infusion as it runs, in the pump's unit; mg only for whom it unmasks nothing."""

    state: str
    word: str
    given: tuple[str, str]
    left: tuple[str, str]
    rate: tuple[str, str]
    clock: str
    end: str
    full_rate: float
    runs: bool
    paused: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class OrderRow:
    words: str
    until: str
    expired: bool


@dataclass(frozen=True, slots=True)
class SessionPage:
    key: str
    step: str
    occurrence: int
    name: str
    born: str
    person: str  # the pseudonym under which the photo is served; empty for who may not see names
    photo: str  # which picture; empty where there is none
    chair: str
    dose_of: str
    label: str
    touch: str
    title: str
    phase: str
    phases: tuple[tuple[str, str], ...]
    next: NextAct
    alarms: tuple[AlarmRow, ...]
    calls: tuple[str, ...]
    emergency: EmergencyCard
    slots: tuple[Slot, ...]
    before: tuple[RuleRow, ...]
    unmet: int
    leaving: tuple[RuleRow, ...]
    left_open: int
    lines: tuple[Line, ...]
    pump: Pump | None
    anchors: tuple[tuple[str, str], ...]
    order: OrderRow | None
    given: bool
    here: bool
    gone: bool
    keeper: str
    keeper_is_reader: bool
    simulated: bool


def session_page(live: Live, reader: Reader, people: Mapping[str, str], at: datetime, zone: tzinfo) -> SessionPage:
    """The page at one instant, for one reader. `people` are the names of staff by account key."""
    said, row = live.session, live.course
    before = _before(live, at)
    leaving = tuple(_rule(r) for r in said.leaving.rules) if said.leaving else ()
    return SessionPage(
        key=row.key,
        step=live.place.step,
        occurrence=live.place.occurrence,
        name=row.person.name if reader.names else row.key,
        born=_born(row, reader),
        person=row.person.key if reader.names else "",
        photo=mark_of(row.person) if reader.names else "",
        chair=said.chair.replace("chair_", ""),
        dose_of=str(live.place.occurrence),
        label=label_of(live, reader.unmasked),
        touch=_touch(live),
        title=live.loaded.protocol.step(live.place.step).title,
        phase=str(words.PHASES[said.phase]),
        phases=_pips(said.phase),
        next=next_act(live, before, at, zone),
        alarms=tuple(_alarm(a, people, zone) for a in sorted(said.alarms, key=urgency)),
        calls=tuple(_call_words(c.call, c.at, zone) for c in said.calls),
        emergency=emergency_card(live.loaded.protocol.monitoring, said.emergency, people, at),
        slots=_slots(live, zone),
        before=before,
        unmet=sum(1 for r in before if r.level != "ok"),
        leaving=leaving,
        left_open=sum(1 for r in leaving if r.level != "ok"),
        lines=timeline(live, reader.unmasked, people, zone),
        pump=_pump(live, reader.unmasked, at, zone),
        anchors=_anchors(said, zone),
        order=_order(live, reader.unmasked, at, zone),
        given=said.dose is not None,
        here=bool(said.chair) and said.phase is not Phase.GONE,
        gone=said.phase is Phase.GONE,
        keeper=people.get(said.keeper, said.keeper),
        keeper_is_reader=said.keeper == reader.account,
        simulated=row.simulated,
    )


def _born(row: Course, reader: Reader) -> str:
    born = row.person.born_on
    return f"{born.day} {born:%b %Y}" if reader.names and born else ""


def _touch(live: Live) -> str:
    chosen = [e.what for e in live.loaded.state.sessions.get((live.place.step, live.place.occurrence), ())]
    return next((w.touch for w in reversed(chosen) if isinstance(w, ChoicesLocked)), "")


def _pips(phase: Phase) -> tuple[tuple[str, str], ...]:
    here = list(Phase).index(phase)
    return tuple(
        ("past" if n < here else "here" if n == here else "", str(words.PHASES[p]))
        for n, p in enumerate(Phase)
        if p is not Phase.EXPECTED
    )


def _call_words(call: str, at: datetime, zone: tzinfo) -> str:
    told = {"at": words.clock_words(at, zone)}
    return (_("Emergency called at %(at)s") if call == "emergency" else _("Help called at %(at)s")) % told


def _alarm(alarm: Alarm, people: Mapping[str, str], zone: tzinfo) -> AlarmRow:
    taken = ""
    if alarm.taken_at:
        who = people.get(alarm.taken_by, alarm.taken_by)
        taken = _("Taken by %(who)s at %(at)s") % {"who": who, "at": words.clock_words(alarm.taken_at, zone)}
    return AlarmRow(
        key=alarm.rule.key,
        words=alarm.rule.action,
        raised=words.clock_words(alarm.raised_at, zone),
        taken=taken,
        urgent=alarm.rule.urgent,
        life=alarm.rule.life,
        holds=alarm.holds,
        unanswered=alarm.unanswered,
        needs_taking=alarm.taken_at is None,
        worse=alarm.worse,
    )


def _before(live: Live, at: datetime) -> tuple[RuleRow, ...]:
    rules = before_dose(live, at)
    return tuple(_rule(r) for r in sorted(rules, key=lambda r: (r.opens, r.truth is Truth.UNKNOWN)))


def _rule(rule: RuleVerdict) -> RuleRow:
    level = "ok" if rule.opens else "unk" if rule.truth is Truth.UNKNOWN else "no"
    word = {"ok": _("Met"), "unk": _("Not known"), "no": _("Not met")}[level]
    if rule.overridden:
        word = _("Passed by name")
    return RuleRow(rule.key, level, rule.sentence, rule.why, word, rule.may_override and level != "ok")


def _slots(live: Live, zone: tzinfo) -> tuple[Slot, ...]:
    last = dict(live.session.latest)
    given = live.session.dose is not None
    slots = []
    for name, (label, unit, low, high) in words.READINGS.items():
        if name == "weight_kg" and given:
            continue
        seen = last.get(name)
        beside = f"{seen.value:g}, {words.clock_words(seen.at, zone)}" if seen else _("not read yet")
        slots.append(Slot(name, str(label), str(unit), low, high, beside))
    return tuple(slots)


def _pump(live: Live, unmasked: bool, at: datetime, zone: tzinfo) -> Pump | None:
    run, dose = live.session.run, live.session.dose
    if run is None or dose is None or not run.segments or not isinstance(dose.what, ev.DoseGiven):
        return None
    state = run.state(at)
    units = dose.what.units or 0.0
    share = units / run.ordered_mg if run.ordered_mg else 0.0
    return Pump(
        state={"runs": "open", "paused": "info", "ended": "done"}[state.value],
        word={Running.RUNS: _("Runs"), Running.PAUSED: _("Paused"), Running.ENDED: _("Ended")}[state],
        given=_amount(run.given_mg(at), share, dose.what.unit, unmasked),
        left=_amount(run.ordered_mg - run.given_mg(at), share, dose.what.unit, unmasked),
        rate=_rate(run.rate(at), share, dose.what.unit, unmasked),
        clock=f"T+{int((at - run.started_at).total_seconds() // 60)}",
        end=words.clock_words(run.ends_at, zone) if run.ends_at else _("paused"),
        full_rate=run.segments[0].mg_per_min * 60 * share,
        runs=state is Running.RUNS,
        paused=state is Running.PAUSED,
        ended=state is Running.ENDED,
    )


def _rate(mg_per_min: float, share: float, unit: str, unmasked: bool) -> tuple[str, str]:
    """What stands on the pump; mg per minute where the volume is not known and the dose may be."""
    if share:
        return f"{mg_per_min * 60 * share:.2f}", f"{unit}/h"
    return (f"{mg_per_min:.2f}", "mg/min") if unmasked else ("?", _("not known"))


def _amount(mg: float, share: float, unit: str, unmasked: bool) -> tuple[str, str]:
    """The figure that leads and what stands below it: mg over volume, or the volume alone."""
    volume = f"{mg * share:.2f}" if share else ""
    if unmasked:
        return f"{mg:.1f}", f"mg, {volume} {unit}" if share else "mg"
    return volume or "?", unit


def _anchors(said: Session, zone: tzinfo) -> tuple[tuple[str, str], ...]:
    """The clocks that count, each with what it is anchored to."""
    run: Infusion | None = said.run
    if run is None:
        return ()
    pairs = [(_("Began"), run.started_at)]
    if len(run.parts) > 1:
        pairs.append((_("Last part"), run.parts[-1][0]))
    pairs += [(_("Ends"), run.ends_at)] if run.ends_at and run.segments else []
    pairs += [(_("Near the peak until"), said.peak_until)] if said.peak_until else []
    pairs += [(_("Stay until"), said.stay_until)] if said.stay_until else []
    return tuple((name, words.clock_words(moment, zone)) for name, moment in pairs)


def _order(live: Live, unmasked: bool, at: datetime, zone: tzinfo) -> OrderRow | None:
    happened = live.loaded.state.sessions.get((live.place.step, live.place.occurrence), ())
    order = next((e.what for e in reversed(happened) if isinstance(e.what, DoseOrdered)), None)
    if order is None:
        return None
    over = _(" over %(n)s min") % {"n": f"{order.minutes:g}"} if order.minutes else ""
    amount = f"{order.drug} {order.amount:g} {order.unit}{over}, {_('at most')} {order.cap_mg:g} mg"
    said = amount if unmasked else label_of(live, unmasked) + over
    return OrderRow(said, words.clock_words(order.valid_until, zone), at > order.valid_until)
