"""What an account reads for a short time because it broke the glass: asked by the rules of access, and only by them."""

from __future__ import annotations

from unstuck.clinic import clock
from unstuck.clinic.people.models import Account

RECORD, ARM = "record", "arm"


def glass_is_broken(account: Account, course: str, what: str) -> bool:
    """Whether the account has broken the glass before this course's record or arm, and its time is not over."""
    if account.pk is None or not account.is_active or not course:
        return False
    at = clock.read()
    return any(
        (found.course, found.what) == (course, what) and found.opened_at <= at < found.until
        for found in account.broken_glasses
    )
