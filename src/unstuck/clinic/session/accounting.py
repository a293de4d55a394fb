"""What the stock is told when a session ends: how much of the drawing went into the person, as the record has it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.custody import actions as custody
from unstuck.clinic.custody.models import Drawing
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.queries import Live
from unstuck.core.events import DoseGiven


def account_for_drawing(stands: Live, entry: Entry) -> Drawing | None:
    """The drawing with what was given of it, to the microlitre; None where nothing was drawn for this dose.

    What is left stays open, and an alert runs until two people have wasted it. Where who records does not give doses,
    it stays open as a whole.
    """
    dose = stands.session.dose
    if dose is None:
        return None
    assert isinstance(dose.what, DoseGiven)
    drawing = Drawing.objects.filter(act=f"draw-{dose.what.order}").select_related("lot__product").first()
    if drawing is None:
        return None
    drawing = _given(drawing, stands, entry)
    if drawing.open_parts:
        raise_alert("drug_unaccounted", "", entry.actor, entry.recorded_at, drawing.act)
    return drawing


def _given(drawing: Drawing, stands: Live, entry: Entry) -> Drawing:
    """The drawing with what the record says was given; unchanged where that cannot be told or was told before."""
    run, who = stands.session.run, Account.objects.filter(key=entry.actor).first()
    if run is None or who is None or drawing.given_parts or not access.may_draw_drug(who):
        return drawing
    given = Decimal(str(run.given_mg(entry.observed_at))) / drawing.lot.mg_per_unit * drawing.lot.form.parts
    parts = min(drawing.open_parts, int(given.to_integral_value(ROUND_HALF_UP)))
    if not parts:
        return drawing
    told = custody.Give(f"{drawing.act}.given"[-64:], drawing.act, drawing.lot.amount(parts), who)
    return custody.give(told, entry.recorded_at)
