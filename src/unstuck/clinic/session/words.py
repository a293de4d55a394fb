"""Words of the session page: phases, readings, measures and the lines of its timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.core import events as ev
from unstuck.core import session_events as live
from unstuck.core.sentences import fact_words, instrument_words
from unstuck.core.session import Phase

PHASES = {
    Phase.EXPECTED: gettext_lazy("Expected"),
    Phase.CHECK_IN: gettext_lazy("Check-in"),
    Phase.BEFORE: gettext_lazy("Before the dose"),
    Phase.DURING: gettext_lazy("Dosing"),
    Phase.PEAK: gettext_lazy("Peak"),
    Phase.AFTER: gettext_lazy("Recovery"),
    Phase.LEAVING: gettext_lazy("Leaving"),
    Phase.GONE: gettext_lazy("Gone"),
}
READINGS: dict[str, tuple[Any, Any, float, float]] = {
    "systolic_mmhg": (gettext_lazy("Systolic"), "mmHg", 40, 300),
    "diastolic_mmhg": (gettext_lazy("Diastolic"), "mmHg", 20, 200),
    "pulse_per_min": (gettext_lazy("Pulse"), "/min", 20, 260),
    "spo2_percent": (gettext_lazy("SpO₂"), "%", 40, 100),
    "resp_per_min": (gettext_lazy("Breaths"), "/min", 2, 80),
    "moaas": (gettext_lazy("Alertness, MOAA/S"), gettext_lazy("5 to 0"), 0, 5),
    "oxygen_l_per_min": (gettext_lazy("Oxygen given"), gettext_lazy("L/min"), 0, 25),
    "weight_kg": (gettext_lazy("Weight"), "kg", 20, 350),
}
"""Name, unit, lowest and highest that can be typed: what can be a human reading, not limits of care."""

MEASURES = {
    "oxygen": gettext_lazy("Oxygen"),
    "positioning": gettext_lazy("Positioning, airway opened"),
    "antihypertensive": gettext_lazy("Medicine against high pressure"),
    "ondansetron": gettext_lazy("Ondansetron"),
    "midazolam_rescue": gettext_lazy("Midazolam"),
    "fluids": gettext_lazy("Fluids"),
    "grounding": gettext_lazy("Grounding"),
    "other": gettext_lazy("Another measure"),
}
REASONS = {
    "pressure": gettext_lazy("Pressure over its limit"),
    "oxygen": gettext_lazy("Oxygen under its limit"),
    "sedation": gettext_lazy("Hardly rousable"),
    "vomiting": gettext_lazy("Vomiting"),
    "distress": gettext_lazy("Fear that does not settle"),
    "person_asks": gettext_lazy("The person asks"),
    "line": gettext_lazy("Line or pump"),
    "settled": gettext_lazy("Settled"),
    "emergency": gettext_lazy("Emergency"),
}
FLOWS = {
    live.Flow.PAUSED: gettext_lazy("Infusion paused"),
    live.Flow.RESUMED: gettext_lazy("Infusion resumed"),
    live.Flow.RATE: gettext_lazy("Infusion set to another rate"),
    live.Flow.STOPPED: gettext_lazy("Infusion stopped"),
}
ANSWERS = {
    live.Answer.TAKEN: gettext_lazy("taken"),
    live.Answer.ACTED: gettext_lazy("acted on"),
    live.Answer.RECHECKED: gettext_lazy("looked at again"),
    live.Answer.ESCALATED: gettext_lazy("handed on"),
}


def spoken(code: str, words: dict[str, Any]) -> str:
    """The words of a code, or the code made readable."""
    return str(words.get(code) or code.replace("_", " "))


def names_of(names: Iterable[str]) -> str:
    """Readings and instruments in words, pressure as one: "Blood pressure, pulse"."""
    said = dict.fromkeys(_("blood pressure") if n.endswith("tolic_mmhg") else _short(n) for n in names)
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def _short(name: str) -> str:
    if name in READINGS:
        word = str(READINGS[name][0])
        return word if word.startswith("SpO") else word[:1].lower() + word[1:]
    return instrument_words(name)


def value_words(what: ev.ReadingTaken) -> str:
    """One reading with its unit."""
    unit = READINGS[what.name][1] if what.name in READINGS else ""
    return f"{_short(what.name)} {what.value:g} {unit}".strip()


Say = Callable[[Any, bool], str]


def happened(what: ev.What, unmasked: bool) -> str:
    """One line of the timeline. Where `unmasked` is false it tells neither drug nor mg."""
    say = _SAID.get(type(what))
    return say(what, unmasked) if say else ""


def _given(what: ev.DoseGiven, unmasked: bool) -> str:
    volume = f"{what.units:g} {what.unit}" if what.units else ""
    amount = f"{what.drug} {what.amount_mg:g} mg {volume}".strip() if unmasked else volume
    over = _(" over %(n)s min") % {"n": f"{what.minutes:g}"} if what.minutes else ""
    return _("Dose begun: %(amount)s%(over)s") % {"amount": amount or _("as ordered"), "over": over}


def _ordered(what: live.DoseOrdered, unmasked: bool) -> str:
    amount = f"{what.drug} {what.amount:g} {what.unit}" if unmasked else _("study dose")
    return _("Order signed: %(amount)s") % {"amount": amount}


def _checked(what: live.DoseChecked, _unmasked: bool) -> str:
    # Never how much: the second person reads the syringe without knowing what the first one entered.
    return _("First check made") if what.role is live.CheckRole.GIVER else _("Second check made")


def _measure(what: live.MeasureTaken, _unmasked: bool) -> str:
    amount = f"{what.amount:g} {what.unit} {what.route}".strip() if what.amount is not None else ""
    return f"{spoken(what.measure, MEASURES)} {amount}".strip()


def _harm(what: ev.AdverseEventNoted, _unmasked: bool) -> str:
    expected = _(", passing and expected") if what.expected else ""
    told = {"what": what.category.replace("_", " "), "grade": what.grade, "expected": expected}
    return _("Unwanted: %(what)s, grade %(grade)s%(expected)s") % told


def _flow(what: live.InfusionChanged, _unmasked: bool) -> str:
    reason = f". {spoken(what.reason, REASONS)}" if what.reason else ""
    return f"{FLOWS[what.flow]}{reason}"


def _call(what: live.Called, _unmasked: bool) -> str:
    by = _("the person") if what.by == "patient" else _("staff")
    return _("Help called by %(by)s") % {"by": by} if what.call is live.Call.HELP else _("Emergency called")


_SAID: dict[type, Say] = {
    ev.ReadingTaken: lambda w, _u: value_words(w),
    ev.DoseGiven: _given,
    ev.AssessmentCompleted: lambda w, _u: _("%(name)s rated") % {"name": instrument_words(w.instrument)},
    ev.FactStated: lambda w, _u: f"{fact_words(w.name)}: {_('yes') if w.value is True else _('no')}",
    ev.GateOverridden: lambda w, _u: _("Gate passed by name: %(gate)s") % {"gate": w.gate.replace("_", " ")},
    ev.AdverseEventNoted: _harm,
    ev.Discharged: lambda w, _u: _("Left for home") if w.to is ev.Leaving.HOME else _("Handed into other hands"),
    live.SessionOpened: lambda _w, _u: _("Checked in by name and date of birth"),
    live.DoseOrdered: _ordered,
    live.DoseChecked: _checked,
    live.PartGiven: lambda w, _u: _("Part %(n)s given") % {"n": w.number},
    live.InfusionChanged: _flow,
    live.AlarmAnswered: lambda w, _u: f"{_('Alarm')} “{w.alarm.replace('_', ' ')}” {ANSWERS[w.answer]}",
    live.MeasureTaken: _measure,
    live.PresenceNoted: lambda w, _u: _("Came in") if w.present else _("Went out"),
    live.HandedOver: lambda _w, _u: _("Chair handed over"),
    live.Called: _call,
    live.CallAnswered: lambda _w, _u: _("Somebody came"),
    live.ChoicesLocked: lambda w, _u: (
        _("Choices locked: touch %(touch)s, recording %(recording)s, grounding %(grounding)s")
        % {"touch": w.touch, "recording": w.recording, "grounding": w.grounding}
    ),
}


def clock_words(moment: datetime, zone: tzinfo) -> str:
    """A time of day at the site."""
    return f"{moment.astimezone(zone):%H:%M}"


def countdown(by: datetime, at: datetime) -> str:
    """Minutes and seconds to or since a moment, such as "2:40"."""
    seconds = abs(int((by - at).total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds < 3600 * 2 else f"{seconds // 3600} h"
