"""What an owner is sent: that somebody is needed, and nothing that a bystander could read as clinical."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.messages.actions import Letter, send
from unstuck.clinic.people.models import Account

log = logging.getLogger("unstuck.alerts")


def tell(alert: Alert, owner: Account | None, at: datetime) -> None:
    """A message to the owner waits in the outbox, in the caller's transaction; none without an address.

    An alert never depends on its message: what goes wrong here is logged, and the alert stands.
    """
    if owner is None or not owner.email:
        return
    told = {"where": settings.UNSTUCK_ADDRESS + reverse("alerts:alert", args=[alert.key])}
    body = _("Somebody needs you. Sign in, and open %(where)s\n") % told
    try:
        with transaction.atomic():
            send(Letter("alert", owner.email, _("Somebody needs you"), body), at)
    except Exception:
        log.exception("The owner of the alert %s could not be told.", alert.key)
