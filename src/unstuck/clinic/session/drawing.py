"""What the standing order means in the lot that was scanned: how much is drawn, what rounding left out, the rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unstuck.clinic.custody import queries as stock
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.actions import InHand, to_draw, weight_of
from unstuck.clinic.session.checks import UnknownLot
from unstuck.clinic.session.queries import Live
from unstuck.core import refusals as no
from unstuck.core.orders import standing_order


@dataclass(frozen=True, slots=True)
class DrawRow:
    """The arithmetic, one step a field; those that tell drug or mg are empty for whom they would unmask."""

    lot: str
    strength: str
    ordered: str
    weight: str
    wanted: str
    capped: bool
    units: str
    holds: str
    left_out: str
    rate: str


def draw_row(live: Live, scanned: str, account: Account, at: datetime) -> DrawRow:
    """The row for a scanned text. Raises UnknownLot, WrongLot and core Refusals."""
    lot = stock.scan(scanned)
    if lot is None:
        raise UnknownLot("No lot of the stock has this code.", mend="Scan the container again, or type its lot code.")
    order = standing_order(live.loaded.state, live.place.step, live.place.occurrence, at)
    if lot.drug != order.drug:
        raise no.WrongLot(f"The lot holds {lot.drug}; ordered is {order.drug}.", mend="Scan the right lot.")
    drawn = to_draw(live.loaded, live.place, InHand(lot.key, lot.drug, float(lot.mg_per_unit), lot.unit, 0.0), at)
    open_ = access.may_see_doses(account, live.course)
    weight = weight_of(live.loaded, at)
    return DrawRow(
        lot=stock.face(lot, account, live.course).name,
        strength=f"{float(lot.mg_per_unit):g} mg/{lot.unit}" if open_ else "",
        ordered=f"{order.amount:g} {order.unit}" if open_ else "",
        weight=f"{weight:g} kg" if weight else "",
        wanted=f"{drawn.ordered_mg:.2f} mg" if open_ else "",
        capped=drawn.capped and open_,
        units=f"{drawn.units:g} {drawn.unit}",
        holds=f"{drawn.amount_mg:.2f} mg" if open_ else "",
        left_out=f"{drawn.rounded_mg:.2f} mg" if open_ else "",
        rate=f"{drawn.units / order.minutes * 60:.2f} {drawn.unit}/h" if order.minutes else "",
    )
