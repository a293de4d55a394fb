"""The outbox: what is to be sent, until it is sent. A message that has gone keeps its purpose and its times only."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Message(models.Model):
    """One message to one address: an e-mail, or what another channel of the site sends to a number."""

    purpose = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, default="email")
    to = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    written_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(sent_at=None) | Q(given_up_at=None), name="outbox_sent_or_given_up"),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(to="", subject="", body=""), name="outbox_sent_is_emptied"
            ),
        )
        indexes = (models.Index(fields=["due_at"], condition=Q(sent_at=None, given_up_at=None), name="outbox_waiting"),)

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"
