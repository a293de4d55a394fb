"""Who sits where, who watches, and whether the room was checked today. What happened stands in the ledger."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from unstuck.clinic.course.models import Course


class Sitting(models.Model):
    """One dosing session from check-in to leaving: the projection that boards read. One open session a chair."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="sittings")
    step = models.CharField(max_length=64)
    occurrence = models.PositiveIntegerField()
    chair = models.CharField(max_length=64)
    keeper = models.CharField(max_length=64)  # account key of who has the chair
    opened_at = models.DateTimeField()
    given_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["chair"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["course", "step", "occurrence"], name="session_one_sitting_a_dose"),
            models.UniqueConstraint(fields=["chair"], condition=Q(left_at=None), name="session_one_person_a_chair"),
            models.UniqueConstraint(fields=["course"], condition=Q(left_at=None), name="session_one_open_a_course"),
        ]

    def __str__(self) -> str:
        return f"{self.chair} {self.course_id} {self.step} {self.occurrence}"


class Watch(models.Model):
    """A device that has the session's page open: when it was heard last, and whether somebody can see it."""

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="watches")
    device = models.CharField(max_length=64)
    visible = models.BooleanField(default=True)
    heard_at = models.DateTimeField()
    since = models.DateTimeField(null=True, blank=True)  # since when it has been visible, or hidden
    offset_s = models.FloatField(default=0.0)  # the device's clock minus ours

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sitting", "device"], name="session_one_watch_a_device"),
        ]

    def __str__(self) -> str:
        return f"{self.device} {self.heard_at:%H:%M:%S}"


class RoomCheck(models.Model):
    """Oxygen, suction and rescue medicines as somebody found them; the latest of the day counts."""

    oxygen = models.BooleanField()
    suction = models.BooleanField()
    rescue_drugs = models.BooleanField()
    by = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class HelpLink(models.Model):
    """The link on the person's own device by which they call for help; it names nobody and shows nothing."""

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="help_links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"help {self.sitting_id}"


class ModelSignature(models.Model):
    """A prescriber's decision that the session page shows what a model expects, or that it no longer does."""

    by = models.CharField(max_length=64)
    at = models.DateTimeField()
    shown = models.BooleanField()

    def __str__(self) -> str:
        return f"{'shown' if self.shown else 'hidden'} by {self.by}"
