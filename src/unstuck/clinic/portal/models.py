"""Passkeys and codes that open a person's own pages, and what the person keeps there.

Words of the person lie in `people.Text`, which can be erased; rows here hold times and figures only.
"""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course.models import Course
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people.models import Account, Person, Text


def leaf_key() -> str:
    """A random name of one journal page or plan, for its address."""
    return secrets.token_hex(10)


class Passkey(models.Model):
    """One passkey of a patient's account: the public half only, which signs nobody in."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="passkeys")
    credential = models.CharField(max_length=1400, unique=True)  # base64url; the standard allows 1023 bytes
    data = models.BinaryField()  # attested credential data: id and public key
    counter = models.PositiveBigIntegerField(default=0)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["made_at"]

    def __str__(self) -> str:
        return f"passkey of {self.account_id}"


class EntryCode(models.Model):
    """The hash of a code that went out by e-mail; it opens once, in the browser that asked for it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="entry_codes")
    hash = models.CharField(max_length=64)
    browser = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"code of {self.account_id}"


class LeafKind(models.TextChoices):
    """What a person writes down."""

    JOURNAL = "journal", _("Journal")
    PLAN = "plan", _("Safety plan")


class Leaf(models.Model):
    """One page of the journal, or the safety plan. `shared_at` is set while the treating team may read it."""

    key = models.CharField(max_length=20, unique=True, default=leaf_key, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="leaves")
    kind = models.CharField(max_length=10, choices=LeafKind.choices)
    text = models.OneToOneField(Text, on_delete=models.PROTECT)
    written_at = models.DateTimeField()
    shared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-written_at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Day(models.Model):
    """One line of the log: how much sleep, movement and company a day had, as the person says."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    sleep_h = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    moved_min = models.PositiveSmallIntegerField(null=True, blank=True)
    company = models.PositiveSmallIntegerField(null=True, blank=True)  # 0 nobody, 1 a little, 2 enough

    class Meta:
        ordering: ClassVar[list[str]] = ["-on"]
        constraints = (
            models.UniqueConstraint(fields=["person", "on"], name="portal_one_line_a_day"),
            models.CheckConstraint(
                condition=Q(sleep_h=None) | Q(sleep_h__gte=0, sleep_h__lte=24), name="portal_a_day_has_24_hours"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id} {self.on}"


class Choices(models.Model):
    """What a person has chosen: language of letters, whether reminders come, whether the team reads the log."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="choices")
    language = models.CharField(max_length=8, blank=True)
    reminders = models.BooleanField(default=True)
    channel = models.CharField(max_length=10, default="email")
    days_shared_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"choices of {self.person_id}"


class Feedback(models.Model):
    """What somebody said of a visit the day after. It goes to quality and privacy, not to the therapist."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="feedback")
    visit = models.CharField(max_length=80)  # step:occurrence
    safe = models.PositiveSmallIntegerField(null=True, blank=True)  # 0 no, 1 partly, 2 yes
    agreed = models.PositiveSmallIntegerField(null=True, blank=True)  # what was agreed before was kept to
    heard = models.PositiveSmallIntegerField(null=True, blank=True)
    wants_call = models.BooleanField(default=False)
    text = models.OneToOneField(Text, null=True, blank=True, on_delete=models.PROTECT)
    given_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-given_at"]

    def __str__(self) -> str:
        return f"feedback {self.pk}"


class Reminder(models.Model):
    """One reminder of one cause: written once, and written anew if its letter was given up before its time is over."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="reminders")
    cause = models.CharField(max_length=120)
    link = models.ForeignKey(Link, null=True, on_delete=models.SET_NULL, related_name="+")
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    written_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["course", "cause"], name="portal_one_reminder_a_cause"),)

    def __str__(self) -> str:
        return f"{self.course_id} {self.cause}"
