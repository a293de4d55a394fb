"""What the stock is told when a session ends: how much of the drawing went into the person, as the record has it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from unstuck.clinic.course.actions import Entry
from unstuck.clinic.custody import actions as custody
from unstuck.clinic.custody.models import Drawing
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.queries import Live
from unstuck.core.events import DoseGiven


def account_for_drawing(stands: Live, entry: Entry) -> Drawing | None:
    """The drawing with what was given of it, to the microlitre. What is left stays open until two people waste it.

    None where nothing was drawn for this dose, or where who records does not give doses: it then stays open as a whole.
    """
    dose, run = stands.session.dose, stands.session.run
    who = Account.objects.filter(key=entry.actor).first()
    if dose is None or run is None or who is None or not access.may_draw_drug(who):
        return None
    assert isinstance(dose.what, DoseGiven)
    act = f"draw-{dose.what.order}"
    drawing = Drawing.objects.filter(act=act).select_related("lot__product").first()
    if drawing is None or drawing.given_parts:
        return drawing
    given = Decimal(str(run.given_mg(entry.observed_at))) / drawing.lot.mg_per_unit * drawing.lot.form.parts
    parts = min(drawing.open_parts, int(given.to_integral_value(ROUND_HALF_UP)))
    if not parts:
        return drawing
    told = custody.Give(f"{act}.given"[-64:], act, drawing.lot.amount(parts), who)
    return custody.give(told, entry.recorded_at)
