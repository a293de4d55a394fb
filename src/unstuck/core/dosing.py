"""Amounts of drug: what a regimen means for one person, and which doses are refused."""

from __future__ import annotations

from dataclasses import dataclass

from unstuck.core import refusals as no
from unstuck.core.course import Course
from unstuck.core.events import DoseGiven
from unstuck.core.protocol import Dose, DoseUnit, Protocol, Regimen, Step


@dataclass(frozen=True, slots=True)
class PlannedDose:
    """The amount for one person in mg, whether the cap cut it, and what it rests on."""

    mg: float
    capped: bool
    weight_kg: float | None


def planned_dose(regimen: Regimen, weight_kg: float | None) -> PlannedDose:
    """The amount the regimen means at this weight. Raises WeightUnknown or WrongDrug (no amount stated)."""
    if regimen.amount is None:
        raise no.WrongDrug(f"The regimen {regimen.key!r} states no amount; its source is silent.")
    if regimen.unit is DoseUnit.MG_PER_KG and not weight_kg:
        raise no.WeightUnknown(f"{regimen.key!r} is dosed by weight.", mend="Weigh the person today, in kg.")
    mg = regimen.amount * (weight_kg or 0) if regimen.unit is DoseUnit.MG_PER_KG else regimen.amount
    capped = regimen.cap_mg is not None and mg > regimen.cap_mg
    return PlannedDose(regimen.cap_mg if capped and regimen.cap_mg is not None else mg, capped, weight_kg)


def ceiling_mg(regimen: Regimen, weight_kg: float | None) -> float | None:
    """The most that may be given in one dose: the lowest of cap, ceiling per kg and top of the range; None where none
    is set. Raises WeightUnknown where a bound is by weight and no weight is known."""
    bounds = [regimen.cap_mg] if regimen.cap_mg is not None else []
    by_weight = [regimen.ceiling_mg_per_kg] if regimen.ceiling_mg_per_kg is not None else []
    if regimen.highest is not None:
        (by_weight if regimen.unit is DoseUnit.MG_PER_KG else bounds).append(regimen.highest)
    if by_weight and not weight_kg:
        raise no.WeightUnknown(f"{regimen.key!r} has a ceiling by weight.", mend="Weigh the person today, in kg.")
    bounds += [per_kg * (weight_kg or 0) for per_kg in by_weight]
    return min(bounds) if bounds else None


def check_dose(protocol: Protocol, course: Course, step: Step, given: DoseGiven) -> None:
    """Refuses another drug, route or regimen than planned, a dose above its ceiling, or without a weight."""
    assert isinstance(step.activity, Dose)
    regimen = protocol.regimen(step.activity.regimen, course.arm)
    if (given.drug, given.route) != (regimen.drug, regimen.route.value):
        raise no.WrongDrug(f"Planned is {regimen.drug} {regimen.route.value}, not {given.drug} {given.route}.")
    if given.regimen != regimen.key:
        raise no.WrongDrug(f"This person is due {regimen.key!r}, not {given.regimen!r}.")
    planned_dose(regimen, given.weight_kg)
    most = ceiling_mg(regimen, given.weight_kg)
    if given.amount_mg < 0 or (given.amount_mg == 0 and regimen.amount != 0):  # a control may hold no drug
        raise no.WrongDrug(f"A dose of {given.amount_mg:g} mg is no dose.", mend="Skip the step and say why.")
    if most is not None and given.amount_mg > most * (1 + 1e-9):
        raise no.DoseAboveCap(f"{given.amount_mg:g} mg is above the ceiling of {most:g} mg for {regimen.key!r}.")
