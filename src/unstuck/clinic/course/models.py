"""The projection of each course: what lists need. The ledger's events are the truth."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models

from unstuck.clinic.people.models import Person
from unstuck.clinic.protocol.models import Release
from unstuck.clinic.protocol.text import protocol_of


def course_key() -> str:
    """A random pseudonym of a course: the name of its chain in the ledger."""
    return f"c_{secrets.token_hex(10)}"


class Course(models.Model):
    """One course. `release` is the version it was enrolled in or last amended to; the rest is derived from events."""

    key = models.CharField(max_length=64, unique=True, default=course_key, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="courses")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="courses")
    arm = models.CharField(max_length=60, blank=True)
    blinded = models.BooleanField(default=False)
    simulated = models.BooleanField(default=False)
    enrolled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)  # when the most urgent open step closes or is meant to be

    class Meta:
        ordering: ClassVar[list[str]] = ["person__name", "key"]

    def __str__(self) -> str:
        return self.key

    @property
    def blinded_roles(self) -> frozenset[str]:
        """The roles that must not learn the arm, as the signed protocol names them."""
        return frozenset(protocol_of(self.release).blinded)
