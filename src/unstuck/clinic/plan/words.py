"""Words and figures of the board."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.course.words import span_text
from unstuck.clinic.plan.visits import Visit
from unstuck.core.activities import Dose
from unstuck.core.events import DoseGiven
from unstuck.core.sentences import fact_words
from unstuck.core.session import Phase

PHASE_WORDS = {
    Phase.EXPECTED: gettext_lazy("Expected"),
    Phase.BEFORE: gettext_lazy("Before the dose"),
    Phase.DURING: gettext_lazy("Drug is running"),
    Phase.AFTER: gettext_lazy("After the dose"),
    Phase.GONE: gettext_lazy("Gone"),
}
_READINGS = {
    "systolic_mmhg": gettext_lazy("blood pressure"),
    "diastolic_mmhg": gettext_lazy("blood pressure"),
    "pulse_per_min": gettext_lazy("pulse"),
    "spo2_percent": gettext_lazy("oxygen"),
    "resp_per_min": gettext_lazy("breathing"),
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


def readings(names: Iterable[str]) -> str:
    """What to read, in words, each once: "Blood pressure, pulse"."""
    words = dict.fromkeys(str(_READINGS.get(name) or fact_words(name)) for name in names)
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def place_words(place: str) -> str:
    """A place as people say it: "Chair 1", "Room A"; empty for none."""
    kind, _sep, name = place.partition("_")
    told = {"chair": _("Chair"), "room": _("Room")}.get(kind, kind.capitalize())
    return f"{told} {name.upper()}".strip()


def countdown(by: datetime, at: datetime) -> str:
    """How long until or since a moment: "in 4 min", "3 min late"."""
    figure, unit = span_text(by, at) if at > by else span_text(at, by)
    span = {"span": f"{figure} {unit}"}
    return _("%(span)s late") % span if at > by else _("in %(span)s") % span


def drug_words(visit: Visit) -> str:
    """Drug, route and number of the dose of a visit; empty for a visit without one."""
    state, protocol = visit.loaded.state, visit.loaded.protocol
    activity = protocol.step(visit.step).activity
    if not isinstance(activity, Dose):
        return ""
    given = visit.session.dose.what if visit.session.dose else None
    if isinstance(given, DoseGiven):
        number = next(n for n, e in enumerate(state.doses, 1) if e.what == given)
        drug, route, amount = given.drug, given.route, f" {given.amount_mg:g} mg"
    else:
        regimen = protocol.regimen(activity.regimen, state.arm)
        drug, route, number, amount = regimen.drug, regimen.route.value, len(state.doses) + 1, ""
    told = {"drug": drug.capitalize(), "amount": amount, "route": _ROUTES.get(route, route), "n": number}
    return _("%(drug)s%(amount)s, %(route)s · dose %(n)s") % told
