"""Devices and where they stood; messages received; values proposed or kept aside; addresses that were refused."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.rooms.models import Chair


def device_key() -> str:
    """A random key of a device, for the ledger."""
    return f"d_{secrets.token_hex(6)}"


class Device(models.Model):
    """A monitor and the one address it may connect from. `identifier` tells apart devices behind one gateway."""

    key = models.CharField(max_length=20, unique=True, default=device_key, editable=False)
    name = models.CharField(_("name"), max_length=60)
    address = models.GenericIPAddressField(_("address"), unpack_ipv4=True)
    identifier = models.CharField(_("identifier"), max_length=120, blank=True)
    active = models.BooleanField(default=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    clock_offset_s = models.FloatField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-active", "name"]
        constraints = (
            models.UniqueConstraint(
                fields=["address", "identifier"], condition=Q(active=True), name="interop_one_device_an_address"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Standing(models.Model):
    """A device stood at a chair from one instant to another; open while `until` is empty."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="standings")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="standings")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-since"]
        constraints = (
            models.UniqueConstraint(
                fields=["device"], condition=Q(until=None), name="interop_a_device_stands_at_one_chair"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="interop_until_after_since"
            ),
        )


class Message(models.Model):
    """One message that came. The text is kept only where it could not be used, and can be erased."""

    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    address = models.GenericIPAddressField(unpack_ipv4=True)
    control_id = models.CharField(max_length=199, blank=True)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(db_index=True)
    times = models.PositiveIntegerField(default=1)
    verdict = models.CharField(max_length=1)  # A, E or R, as it was answered
    fault = models.CharField(max_length=200, blank=True)  # our own words, never the sender's
    body = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-received_at", "-id"]
        constraints = (
            models.UniqueConstraint(fields=["address", "control_id", "digest"], name="interop_a_message_once"),
        )


class State(models.TextChoices):
    """What became of a proposed value."""

    OPEN = "open", _("open")
    CONFIRMED = "confirmed", _("confirmed")
    REJECTED = "rejected", _("rejected")


class Proposal(models.Model):
    """A value as a device sent it, until a person confirms or rejects it. It is no reading of any course."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="proposals")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="proposals")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="proposals")
    name = models.CharField(max_length=40)
    value = models.FloatField()
    sent = models.CharField(max_length=60)
    channel = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(default=0)
    device_at = models.DateTimeField()
    observed_at = models.DateTimeField(db_index=True)
    received_at = models.DateTimeField()
    time_from = models.CharField(max_length=10)
    clock_offset_s = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    course = models.CharField(max_length=64, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["observed_at", "rank", "id"]
        constraints = (
            models.UniqueConstraint(fields=["device", "channel", "device_at", "value"], name="interop_a_value_once"),
            models.CheckConstraint(
                condition=Q(state=State.OPEN, decided_at=None) | Q(decided_at__isnull=False),
                name="interop_decided_at_an_instant",
            ),
        )


class Unproposed(models.Model):
    """A value that could not be proposed, and why; shown at the chair where its device stands."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="unproposed")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="unproposed")
    chair = models.ForeignKey(Chair, null=True, blank=True, on_delete=models.PROTECT, related_name="unproposed")
    name = models.CharField(max_length=40)
    sent = models.CharField(max_length=60)
    why = models.CharField(max_length=20)
    observed_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-received_at", "-id"]


class Refused(models.Model):
    """An address that is no device's tried to connect, so often."""

    address = models.GenericIPAddressField(unpack_ipv4=True, unique=True)
    times = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    noted_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-last_at"]
