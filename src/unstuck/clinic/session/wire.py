"""From what a session page says to events of the core. Strengths, drugs and amounts are never taken from the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from unstuck.clinic.assessment.wording import wording_of
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.session.queries import Place
from unstuck.clinic.session.words import READINGS
from unstuck.core import events as ev
from unstuck.core.activities import Assess
from unstuck.core.assessment import complaints_about, event_parts, score
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_instrument
from unstuck.core.live import dose_of
from unstuck.core.protocol import AfterEachDose, Protocol
from unstuck.core.session_events import (
    AlarmAnswered,
    CallAnswered,
    Called,
    ChoicesLocked,
    Flow,
    HandedOver,
    InfusionChanged,
    MeasureTaken,
    PartGiven,
    PresenceNoted,
)
from unstuck.core.verdict import verdict
from unstuck.core.wording_file import may_score_for_care

BOUND = (
    ev.ReadingTaken, ev.GateOverridden, AlarmAnswered, CallAnswered, Called, ChoicesLocked, HandedOver, InfusionChanged,
    MeasureTaken, PartGiven, PresenceNoted,
)  # fmt: skip
"""What names its session and must name the one of the page."""

PLAIN: dict[str, type] = {kind.__name__: kind for kind in BOUND if kind not in (InfusionChanged, PartGiven, HandedOver)}
PLAIN |= {kind.__name__: kind for kind in (ev.FactStated, ev.AdverseEventNoted)}
"""What a page may send as it is. Orders, checks, doses, hand-over and leaving have actions of their own."""


class UnknownEntry(Complaint):
    """A page sends something that no session page may write."""


def read(loaded: Loaded, place: Place, kind: str, what: Mapping[str, Any], at: datetime) -> ev.What:
    """The event behind an entry; `Flow`, `Part` and `Rated` are worked out from what is known. Raises Complaint."""
    match kind:
        case "Flow":
            return _flow(loaded, place, what)
        case "Part":
            return _part(loaded, place, what)
        case "Rated":
            return rated(loaded, place, str(what.get("instrument")), what.get("answers", {}), at)
        case _ if kind in PLAIN:
            return _possible(ev.read_what(PLAIN[kind], what))
    raise UnknownEntry(f"A session page cannot write {kind!r}.", mend=f"It writes {', '.join(sorted(PLAIN))}.")


def _possible(what: ev.What) -> ev.What:
    """The event, where a reading of it can be a human one. Raises UnknownEntry."""
    if isinstance(what, ev.ReadingTaken) and what.name in READINGS:
        label, unit, low, high = READINGS[what.name]
        if not low <= what.value <= high:
            raise UnknownEntry(f"{label} {what.value:g} {unit} cannot be.", mend=f"Between {low:g} and {high:g}.")
    return what


def strength(loaded: Loaded, place: Place) -> float:
    """The mg in one unit of what was given, from the dose as it was checked. Raises UnknownEntry before a dose."""
    dose = dose_of(loaded.state, place.step, place.occurrence)
    if dose is None or not isinstance(dose.what, ev.DoseGiven) or not dose.what.units:
        raise UnknownEntry("No checked dose has begun in this session.")
    return dose.what.amount_mg / dose.what.units


def _flow(loaded: Loaded, place: Place, what: Mapping[str, Any]) -> InfusionChanged:
    """A change of the pump; the page speaks of mL per hour, which is what stands on the pump."""
    try:
        flow = Flow(what.get("flow", ""))
        ml_per_h = what.get("rate_ml_per_h")
        rate = None if ml_per_h is None else float(ml_per_h) / 60 * strength(loaded, place)
    except (TypeError, ValueError):
        raise UnknownEntry("The change of the infusion cannot be read.") from None
    return InfusionChanged(place.step, place.occurrence, flow, rate, str(what.get("reason", "")))


def _part(loaded: Loaded, place: Place, what: Mapping[str, Any]) -> PartGiven:
    try:
        number, units = int(what["number"]), float(what["units"])
    except (KeyError, TypeError, ValueError):
        raise UnknownEntry("The part cannot be read.", mend="Say which part, and how many sprays or tablets.") from None
    return PartGiven(place.step, place.occurrence, number, units * strength(loaded, place))


def rated(loaded: Loaded, place: Place, key: str, answers: Mapping[str, Any], at: datetime) -> ev.AssessmentCompleted:
    """A scale that staff rated at the bedside, scored here; it completes the protocol's own step where that is open."""
    instrument = load_instrument(key)
    faults = complaints_about(instrument, answers)
    if faults:
        raise faults[0]
    wording = wording_of(instrument, loaded.row.simulated)
    parts = event_parts(score(instrument, answers))
    step, occurrence = _step_for(loaded, place, key, at)
    return ev.AssessmentCompleted(
        instrument=instrument.key,
        version=instrument.version,
        wording=wording.stamp,
        answers=parts.answers,
        scores=parts.scores,
        step=step,
        occurrence=occurrence,
        flags=parts.flags,
        for_care=loaded.row.simulated or may_score_for_care(instrument, wording),
    )


def _step_for(loaded: Loaded, place: Place, instrument: str, at: datetime) -> tuple[str, int]:
    """The step after this dose that asks the instrument and is open; else the dose step itself."""
    dose = dose_of(loaded.state, place.step, place.occurrence)
    if dose is not None:
        number = loaded.state.doses.index(dose) + 1
        for key in _asked_after_each_dose(loaded.protocol, instrument):
            done = loaded.state.settled(key, number)
            in_it = instrument in loaded.state.parts.get((key, number), frozenset())
            if not done and not in_it and verdict(loaded.protocol, loaded.state, key, number, at).opens:
                return key, number
    return place.step, place.occurrence


def _asked_after_each_dose(protocol: Protocol, instrument: str) -> list[str]:
    found = [s for s in protocol.steps if isinstance(s.after, AfterEachDose) and isinstance(s.activity, Assess)]
    return [s.key for s in found if isinstance(s.activity, Assess) and instrument in s.activity.instruments]
