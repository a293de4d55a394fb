"""Words and figures of the board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.course.words import span_text
from unstuck.clinic.plan.visits import Visit
from unstuck.core.activities import Dose
from unstuck.core.conditions import Seen
from unstuck.core.events import DoseGiven
from unstuck.core.sentences import fact_words
from unstuck.core.session import Phase

PHASE_WORDS = {
    Phase.EXPECTED: gettext_lazy("Expected"),
    Phase.CHECK_IN: gettext_lazy("Check-in"),
    Phase.BEFORE: gettext_lazy("Before the dose"),
    Phase.DURING: gettext_lazy("Dosing"),
    Phase.PEAK: gettext_lazy("Peak"),
    Phase.AFTER: gettext_lazy("Recovery"),
    Phase.LEAVING: gettext_lazy("Leaving"),
    Phase.GONE: gettext_lazy("Gone"),
}
TRACK = (Phase.CHECK_IN, Phase.BEFORE, Phase.DURING, Phase.PEAK, Phase.AFTER, Phase.LEAVING, Phase.GONE)
ALARM_WORDS = {
    "pressure_high": gettext_lazy("Blood pressure is high"),
    "pressure_low": gettext_lazy("Blood pressure is low"),
    "pulse": gettext_lazy("Pulse is out of its limits"),
    "pulse_far_from_own": gettext_lazy("Pulse is far above their own"),
    "oxygen_falling": gettext_lazy("Oxygen is falling"),
    "oxygen_low": gettext_lazy("Oxygen is low"),
    "oxygen_emergency": gettext_lazy("Oxygen is very low"),
    "breathing": gettext_lazy("Breathing is out of its limits"),
    "hardly_rousable": gettext_lazy("Hardly rousable"),
    "deeply_sedated": gettext_lazy("Deeply sedated"),
}
_READINGS = {
    "systolic_mmhg": gettext_lazy("blood pressure"),
    "diastolic_mmhg": gettext_lazy("blood pressure"),
    "pulse_per_min": gettext_lazy("pulse"),
    "spo2_percent": gettext_lazy("oxygen"),
    "resp_per_min": gettext_lazy("breathing"),
    "moaas": gettext_lazy("alertness"),
    "cadss": gettext_lazy("dissociation scale"),
    "aldrete": gettext_lazy("Aldrete"),
    "padss": gettext_lazy("PADSS"),
}
_PRESSURE = ("systolic_mmhg", "diastolic_mmhg")
_UNITS = {
    "systolic_mmhg": "mmHg",
    "diastolic_mmhg": "mmHg",
    "pulse_per_min": "/min",
    "spo2_percent": "%",
    "resp_per_min": "/min",
}
_ROUTES = {
    "iv_infusion": gettext_lazy("IV infusion"),
    "iv_bolus": gettext_lazy("IV bolus"),
    "im": gettext_lazy("IM"),
    "sc": gettext_lazy("SC"),
    "intranasal": gettext_lazy("nasal"),
    "sublingual": gettext_lazy("sublingual"),
    "oral": gettext_lazy("oral"),
}


def clock(moment: datetime, zone: tzinfo) -> str:
    """A time of day at the site, such as 09:30."""
    return f"{moment.astimezone(zone):%H:%M}"


def count_text(one: datetime, other: datetime) -> str:
    """The time between as a running figure: 4:10 for minutes and seconds, 2 h 05 above an hour."""
    seconds = int(abs((other - one).total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d}"


def readings(names: Iterable[str]) -> str:
    """What to read, in words, each once: "Blood pressure, pulse"."""
    words = dict.fromkeys(str(_READINGS.get(name) or fact_words(name)) for name in names)
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def value_text(names: Iterable[str], latest: Mapping[str, Seen]) -> tuple[str, str, datetime | None]:
    """The last values of these readings as one figure, its unit, and when it was read; empty where none was."""
    seen = [(name, latest[name]) for name in names if name in latest]
    if not seen:
        return "", "", None
    if seen[0][0] in _PRESSURE:  # the two are told together, whichever of them is asked for
        both = [latest.get(name) for name in _PRESSURE]
        known = [one.at for one in both if one]
        return "/".join(f"{one.value:g}" if one else "?" for one in both), "mmHg", min(known)
    name, one = seen[0]
    return (f"{one.value:g}" if isinstance(one.value, int | float) else ""), _UNITS.get(name, ""), one.at


def alarm_words(key: str) -> str:
    """What an alarm says; its key in words where no sentence is known."""
    return str(ALARM_WORDS.get(key, key.replace("_", " ").capitalize()))


def place_words(place: str) -> str:
    """A place as people say it: "Chair 1", "Room A", "Quiet room"; empty for none."""
    kind, _sep, name = place.partition("_")
    told = {"chair": _("Chair"), "room": _("Room")}.get(kind)
    return f"{told} {name.upper()}".strip() if told else place.replace("_", " ").capitalize()


def countdown(by: datetime, at: datetime) -> str:
    """How long until or since a moment: "in 4 min", "3 min late"."""
    figure, unit = span_text(by, at) if at > by else span_text(at, by)
    span = {"span": f"{figure} {unit}"}
    return _("%(span)s late") % span if at > by else _("in %(span)s") % span


def session_address(key: str, step: str, occurrence: int) -> str:
    """The live session where this site has its page, else the course."""
    try:
        return reverse("session:session", args=[key, step, occurrence])
    except NoReverseMatch:
        return reverse("course:course", args=[key])


def drug_words(visit: Visit, known: bool) -> str:
    """Drug, route and number of the dose of a visit, or its blinded label; empty for a visit without a dose."""
    state, protocol = visit.loaded.state, visit.loaded.protocol
    activity = protocol.step(visit.step).activity
    if not isinstance(activity, Dose):
        return ""
    regimen = protocol.regimen(activity.regimen, state.arm)
    given = visit.session.dose.what if visit.session.dose else None
    number = len(state.doses) + 1
    if isinstance(given, DoseGiven):
        number = next(n for n, e in enumerate(state.doses, 1) if e.what == given)
    if not known:
        told = {"label": regimen.blind_label or _("Study drug"), "n": number}
        return _("%(label)s · dose %(n)s") % told
    amount = f" {given.amount_mg:g} mg" if isinstance(given, DoseGiven) else ""
    route = str(_ROUTES.get(regimen.route.value, regimen.route.value))
    told = {"drug": regimen.drug.capitalize(), "amount": amount, "route": route, "n": number}
    return _("%(drug)s%(amount)s, %(route)s · dose %(n)s") % told
