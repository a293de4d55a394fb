"""Letters that the outbox has given up: each is an alert, so that somebody reaches the person another way.

Letters to the owners of alerts are left out, since the alert itself climbs; so are codes, which are too old by then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from unstuck.clinic.alerts.actions import Moment, raise_alert, settle
from unstuck.clinic.alerts.climb import CLOCK
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course.models import Course
from unstuck.clinic.messages.models import Message

KIND, CLOSING = "message_given_up", "sent_late"
NOT_THESE = ("alert", "code")
RECENT = timedelta(days=7)


def work_round(at: datetime) -> None:
    """The worker's share: before letters are put back, so that a dead mail server is seen by people too."""
    given_up = Message.objects.filter(given_up_at__gt=at - RECENT).exclude(purpose__in=NOT_THESE)
    known = set(Alert.objects.filter(kind=KIND, raised_at__gt=at - 2 * RECENT).values_list("cause", flat=True))
    for message in [one for one in given_up if cause_of(one) not in known]:
        raise_alert(KIND, course_of(message.to), CLOCK, at, cause_of(message))
    _settle_what_went(at)


def cause_of(message: Message) -> str:
    """The same for one letter, however often it was tried and given up."""
    return f"message:{message.pk}"


def course_of(address: str) -> str:
    """The key of the newest course of whoever has this address or number; empty where nobody or several have it."""
    mine = Q(person__email__iexact=address) | Q(person__phone=address) | Q(person__account__email__iexact=address)
    rows = Course.objects.filter(mine).distinct().order_by("-pk") if address else Course.objects.none()
    return rows[0].key if len({row.person_id for row in rows}) == 1 else ""


def _settle_what_went(at: datetime) -> None:
    """Alerts of letters that went out after all are closed by the record."""
    waiting = Alert.objects.filter(kind=KIND, closed_at=None).select_related("course")
    gone = {cause_of(m) for m in Message.objects.filter(sent_at__gt=at - RECENT)} if waiting else set()
    for alert in waiting:
        if alert.cause in gone:
            settle(KIND, alert.course.key if alert.course else "", alert.cause, CLOSING, Moment(CLOCK, at))
