"""Answers that were given behind a link and never sent: one that tells of danger does not wait for the last page."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.alerts.answers import AT_RISK
from unstuck.clinic.assessment.actions import asked_only, revoke_link, waiting
from unstuck.clinic.assessment.models import Link
from unstuck.core.assessment import score
from unstuck.core.conditions import Truth
from unstuck.core.instrument import Role
from unstuck.core.instrument_file import load_instrument

log = logging.getLogger("unstuck.alerts")
LEFT = timedelta(minutes=15)  # whoever has touched nothing for so long has left the page
RECENT = timedelta(days=2)


def work_round(at: datetime) -> None:
    """The worker's share: an alert for each half-answered questionnaire whose answers so far ask for somebody."""
    left = Link.objects.filter(finished_at=None, revoked_at=None, touched_at__lt=at - LEFT, touched_at__gt=at - RECENT)
    for link in left.select_related("course__person").prefetch_related("waiting"):
        raise_for(link, at)


def raise_for(link: Link, at: datetime) -> None:
    """An alert for each questionnaire behind the link whose answers so far ask for somebody, once."""
    for key in _telling_of_danger(link):
        told, by = {"instrument": key}, link.course.person.key
        raise_alert(AT_RISK, link.course.key, by, link.touched_at or at, f"half_given:{link.pk}:{key}", told)


def take_back(link: Link, actor: str, at: datetime) -> None:
    """The link opens nothing any more. What was answered behind it is gone, and an answer that tells of danger is not
    gone unheard."""
    with transaction.atomic():
        if link.finished_at is None:
            raise_for(link, at)
        revoke_link(link, actor, at)


def _telling_of_danger(link: Link) -> list[str]:
    """Keys of the instruments behind the link of which an alert's flag holds already; one that fails keeps no other."""
    found = []
    for key in link.instruments:
        try:
            instrument = load_instrument(key)
            flags = score(instrument, asked_only(instrument, waiting(link, key))).flags
            if any(flag.role is Role.ALERT and flags.get(flag.key) is Truth.HOLDS for flag in instrument.flags):
                found.append(key)
        except Exception:
            log.exception("The half-given answers of link %s could not be read.", link.pk)
    return found
