"""The texts of consent that a site has signed, and the rows that hold a chair, a room or a clinician for a visit."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models

from unstuck.clinic.course.models import Course
from unstuck.core.errors import Complaint


class TextIsFinal(Complaint):
    """A signed text cannot be changed or deleted; sign another one."""


class ConsentText(models.Model):
    """The consent of one protocol, byte for byte as it was signed for use. It names no person."""

    protocol = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=8)
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    evidence_hash = models.CharField(max_length=64)  # of the signed words on the evidence that it quotes
    signed_by = models.CharField(max_length=32)
    signed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["protocol", "-number"]
        constraints = (models.UniqueConstraint(fields=["protocol", "number"], name="pathway_a_text_number_once"),)

    def __str__(self) -> str:
        return f"{self.protocol} {self.number}"

    @property
    def version(self) -> str:
        """The version as events name it: the number and the beginning of the hash."""
        return f"{self.number}-{self.text_hash[:12]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves a new text; raises TextIsFinal for one that stands."""
        if self.pk is not None:
            raise TextIsFinal(f"{self} is signed and stays as it is.", mend="Sign another text.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises TextIsFinal."""
        raise TextIsFinal(f"{self} is signed and stays.", mend="People may have consented with it.")


class Booking(models.Model):
    """One visit with a time. Cancelled bookings stay as history and hold nothing."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="bookings")
    step = models.CharField(max_length=80)
    occurrence = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    chair = models.CharField(max_length=40, blank=True)
    room = models.CharField(max_length=40, blank=True)
    clinician = models.CharField(max_length=32, blank=True)  # key of an account
    booked_by = models.CharField(max_length=32)
    booked_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=40, blank=True)  # a code: why it was moved or cancelled

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at", "id"]
        constraints = (
            models.UniqueConstraint(
                fields=["course", "step", "occurrence"],
                condition=models.Q(cancelled_at=None),
                name="pathway_one_booking_a_visit",
            ),
        )

    def __str__(self) -> str:
        return f"{self.course_id} {self.step} {self.occurrence}"


class Quarter(models.Model):
    """One quarter of an hour of a chair, a room or a clinician. Nobody can hold it twice: the database refuses."""

    resource = models.CharField(max_length=60)  # chair:KEY, room:KEY, staff:KEY
    starts_at = models.DateTimeField()
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="quarters")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["resource", "starts_at"], name="pathway_a_quarter_is_held_once"),
        )

    def __str__(self) -> str:
        return f"{self.resource} {self.starts_at:%Y-%m-%d %H:%M}"
