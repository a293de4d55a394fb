"""Breaking the glass: one record, or one arm, for a short time, by name and with a reason; logged, and alerting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import Act, append, lock
from unstuck.clinic.people.glass import ARM, RECORD
from unstuck.clinic.people.models import Account, Glass
from unstuck.clinic.people.texts import write_text
from unstuck.core.errors import Complaint

OPEN_FOR = timedelta(hours=1)
REASONS = {
    "danger_to_life": gettext_lazy("Danger to life or health"),
    "person_asks": gettext_lazy("The person asks for help, and nobody else is here"),
    "outage": gettext_lazy("Whoever is responsible cannot be reached"),
    "reaction": gettext_lazy("A reaction whose treatment depends on it"),
}
ALERTS = {RECORD: "record_opened", ARM: "unmasked"}


@dataclass(frozen=True, slots=True)
class Why:
    """The reason as a code, and in words that stay erasable."""

    reason: str
    words: str


def break_glass(course: Course, account: Account, what: str, why: Why, at: datetime) -> Glass:
    """The account reads this record, or this arm, for an hour. Raises Complaint without a reason in words."""
    if why.reason not in REASONS or len(why.words.strip()) < 10 or what not in ALERTS:
        raise Complaint(_("A reason is needed."), mend=_("Choose one, and say in a sentence what has happened."))
    with transaction.atomic():
        lock(course.key)
        made = Glass.objects.create(
            account=account, course=course.key, what=what, reason=why.reason, opened_at=at, until=at + OPEN_FOR
        )
        account.__dict__.pop("broken_glasses", None)  # what the account had read of it before is no longer whole
        text = write_text(course.person, "glass", why.words.strip(), at)
        told = {"what": what, "reason": why.reason, "until": made.until.isoformat()}
        append(course.key, Act("glass.broken", account.key, at, at, told, text_mac=text.mac))
        cause = f"glass:{made.pk}"
        raise_alert(ALERTS[what], course.key, account.key, at, cause, {"not": [account.key], "reason": why.reason})
    return made
