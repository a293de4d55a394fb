"""Writing to the outbox and working it off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from unstuck.clinic.messages.models import Message
from unstuck.clinic.messages.words import refuse_clinical_words
from unstuck.core.errors import Complaint

TRIES = 10
LEASE = timedelta(minutes=5)


class NoTransaction(Complaint):
    """A message was written outside of a transaction, so it could tell of something that never happened."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent: `purpose` is a code such as `password` or `link`, `channel` one of the site's."""

    purpose: str
    to: str
    subject: str
    body: str
    channel: str = "email"


def send(letter: Letter, at: datetime) -> Message:
    """The message, waiting in the outbox, in the caller's transaction. Raises NoTransaction, ClinicalWord."""
    if not connection.in_atomic_block:
        raise NoTransaction("A message must be written in the transaction of what it tells.")
    refuse_clinical_words(letter.subject, letter.body)
    told = {"purpose": letter.purpose, "channel": letter.channel, "to": letter.to}
    return Message.objects.create(subject=letter.subject, body=letter.body, written_at=at, due_at=at, **told)


def try_again(message: Message, at: datetime) -> bool:
    """Whether a message that was given up waits in the outbox again, with all its tries before it."""
    fresh = {"given_up_at": None, "due_at": at, "tries": 0}
    return bool(Message.objects.filter(pk=message.pk, given_up_at__isnull=False).update(**fresh))


def work_off(deliver: Callable[[Message], None], at: datetime) -> int:
    """How many waiting messages were handed to `deliver` without an error; the others are tried again later."""
    sent = 0
    while message := _claim(at):
        try:
            deliver(message)
        except Exception as error:  # whatever the mail server does, the message must not be lost
            _put_off(message, at, type(error).__name__)
        else:
            _gone(message, at)
            sent += 1
    return sent


def _claim(at: datetime) -> Message | None:
    """The next message that is due, put aside for LEASE so that no second worker takes it.

    A worker that dies in between leaves it to be sent again: twice is better than never.
    """
    with transaction.atomic():
        waiting = Message.objects.filter(sent_at=None, given_up_at=None, due_at__lte=at).order_by("due_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        message = waiting.first()
        if message:
            message.tries, message.due_at = message.tries + 1, at + LEASE
            message.save(update_fields=["tries", "due_at"])
        return message


def _put_off(message: Message, at: datetime, error: str) -> None:
    message.last_error = error[:80]
    message.due_at = at + pause(message.tries)
    message.given_up_at = at if message.tries >= TRIES else None
    message.save(update_fields=["last_error", "due_at", "given_up_at"])


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries: one minute, doubled each time, at most six hours."""
    return min(timedelta(minutes=2 ** max(tries - 1, 0)), timedelta(hours=6))


def _gone(message: Message, at: datetime) -> None:
    message.to = message.subject = message.body = message.last_error = ""
    message.sent_at = at
    message.save(update_fields=["to", "subject", "body", "last_error", "sent_at"])
