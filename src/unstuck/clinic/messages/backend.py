"""Django's way of sending an e-mail ends in the outbox, so that password links wait there like everything else."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from unstuck.clinic import clock
from unstuck.clinic.messages.actions import Letter, send


class OutboxBackend(BaseEmailBackend):
    """Every recipient of every message gets a row of the outbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with transaction.atomic():
            for message in email_messages:
                for to in message.recipients():
                    send(Letter("django", to, str(message.subject), str(message.body)), clock.read())
        return len(email_messages)
