"""The ways by which a message leaves: e-mail, and whatever a site joins, such as a gateway for text messages.

A channel is a class without arguments whose `deliver` hands one message over or raises. A site names its own in
UNSTUCK_TEXT_GATEWAY as a dotted path; messages of the channel "text" then go there, to a telephone number.
"""

from __future__ import annotations

from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.module_loading import import_string

from unstuck.clinic.messages.models import Message

EMAIL, TEXT = "email", "text"


class Channel(Protocol):
    """What hands a message over. Whatever it raises, the message is kept and tried again."""

    def deliver(self, message: Message) -> None: ...


class Email:
    """The mail system that UNSTUCK_EMAIL_URL or the console stands for."""

    def deliver(self, message: Message) -> None:
        """Raises what the mail system raises."""
        backend = get_connection(settings.UNSTUCK_DELIVERY_BACKEND)
        sender = settings.DEFAULT_FROM_EMAIL
        EmailMessage(message.subject, message.body, sender, [message.to], connection=backend).send()


def channel_of(name: str) -> Channel:
    """The channel of that name. Raises LookupError where the site has none, so that the message waits."""
    path = settings.UNSTUCK_CHANNELS[name]
    channel: Channel = import_string(path)()
    return channel


def has_text() -> bool:
    """Whether this site can send text messages."""
    return TEXT in settings.UNSTUCK_CHANNELS
