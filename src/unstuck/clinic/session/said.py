"""Plain forms of the session page as entries: it works without scripts, and a script sends the very same entries."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict

from unstuck.clinic.session.queries import Place
from unstuck.clinic.session.words import READINGS
from unstuck.core.errors import Complaint

MOST = 100_000.0  # no amount, rate or count at a chair has more digits; each kind's own limits are elsewhere


@dataclass(frozen=True, slots=True)
class Sent:
    """One entry as the device made it; `observed_at` is the device's clock."""

    id: str
    kind: str
    observed_at: datetime
    what: Mapping[str, Any]
    words: str = ""


class NothingSaid(Complaint):
    """The form was sent empty, or with something that cannot be read."""


Whats = Iterator[tuple[str, dict[str, Any]]]


def entries_of(form: QueryDict, place: Place, at: datetime) -> tuple[Sent, ...]:
    """The entries that the form means. Raises NothingSaid; then nothing is recorded."""
    kind, base = form.get("kind", ""), form.get("entry", "")
    if len(base) < 8:
        raise NothingSaid("The form has no entry of its own.", mend="Open the page again.")
    maker = _MAKERS.get(kind)
    if maker is None:
        raise NothingSaid(f"The form says nothing that is known: {kind!r}.")
    observed = observed_at(form, at)
    words = form.get("words", "").strip()[:2000]
    made = list(maker(form, place))
    if not made:
        raise NothingSaid("Nothing was entered.", mend="Enter at least one value.")
    return tuple(
        Sent(uuid.uuid5(uuid.NAMESPACE_OID, f"{base}:{n}").hex, name, observed, what, words)
        for n, (name, what) in enumerate(made)
    )


def fields_of(what: Mapping[str, Any], base: str) -> QueryDict:
    """A form as a page's script read it, {field: [values]}; `base` is the entry's own id. Raises NothingSaid."""
    fields = what.get("fields")
    if not isinstance(fields, dict):
        raise NothingSaid("The form cannot be read.")
    form = QueryDict(mutable=True)
    for name, values in fields.items():
        told = [str(value) for value in values] if isinstance(values, list) else [str(values)]
        form.setlist(str(name), [value.replace("\0", "") for value in told])  # no database keeps that sign
    form["entry"] = base
    return form


def observed_at(form: Mapping[str, str], at: datetime) -> datetime:
    """When it was observed: so many minutes ago, now where nothing is said. Raises NothingSaid."""
    typed = form.get("minutes_ago_typed") or form.get("minutes_ago") or "0"
    try:
        minutes = float(typed)
    except ValueError:
        raise NothingSaid("The time cannot be read.", mend="Write how many minutes ago it was.") from None
    if not 0 <= minutes <= 24 * 60:
        raise NothingSaid("The time lies outside this day.", mend="Write how many minutes ago it was, from 0 on.")
    return at - timedelta(minutes=minutes)


def number(form: Mapping[str, str], name: str, least: float = 0) -> float | None:
    """A typed number, or None where the field is empty. Raises NothingSaid, below `least` and above any amount too."""
    typed = form.get(name, "").strip().replace(",", ".")
    if not typed:
        return None
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise NothingSaid(f"{typed!r} is no number.", mend="Type digits.")
    if not least <= value <= MOST:
        raise NothingSaid(f"{typed!r} cannot be here.", mend="Look at the sign and the point, and type it again.")
    return value


def _here(place: Place) -> dict[str, Any]:
    return {"step": place.step, "occurrence": place.occurrence}


def _readings(form: QueryDict, place: Place) -> Whats:
    for name, (label, unit, low, high) in READINGS.items():
        value = number(form, name)
        if value is None:
            continue
        if not low <= value <= high:
            raise NothingSaid(f"{label} {value:g} {unit} cannot be.", mend=f"Between {low:g} and {high:g}.")
        yield "ReadingTaken", _here(place) | {"name": name, "value": value, "phase": form.get("phase", "")}


def _facts(form: QueryDict, _place: Place) -> Whats:
    for name in form.getlist("fact"):
        said = form.get(f"said:{name}", "")
        if said:
            yield "FactStated", {"name": name, "value": said == "yes"}


def _one(kind: str, *fields: str, numbers: tuple[str, ...] = ()) -> Any:
    """A maker of one entry of that kind with these text and number fields."""

    def make(form: QueryDict, place: Place) -> Whats:
        what = _here(place) | {name: form.get(name, "") for name in fields}
        yield kind, what | {name: value for name in numbers if (value := number(form, name)) is not None}

    return make


def _flow(form: QueryDict, _place: Place) -> Whats:
    what: dict[str, Any] = {"flow": form.get("flow", ""), "reason": form.get("reason", "")}
    rate = number(form, "rate_ml_per_h")
    yield "Flow", what | ({"rate_ml_per_h": rate} if rate is not None else {})


def _part(form: QueryDict, _place: Place) -> Whats:
    yield "Part", {"number": number(form, "number"), "units": number(form, "units")}


def _presence(form: QueryDict, place: Place) -> Whats:
    who, _sep, role = form.get("who", "").partition(":")
    yield "PresenceNoted", _here(place) | {"who": who, "role": role, "present": form.get("present") == "yes"}


def _harm(form: QueryDict, _place: Place) -> Whats:
    what: dict[str, Any] = {
        "category": form.get("category", ""),
        "grade": int(number(form, "grade") or 0),
        "serious": form.get("serious") == "yes",
        "expected": form.get("expected") == "yes",
        "treated": form.get("treated") == "yes",
        "blocks_next": form.get("blocks_next") == "yes",
        "causality": form.get("causality", ""),
    }
    dose, minutes = number(form, "dose"), number(form, "minutes")
    what |= {"dose": int(dose)} if dose is not None else {}
    yield "AdverseEventNoted", what | ({"minutes": minutes} if minutes is not None else {})


def _choices(form: QueryDict, place: Place) -> Whats:
    """What the person agreed to; each of the three was asked."""
    what = {name: form.get(name, "") for name in ("touch", "recording", "grounding")}
    if not all(what.values()):
        raise NothingSaid("Touch, recording and grounding are each asked.", mend="Choose one of each.")
    yield "ChoicesLocked", _here(place) | what


def _rated(form: QueryDict, _place: Place) -> Whats:
    prefix = "item:"
    answers = {name.removeprefix(prefix): number(form, name, least=-MOST) for name in form if name.startswith(prefix)}
    given = {name: value for name, value in answers.items() if value is not None}
    if given:
        yield "Rated", {"instrument": form.get("instrument", ""), "answers": given}


def _emergency(form: QueryDict, place: Place) -> Whats:
    """One tap: the pump is stopped where one runs, and everybody is called."""
    if form.get("stops") == "yes":
        yield "Flow", {"flow": "stopped", "reason": "emergency"}
    yield "Called", _here(place) | {"call": "emergency", "by": "staff"}


_MAKERS: dict[str, Any] = {
    "readings": _readings,
    "facts": _facts,
    "flow": _flow,
    "part": _part,
    "presence": _presence,
    "harm": _harm,
    "rated": _rated,
    "emergency": _emergency,
    "alarm": _one("AlarmAnswered", "alarm", "answer", "action"),
    "measure": _one("MeasureTaken", "measure", "unit", "route", numbers=("amount",)),
    "call": _one("Called", "call", "by"),
    "came": _one("CallAnswered", "call", "who"),
    "choices": _choices,
    "override": _one("GateOverridden", "gate", "reason"),
}
"""What each form's `kind` becomes."""
