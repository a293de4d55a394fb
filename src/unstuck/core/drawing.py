"""From an ordered amount to what is drawn up: mg/kg to mg to mL (or devices, sprays), with the rounding shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unstuck.core import refusals as no
from unstuck.core.session_events import DoseOrdered


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: `units` of the lot's unit hold `amount_mg`; `rounded_mg` is what rounding down left out."""

    ordered_mg: float
    capped: bool
    units: float
    unit: str
    amount_mg: float

    @property
    def rounded_mg(self) -> float:
        """How much less than ordered the drawn amount is, in mg."""
        return self.ordered_mg - self.amount_mg


def ordered_mg(order: DoseOrdered, weight_kg: float | None) -> tuple[float, bool]:
    """The ordered amount at this weight in mg, and whether the order's cap cut it. Raises WeightUnknown."""
    if order.unit == "mg/kg" and not weight_kg:
        raise no.WeightUnknown("The order is by weight.", mend="Weigh the person today, in kg.")
    mg = order.amount * (weight_kg or 0) if order.unit == "mg/kg" else order.amount
    return min(mg, order.cap_mg), mg > order.cap_mg


def drawn(order: DoseOrdered, weight_kg: float | None, mg_per_unit: float, unit: str, step: float) -> Drawn:
    """What to draw from a lot of `mg_per_unit`, in whole `step`s of its unit, never more than ordered.

    Raises WeightUnknown, and WrongLot where the lot has no strength or one step already holds more than the order.
    """
    if mg_per_unit <= 0 or step <= 0:
        raise no.WrongLot("The lot has no strength.", mend="Enter the strength of the lot when it is received.")
    mg, capped = ordered_mg(order, weight_kg)
    steps = math.floor(mg / mg_per_unit / step + 1e-9)
    if steps == 0 and mg > 0:
        least = step * mg_per_unit
        raise no.WrongLot(f"The smallest part of this lot holds {least:g} mg, and {mg:g} mg are ordered.")
    units = round(steps * step, 6)
    return Drawn(mg, capped, units, unit, units * mg_per_unit)
