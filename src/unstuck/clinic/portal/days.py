"""The log of sleep, movement and company: figures of the person, private unless shared, read back as a small table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Person
from unstuck.clinic.portal.leaves import chain_of
from unstuck.clinic.portal.models import Choices, Day
from unstuck.core.errors import Complaint

COMPANY = (gettext_lazy("Nobody"), gettext_lazy("A little"), gettext_lazy("Enough"))
SHOWN = 14  # days
BACK = timedelta(days=7)


class NotADay(Complaint):
    """What was typed is no day, or no amount that a day can have."""


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day in words."""

    on: date
    sleep: str
    moved: str
    company: str


def keep_day(person: Person, on: date, told: dict[str, str], today: date) -> Day:
    """The day's line; what is told again replaces what was told before. Raises NotADay."""
    if not today - BACK <= on <= today:
        raise NotADay(_("Choose a day of the last week."))
    sleep, moved = _number(told.get("sleep", ""), 24), _number(told.get("moved", ""), 1440)
    company = told.get("company", "")
    values = {
        "sleep_h": sleep,
        "moved_min": None if moved is None else int(moved),
        "company": int(company) if company in ("0", "1", "2") else None,
    }
    return Day.objects.update_or_create(person=person, on=on, defaults=values)[0]


def _number(typed: str, most: int) -> Decimal | None:
    text = typed.strip().replace(",", ".")
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise NotADay(_("%(typed)s is not a number.") % {"typed": text[:20]}) from None
    if not value.is_finite() or not 0 <= value <= most:
        raise NotADay(_("Write a number from 0 to %(most)s.") % {"most": most})
    return value.quantize(Decimal("0.1"))


def lines_of(person: Person) -> tuple[DayLine, ...]:
    """The last two weeks that were told, the newest first. What was not told is a dash."""
    return tuple(
        DayLine(
            day.on,
            _("%(n)s h") % {"n": f"{day.sleep_h.normalize():f}"} if day.sleep_h is not None else "-",
            _("%(n)s min") % {"n": day.moved_min} if day.moved_min is not None else "-",
            str(COMPANY[day.company]) if day.company is not None else "-",
        )
        for day in Day.objects.filter(person=person)[:SHOWN]
    )


def share_days(person: Person, shared: bool, at: datetime) -> None:
    """The treating team may read the log from now on, or no longer."""
    with transaction.atomic():
        Choices.objects.update_or_create(person=person, defaults={"days_shared_at": at if shared else None})
        note("leaf.shared" if shared else "leaf.unshared", person.key, at, {"what": "days"}, chain_of(person))
