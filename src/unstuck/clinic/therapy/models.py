"""Psychotherapy notes, sealed; who holds the halves of their key; and for whom a note was opened by recovery."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import F, Q

from unstuck.clinic.course.models import Course
from unstuck.clinic.people.models import Account


def note_key() -> str:
    """A random name of a note."""
    return f"n_{secrets.token_hex(8)}"


class PrivateNote(models.Model):
    """One note of one author about one course. `sealed` is unreadable without a key that is not in the database."""

    key = models.CharField(max_length=32, unique=True, default=note_key, editable=False)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="private_notes")
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="private_notes")
    sealed = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("-written_at", "-id")

    def __str__(self) -> str:
        return self.key

    @property
    def bound_to(self) -> str:
        """What the seal covers besides the words, so that a note cannot be laid into another record."""
        return f"{self.key}|{self.course.key}|{self.author.key}"


class KeyHalf(models.Model):
    """One half of the notes' key behind a holder's passphrase; the two newest of one `made_at` belong together."""

    holder = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    salt = models.CharField(max_length=40)
    body = models.TextField()
    fingerprint = models.CharField(max_length=16)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at", "id")
        constraints = (models.UniqueConstraint(fields=["holder", "made_at"], name="therapy_two_people_hold_halves"),)

    def __str__(self) -> str:
        return f"half of {self.holder_id}"


class Opening(models.Model):
    """One author's notes of one course were opened for another person by two key holders, until then."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.CheckConstraint(condition=~Q(author=F("reader")), name="therapy_opened_for_somebody_else"),
            models.CheckConstraint(condition=Q(until__gt=F("opened_at")), name="therapy_opened_for_a_time"),
        )

    def __str__(self) -> str:
        return f"{self.author_id} for {self.reader_id}"
