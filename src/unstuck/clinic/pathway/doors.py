"""The pages of the pathway that a reader may open for one course, in the order of the way."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic.course.models import Course
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account

Door = tuple[str, str, str]


def doors(account: Account, course: Course) -> tuple[Door, ...]:
    """(name, address, words) of each page that opens."""
    every = (
        ("screening", access.may_see_screening(account, course), _("Screening")),
        ("consent", access.may_see_consent(account, course), _("Consent")),
        ("plan", access.may_see_plan(account, course), _("Calendar")),
        ("deciding", access.may_see_deciding(account, course), _("Deciding on")),
    )
    return tuple((name, reverse(f"pathway:{name}", args=[course.key]), words) for name, opens, words in every if opens)
