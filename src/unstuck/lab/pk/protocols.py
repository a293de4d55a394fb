"""A protocol's regimen as the dosing that pharmacokinetics solves."""

from __future__ import annotations

from unstuck.core.errors import Complaint
from unstuck.core.protocol import DoseUnit, Route
from unstuck.core.protocol import Regimen as Planned
from unstuck.lab.pk.regimen import Dose, Regimen


def regimen_of(planned: Planned, start_h: float = 0.0) -> Regimen:
    """One dose of that regimen, `start_h` hours on the clock, bounded by its cap and its ceiling per kg. Raises
    Complaint where its source is silent on the amount or on the minutes of an infusion, or states minutes for what
    is given at once."""
    if planned.amount is None:
        raise Complaint(
            f"The regimen {planned.key!r} states no amount.", "amount", "Its source is silent; decide on an amount."
        )
    hours = (planned.minutes or 0.0) / 60
    route = planned.route
    if route is Route.IV_INFUSION and not hours:
        raise Complaint(f"The infusion {planned.key!r} states no minutes.", "minutes", "Say over how long it runs.")
    if route is Route.IV_BOLUS and hours:
        route = Route.IV_INFUSION  # a push over some minutes is a short infusion
    if route is not Route.IV_INFUSION and hours:
        raise Complaint(
            f"{planned.key!r} is given by {route.value} over {planned.minutes:g} minutes.",
            "minutes",
            "Leave the minutes out, or write each part as a dose of its own.",
        )
    return Regimen((_dose(planned, route.value, start_h, hours),))


def _dose(planned: Planned, route: str, start_h: float, hours: float) -> Dose:
    assert planned.amount is not None
    per_kg = planned.unit is DoseUnit.MG_PER_KG
    amount = planned.amount
    if per_kg and planned.ceiling_mg_per_kg is not None:
        amount = min(amount, planned.ceiling_mg_per_kg)
    return Dose(route, amount, per_kg, planned.cap_mg, start_h, hours)
