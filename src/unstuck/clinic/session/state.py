"""A session as plain values: all that a page needs to show, to remind and to alarm without the server.

Where the reader may not know the arm, nothing in it tells drug, mg or mg/kg: only the neutral label, volumes and rates.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from unstuck.clinic import clock
from unstuck.clinic.session.before import before_dose
from unstuck.clinic.session.queries import Live
from unstuck.clinic.session.visit import visit_plain
from unstuck.core import events as ev
from unstuck.core.alarms import Alarm
from unstuck.core.conditions import facts_of
from unstuck.core.facts import CourseFacts
from unstuck.core.infusion import Infusion
from unstuck.core.protocol import MonitoringPlan, Protocol, Regimen, gates_of
from unstuck.core.rule_file import rule_plain
from unstuck.core.verdict import RuleVerdict

Plain = dict[str, Any]


def state_plain(live: Live, unmasked: bool, at: datetime) -> Plain:
    """The whole state. `unmasked` is whether the reader may know drug and dose."""
    plan = live.loaded.protocol.monitoring
    return {
        "at": at.isoformat(),
        "zone": str(clock.zone()),
        "course": live.course.key,
        "step": live.place.step,
        "occurrence": live.place.occurrence,
        "session": _session(live, unmasked, at),
        "plan": plan_plain(plan) if plan else None,
        "facts": facts_plain(live, at),
        "visit": visit_plain(live.loaded.state, live.place.step, live.place.occurrence, at),
        "gates": [_rule(rule) for rule in before_dose(live, at)],
        "log_length": len(live.loaded.state.log),
    }


def _session(live: Live, unmasked: bool, at: datetime) -> Plain:
    said = live.session
    return {
        "phase": said.phase.value,
        "chair": said.chair,
        "keeper": said.keeper,
        "in_room": list(said.in_room),
        "dose": _dose(live, unmasked),
        "run": _run(said.run, live, unmasked, at) if said.run else None,
        "ends_at": _iso(said.ends_at),
        "peak_until": _iso(said.peak_until),
        "stay_until": _iso(said.stay_until),
        "due": [
            {"readings": list(d.readings), "by": d.by.isoformat(), "from": d.counted_from, "source": d.source}
            for d in said.due
        ],
        "alarms": [_alarm(alarm) for alarm in said.alarms],
        "calls": [{"call": c.call, "by": c.by, "at": c.at.isoformat()} for c in said.calls],
        "leaving": [_rule(rule) for rule in said.leaving.rules] if said.leaving else [],
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def regimen_of(live: Live) -> Regimen:
    """The regimen this person gets at this step."""
    activity = live.loaded.protocol.step(live.place.step).activity
    return live.loaded.protocol.regimen(activity.regimen, live.loaded.state.arm)  # type: ignore[union-attr]


def label_of(live: Live, unmasked: bool) -> str:
    """What the reader may call the drug: its name, or the neutral label of a blinded course."""
    regimen = regimen_of(live)
    return regimen.drug if unmasked else regimen.blind_label or "Study dose"


def _dose(live: Live, unmasked: bool) -> Plain | None:
    event = live.session.dose
    if event is None or not isinstance(event.what, ev.DoseGiven):
        return None
    given = event.what
    told: Plain = {
        "at": event.observed_at.isoformat(),
        "label": label_of(live, unmasked),
        "route": given.route,
        "minutes": given.minutes,
        "units": given.units,
        "unit": given.unit,
        "lot": given.lot if unmasked else "",
    }
    return told | ({"drug": given.drug, "amount_mg": given.amount_mg} if unmasked else {})


def _run(run: Infusion, live: Live, unmasked: bool, at: datetime) -> Plain:
    """The infusion in the unit that stands on the pump; in mg too for whom it unmasks nothing."""
    dose = live.session.dose
    units = dose.what.units if dose and isinstance(dose.what, ev.DoseGiven) else None
    share = units / run.ordered_mg if units and run.ordered_mg else None
    told: Plain = {"state": run.state(at).value, "ends_at": _iso(run.ends_at), "stopped": run.stopped}
    if share is not None:
        told |= {
            "units": units,
            "given_units": run.given_mg(at) * share,
            "rate_per_h": run.rate(at) * 60 * share,
            "full_rate_per_h": (run.segments[0].mg_per_min * 60 * share) if run.segments else None,
            "segments": [
                {"start": s.start.isoformat(), "end": _iso(s.end), "rate_per_h": s.mg_per_min * 60 * share}
                for s in run.segments
            ],
            "parts": [{"at": when.isoformat(), "units": mg * share} for when, mg in run.parts],
        }
    return told | ({"given_mg": run.given_mg(at), "ordered_mg": run.ordered_mg} if unmasked else {})


def _alarm(alarm: Alarm) -> Plain:
    return {
        "key": alarm.rule.key,
        "action": alarm.rule.action,
        "urgent": alarm.rule.urgent,
        "life": alarm.rule.life,
        "raised_at": alarm.raised_at.isoformat(),
        "holds": alarm.holds,
        "take_by": _iso(alarm.take_by),
        "taken_at": _iso(alarm.taken_at),
        "taken_by": alarm.taken_by,
        "recheck_by": _iso(alarm.recheck_by),
        "unanswered": alarm.unanswered,
        "worse": alarm.worse,
    }


def _rule(rule: RuleVerdict) -> Plain:
    return {
        "key": rule.key,
        "truth": rule.truth.value,
        "sentence": rule.sentence,
        "why": rule.why,
        "overridden": rule.overridden,
        "may_override": rule.may_override,
    }


def plan_plain(plan: MonitoringPlan) -> Plain:
    """The monitoring plan, with its rules as trees that the page's interpreter judges."""
    return {
        "profile": plan.profile,
        "readings": [
            {"readings": list(r.readings), "phase": r.phase, "every_min": r.every_min, "at_min": list(r.at_min)}
            for r in plan.readings
        ],
        "alerts": [
            {"key": a.key, "rule": rule_plain(a.rule), "action": a.action, "urgent": a.urgent, "life": a.life}
            for a in plan.alerts
        ],
        "discharge": rule_plain(plan.discharge) if plan.discharge else None,
        "stay_min": plan.stay_min,
        "stay_from": plan.stay_from,
        "limits": {limit.key: limit.value for limit in plan.limits},
        "rescue": [{"key": r.key, "within_s": r.within_s} for r in plan.rescue],
        "worse": [{"alert": w.alert, "reading": w.reading, "by": w.by} for w in plan.worse],
    }


def facts_plain(live: Live, at: datetime) -> dict[str, list[list[Any]]]:
    """The series of every fact that the plan's rules and this step's gates read, oldest first."""
    facts = CourseFacts(live.loaded.state)
    return {
        name: [[seen.at.isoformat(), seen.value] for seen in facts.seen(name, at)]
        for name in sorted(_wanted(live.loaded.protocol, live.place.step))
    }


def _wanted(protocol: Protocol, step: str) -> set[str]:
    plan = protocol.monitoring
    rules = [gate.rule for gate in gates_of(protocol, protocol.step(step))]
    rules += [alert.rule for alert in plan.alerts] if plan else []
    rules += [plan.discharge] if plan and plan.discharge else []
    read = {fact for rule in rules for fact in facts_of(rule)} | {"doses", "treatments"}
    return read | {name for row in (plan.readings if plan else ()) for name in row.readings}
