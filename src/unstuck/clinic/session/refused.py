"""A refusal in words that its reader may know: in a blinded course neither drug nor mg."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.course.models import Course
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.core import refusals as no
from unstuck.core.errors import Complaint

_NEUTRAL = {
    no.WrongDrug: gettext_lazy("This is not what the protocol gives this person."),
    no.WrongLot: gettext_lazy("This lot cannot be used for this order."),
    no.DoseAboveCap: gettext_lazy("This is more than the order or its ceiling allows."),
    no.NotAsOrdered: gettext_lazy("This is not what was ordered."),
}
_MG = re.compile(r"\bmg\b")


def told_to(account: Account, course: Course, wrong: Complaint) -> Complaint:
    """The refusal as it is, or in neutral words where it would tell the reader drug or amount."""
    if access.may_see_doses(account, course):
        return wrong
    tells = isinstance(wrong, no.WrongDrug | no.WrongLot) or _MG.search(f"{wrong.what} {wrong.mend or ''}")
    if not tells:
        return wrong
    words = next((said for kind, said in _NEUTRAL.items() if isinstance(wrong, kind)), _("This was refused."))
    return Complaint(str(words), mend=_("Do not give it. Ask who may know the drug of this course."))
