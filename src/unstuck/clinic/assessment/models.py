"""Links that can write and never read, the answers that wait behind them, and a site's licensed wording."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from unstuck.clinic.course.models import Course


class Link(models.Model):
    """One signed link to the instruments of one step, or of none (`step` empty). Only a hash of its token is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="links")
    step = models.CharField(max_length=80, blank=True)
    occurrence = models.PositiveIntegerField(default=1)
    instruments = models.JSONField()
    page = models.PositiveIntegerField(default=0)
    made_by = models.CharField(max_length=32)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField(null=True, blank=True)  # when an answer behind it was last kept

    def __str__(self) -> str:
        return f"{self.course_id} {self.step} {self.occurrence}"


class Waiting(models.Model):
    """One answer that waits until the whole is sent; then it moves into the course's event and is deleted here."""

    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="waiting")
    instrument = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    value = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["link", "instrument", "item"], name="assessment_one_answer"),)

    def __str__(self) -> str:
        return f"{self.instrument} {self.item}"


class LoadedWording(models.Model):
    """Official wording that a site is licensed to use, as it was loaded. The newest of an instrument is shown."""

    instrument = models.CharField(max_length=40)
    stamp = models.CharField(max_length=80)
    file_name = models.CharField(max_length=120)
    content = models.TextField()
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=32)

    class Meta:
        ordering: ClassVar[list[str]] = ["-loaded_at"]

    def __str__(self) -> str:
        return f"{self.instrument} {self.stamp}"
