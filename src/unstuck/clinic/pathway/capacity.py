"""How much the house holds: when it is open, and how many people the nurses may watch in chairs at one time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings

from unstuck.clinic.alerts.models import Shift
from unstuck.clinic.course.models import Course
from unstuck.clinic.pathway.models import Quarter
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.protocol.text import protocol_of
from unstuck.core.alerting import Duty
from unstuck.core.opening import Hours


def hours() -> Hours:
    """The hours of this site, as its settings say."""
    opens, closes = _time(settings.UNSTUCK_OPENS), _time(settings.UNSTUCK_CLOSES)
    return Hours(opens, closes, frozenset(settings.UNSTUCK_OPEN_DAYS))


def _time(told: str) -> time | None:
    return time.fromisoformat(told) if told else None


@dataclass(frozen=True, slots=True)
class Crowd:
    """A quarter of an hour in which more people would sit in chairs than the nurses may watch."""

    at: datetime
    people: int
    nurses: int
    most: int  # chairs that they may watch together


def nurses_at(moment: datetime) -> int:
    """The nurses who are on the rota then; every nurse of the site where the rota names nobody yet for that time."""
    running = Shift.objects.filter(duty=Duty.NURSE.value, starts_at__lte=moment, ends_at__gt=moment)
    on_duty = running.filter(account__is_active=True).values("account").distinct().count()
    return on_duty or Account.objects.filter(is_active=True, grants__role=Role.NURSE.value).distinct().count()


def crowded(course: Course, quarters: Iterable[datetime]) -> Crowd | None:
    """The first quarter in which one more person in a chair would be one too many; None where no plan has a limit.

    The strictest plan of those who would sit there together counts.
    """
    for moment in quarters:
        held = Quarter.objects.filter(resource__startswith="chair:", starts_at=moment)
        others = [quarter.booking for quarter in held.select_related("booking__course__release")]
        limits = [_limit(one) for one in (course, *(booking.course for booking in others))]
        each = min((limit for limit in limits if limit is not None), default=None)
        nurses = nurses_at(moment)
        if each is not None and len(others) + 1 > each * nurses:
            return Crowd(moment, len(others) + 1, nurses, int(each * nurses))
    return None


def _limit(course: Course) -> float | None:
    plan = protocol_of(course.release).monitoring
    return plan.limit("chairs_per_nurse") if plan else None
