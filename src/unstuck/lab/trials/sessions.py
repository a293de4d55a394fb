"""A dosing visit: the dose as planned, the readings while it runs and after, what it feels like, and going home."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.conditions import Truth, facts_of
from unstuck.core.dosing import planned_dose
from unstuck.core.participant import STATED
from unstuck.core.protocol import Dose, DoseUnit, MonitoringPlan, Regimen, Step
from unstuck.core.verdict import discharge_verdict
from unstuck.lab.patients.felt import Acute, Felt, felt
from unstuck.lab.patients.living import NOTHING, Dosed
from unstuck.lab.patients.vitals import READINGS, Visit, patient_stream
from unstuck.lab.trials.desk import Desk
from unstuck.lab.trials.facts import state

STAY_MIN = 60  # where the protocol states no stay
SIGNED = "person.leaving_signed"  # the virtual prescriber signs after any answer that is not high
LOOKS_AGAIN = timedelta(minutes=30)
LEAVES_ANYWAY = timedelta(hours=3)  # after the planned hour; then no discharge is recorded
USUAL_MG_PER_KG = 0.5  # the dose whose effects the figures describe
Planned = tuple[datetime, str, float]  # when, which reading, minutes since the start of the dose


def regimen_of(desk: Desk, step: Step) -> Regimen:
    """The regimen this person gets at that step."""
    assert isinstance(step.activity, Dose)
    return desk.protocol.regimen(step.activity.regimen, desk.course.arm)


def is_silent(desk: Desk, step: Step) -> bool:
    """Whether the step gives a drug of which the protocol states no amount."""
    return isinstance(step.activity, Dose) and regimen_of(desk, step).amount is None


def visit_of(desk: Desk, step: Step, occurrence: int) -> Visit:
    """The dosing visit of that occurrence, made when it is first asked for."""
    key = (step.key, occurrence)
    if key not in desk.visits:
        regimen = regimen_of(desk, step) if isinstance(step.activity, Dose) else None
        drug, strength = (regimen.drug, _strength(regimen, desk)) if regimen else ("", 0.0)
        number = len(desk.course.doses) + 1
        desk.visits[key] = Visit(desk.patient, number, drug, strength, _felt(desk, regimen, number))
    return desk.visits[key]


def _felt(desk: Desk, regimen: Regimen | None, number: int) -> Felt | None:
    """What the model says of this dose; None where the run takes the description."""
    if desk.acute is Acute.SPREAD:
        return None
    if regimen is None or regimen.amount is None:
        return felt(desk.patient, number, NOTHING, desk.acute)
    mg = planned_dose(regimen, desk.patient.person.weight_kg).mg
    return felt(desk.patient, number, Dosed(regimen.drug, regimen.route.value, mg, regimen.minutes), desk.acute)


def _strength(regimen: Regimen, desk: Desk) -> float:
    """Acute effects relative to 0.5 mg/kg by vein, in proportion to the dose; other routes reach less (assumed)."""
    if not regimen.amount:
        return 0.0
    by_weight = regimen.amount if regimen.unit is DoseUnit.MG_PER_KG else regimen.amount / desk.patient.person.weight_kg
    reach = {"iv_infusion": 1.0, "iv_bolus": 1.0, "im": 0.93, "sc": 0.9, "intranasal": 0.45, "sublingual": 0.3}
    return min(2.0, by_weight * reach.get(regimen.route.value, 0.2) / USUAL_MG_PER_KG)


def give(desk: Desk, step: Step, occurrence: int, at: datetime) -> None:
    """Records the dose that the regimen means at today's weight, cut down to a tenth of a milligram."""
    regimen = regimen_of(desk, step)
    seen = desk.course.series.get("weight_kg", ())
    weight = float(seen[-1].value) if seen else None
    mg = math.floor(planned_dose(regimen, weight).mg * 10) / 10
    drug, route = regimen.drug, regimen.route.value
    what = ev.DoseGiven(step.key, occurrence, drug, route, mg, weight, regimen.minutes, regimen.key)
    desk.write(what, at, "sim-nurse")
    desk.patient.treated(desk.day(at), Dosed(drug, route, mg, regimen.minutes))


def readings(desk: Desk, step: Step, at: datetime) -> Iterator[Planned]:
    """When which reading is due after a dose that began at `at`, until the planned hour of leaving."""
    plan = desk.protocol.monitoring
    length, stay = regimen_of(desk, step).minutes or 0.0, _leaving_min(desk, step)
    for row in plan.readings if plan else ():
        if row.phase != "before":
            first, last = (0.0, length) if row.phase == "during" else (length, stay)
            for minutes in _moments(first, last, row.every_min, desk.sparse):
                yield from ((at + timedelta(minutes=minutes), name, minutes) for name in row.readings)


def _moments(first: float, last: float, every: int | None, sparse: bool) -> list[float]:
    """Minutes at which readings are due in a phase; only its end where readings are kept sparse."""
    if last <= first:
        return []
    if every is None or sparse:
        return [last]
    return [first + every * n for n in range(1, int((last - first) // every) + 1)] or [last]


def leaving_at(desk: Desk, step: Step, at: datetime) -> datetime:
    """The planned hour of leaving after a dose that began at `at`."""
    return at + timedelta(minutes=_leaving_min(desk, step))


def _leaving_min(desk: Desk, step: Step) -> float:
    plan: MonitoringPlan | None = desk.protocol.monitoring
    length = regimen_of(desk, step).minutes or 0.0
    stay = plan.stay_min if plan and plan.stay_min is not None else STAY_MIN
    return stay if plan and plan.stay_from == "dose_start" and stay > length else length + stay


def take(desk: Desk, step: Step, occurrence: int, planned: Planned) -> None:
    """Takes one reading of the visit."""
    at, name, minutes = planned
    if name in READINGS:
        phase = "during" if minutes <= (regimen_of(desk, step).minutes or 0.0) else "after"
        value = visit_of(desk, step, occurrence).reading(name, minutes, round(minutes))
        desk.write(ev.ReadingTaken(name, value, step.key, occurrence, phase), at)


def leave(desk: Desk, step: Step, occurrence: int, at: datetime) -> datetime | None:
    """Discharges when the rule says so; else tells when to try again, None when the person goes undischarged."""
    began = desk.course.done[step.key, occurrence]
    planned = leaving_at(desk, step, began)
    _look_again(desk, step, occurrence, at, (at - began) / timedelta(minutes=1))
    said = discharge_verdict(desk.protocol, desk.course, at)
    if desk.protocol.monitoring is None or said.truth is Truth.HOLDS:
        desk.write(ev.Discharged(step.key, occurrence), at)
        return None
    return at + LOOKS_AGAIN if at < planned + LEAVES_ANYWAY else None


def _look_again(desk: Desk, step: Step, occurrence: int, at: datetime, minutes: float) -> None:
    """Finds out what the rules for leaving rest on: readings, what staff see, and what is rated."""
    plan = desk.protocol.monitoring
    wanted = facts_of(plan.discharge) if plan and plan.discharge else ()
    for name in wanted:
        if name in READINGS:
            take(desk, step, occurrence, (at, name, minutes))
        elif name in STATED and name != SIGNED:
            state(desk, name, at)
    for instrument in dict.fromkeys(name.split(".")[0] for name in wanted if name.split(".")[0] in desk.instruments):
        desk.assess(instrument, step.key, occurrence, at)
    risk = desk.course.series.get("cssrs_screen.risk", ())
    if SIGNED in wanted and risk and risk[-1].value in ("low", "moderate"):
        desk.write(ev.FactStated(SIGNED, True), at, "sim-prescriber")


def side_effects(desk: Desk, step: Step, occurrence: int, at: datetime) -> None:
    """Notes the expected, passing effects of this dose, each drawn by its share."""
    figures, visit = desk.patient.frame.figures, visit_of(desk, step, occurrence)
    ratio = 1.0 if visit.strength else figures.control_side_effects
    for name in ("nausea", "dizziness", "headache", "anxiety"):
        stream = patient_stream(desk.patient, f"side effect {name}", visit.number)
        if stream.chance(getattr(figures, name) * ratio):
            grade, minutes = 1 + stream.chance(0.2), float(round(20 + 60 * stream.uniform()))
            what = ev.AdverseEventNoted(name, grade, False, True, len(desk.course.doses), minutes)
            desk.write(what, at)
