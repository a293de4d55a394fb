"""The one background worker: sends what waits, lets the ledger's head catch up, clears old sessions, and more.

More is the round of each part that names one in `site/parts.py`, such as alerts that climb.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import close_old_connections
from django.utils.module_loading import import_string

from unstuck.clinic import clock
from unstuck.clinic.ledger import head
from unstuck.clinic.messages.actions import work_off
from unstuck.clinic.messages.channels import channel_of
from unstuck.clinic.messages.models import Message

log = logging.getLogger("unstuck.worker")


def deliver(message: Message) -> None:
    """Hand one message to its channel. Raises what that raises."""
    channel_of(message.channel).deliver(message)


def work_once() -> int:
    """How many messages went out in one round."""
    at = clock.read()
    _other_rounds(at)
    sent = work_off(deliver, at)
    head.catch_up_all()
    Session.objects.filter(expire_date__lt=at).delete()
    return sent


def _other_rounds(at: datetime) -> None:
    """Each part's own share of a round; one that fails does not stop the others, nor the sending."""
    for name in settings.UNSTUCK_ROUNDS:
        try:
            import_string(name)(at)
        except Exception:
            log.exception("The round of %s failed.", name)


def work(pause_s: float, stop: threading.Event) -> None:
    """Rounds with `pause_s` seconds between them until `stop` is set. A round that fails is logged, not fatal."""
    while not stop.is_set():
        close_old_connections()
        try:
            work_once()
        except Exception:
            log.exception("A round of the worker failed; the next follows in %s s.", pause_s)
        stop.wait(pause_s)
