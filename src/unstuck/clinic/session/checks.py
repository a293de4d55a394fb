"""The check of a dose at the bedside: the lot as it is scanned, how much is drawn, and whose eyes saw it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import queries as stock
from unstuck.clinic.custody.cosign import Credentials, second_person
from unstuck.clinic.custody.refusals import WitnessMayNot
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.actions import InHand, weight_of
from unstuck.clinic.session.queries import Live
from unstuck.clinic.session.said import number
from unstuck.core.drawing import ordered_mg
from unstuck.core.errors import Complaint
from unstuck.core.orders import check_of, lacks_second_weigher, standing_order
from unstuck.core.refusals import Refusal
from unstuck.core.session_events import CheckRole, DoseOrdered


class UnknownLot(Complaint):
    """The scanned text is no lot of this site's stock."""


@dataclass(frozen=True, slots=True)
class CheckForm:
    """What the check shows before anything is entered: the arithmetic as far as it is known, and who has checked.

    Neither person sees what the other entered.
    """

    amount: str
    weight: str
    mg: str
    capped: bool
    first_done: bool
    second_done: bool
    weigh_again: bool
    """Whether a second person has to weigh before the dose can be given."""

    @classmethod
    def of(cls, live: Live, at: datetime) -> CheckForm | None:
        """The form for the standing order; None where no order stands."""
        state, place = live.loaded.state, live.place
        try:
            order = standing_order(state, place.step, place.occurrence, at)
        except Refusal:
            return None
        weight = weight_of(live.loaded, at)
        mg, capped = _mg(order, weight)
        done = {role: check_of(state, order, role, at) is not None for role in CheckRole}
        return cls(
            amount=f"{order.amount:g} {order.unit}",
            weight=f"{weight:g} kg" if weight else "",
            mg=mg,
            capped=capped,
            first_done=done[CheckRole.GIVER],
            second_done=done[CheckRole.CHECKER],
            weigh_again=lacks_second_weigher(live.loaded.protocol, state, at),
        )


def _mg(order: DoseOrdered, weight: float | None) -> tuple[str, bool]:
    try:
        mg, capped = ordered_mg(order, weight)
    except Refusal:
        return "", False
    return f"{mg:.2f} mg", capped


def in_hand(request: HttpRequest, course: Course) -> tuple[CheckRole, InHand]:
    """Which check it is, and what was seen. The strength is the lot's as custody knows it. Raises UnknownLot."""
    lot = stock.scan(request.POST.get("lot", ""))
    if lot is None:
        raise UnknownLot("No lot of the stock has this code.", mend="Scan the container again, or type its lot code.")
    units = number(request.POST, "units")
    if units is None:
        raise UnknownLot("How much is drawn was not entered.", mend="Read it from the syringe, or count the devices.")
    role = CheckRole.CHECKER if request.POST.get("role") == "checker" else CheckRole.GIVER
    return role, InHand(lot.key, lot.drug, float(lot.mg_per_unit), lot.unit, units)


def check_by(request: HttpRequest) -> Account:
    """Who checks: whoever is signed in, or the colleague who signs on this page. Raises custody's refusals."""
    account = access.account_of(request)
    told = request.POST.get("username", "").strip()
    if not told:
        return account
    typed = Credentials(told, request.POST.get("second_password", ""), request.POST.get("second_code", ""))
    signer = second_person(request, account, typed)
    if not access.may_check_dose(signer):
        raise WitnessMayNot(f"{signer.display_name} has no signed competence for doses.", mend="Ask another colleague.")
    return signer
