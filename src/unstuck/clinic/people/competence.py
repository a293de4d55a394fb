"""Who was found able to do what: asked by the rules of access where the site demands it, and only by them."""

from __future__ import annotations

from django.conf import settings

from unstuck.clinic import clock
from unstuck.clinic.people.models import Account, Competence

GATES = frozenset({"give_dose", "order_dose", "trauma_therapy", "keep_stock"})
"""Skills that open something. Nobody is kept from an alarm or a telephone for want of a signature."""


def is_able(account: Account, skill: str) -> bool:
    """Whether a signed competence holds now; always where the site does not demand this skill."""
    if skill not in settings.UNSTUCK_DEMANDED_SKILLS:
        return True
    at = clock.read()
    held = Competence.objects.filter(account_id=account.pk, skill=skill, since__lte=at, until__gt=at, ended_at=None)
    return account.pk is not None and held.exists()
