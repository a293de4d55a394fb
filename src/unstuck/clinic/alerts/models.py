"""Open and closed alerts, who is on duty, and the signed times. The ledger's entries are the truth about each act."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q

from unstuck.clinic.course.models import Course
from unstuck.clinic.people.models import Account
from unstuck.core.alerting import Duty

DUTIES = [(duty.value, duty.value) for duty in Duty]


def alert_key() -> str:
    """A random name of an alert, for its address and its entries."""
    return f"al_{secrets.token_hex(8)}"


class Alert(models.Model):
    """One alert as it stands. `cause` names what raised it, so that the same cause raises it once.

    `stage` is how far it has climbed; `due_at` is when it climbs on, None once it is closed. `owner` is whoever must
    act; None means that everybody on duty does.
    """

    key = models.CharField(max_length=32, unique=True, default=alert_key, editable=False)
    kind = models.CharField(max_length=40)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts")
    cause = models.CharField(max_length=120)
    place = models.CharField(max_length=60, blank=True)
    details = models.JSONField(default=dict, blank=True)
    raised_at = models.DateTimeField()
    raised_by = models.CharField(max_length=32)
    owner = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    duty = models.CharField(max_length=20, choices=DUTIES, blank=True)
    stage = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=32, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closing = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "course", "cause"],
                condition=Q(course__isnull=False),
                name="alerts_a_cause_of_a_course_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "cause"], condition=Q(course=None), name="alerts_a_cause_of_the_site_once"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closing="") | (Q(closed_at__isnull=False, due_at=None) & ~Q(closing="")),
                name="alerts_closed_with_an_action",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False) | Q(due_at__isnull=False), name="alerts_open_has_a_clock"
            ),
            models.CheckConstraint(
                condition=Q(taken_by=None, taken_at=None) | Q(taken_by__isnull=False, taken_at__isnull=False),
                name="alerts_taken_by_somebody",
            ),
        )
        indexes = (models.Index(fields=["due_at"], condition=Q(closed_at=None), name="alerts_open_by_clock"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def chain_key(self) -> str:
        """The ledger's chain that tells of this alert, once its course is loaded; the site's for one without."""
        return self.course.key if self.course else "site"


class Step(models.Model):
    """One act on an alert, in the order of the ledger: raised, sent on, taken, acted on, closed."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="steps")
    what = models.CharField(max_length=20)
    code = models.CharField(max_length=40, blank=True)
    actor = models.CharField(max_length=32)
    to = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.alert_id} {self.what}"


class Missed(models.Model):
    """An alert that could not be raised when its cause was saved; the worker raises it as soon as it can."""

    kind = models.CharField(max_length=40)
    course_key = models.CharField(max_length=64, blank=True)
    cause = models.CharField(max_length=120)
    details = models.JSONField(default=dict, blank=True)
    by = models.CharField(max_length=32)
    at = models.DateTimeField()
    error = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.kind} {self.cause}"


class Shift(models.Model):
    """Somebody is on duty for something from then until then."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="shifts")
    duty = models.CharField(max_length=20, choices=DUTIES)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("starts_at", "id")
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="alerts_a_shift_has_length"),
            models.CheckConstraint(condition=Q(duty__in=[d.value for d in Duty]), name="alerts_a_known_duty"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.duty} {self.starts_at:%F %H:%M}"


class Lead(models.Model):
    """The safety lead of the site since then: the newest row is the one who owns what nobody else does."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    named_by = models.CharField(max_length=32)

    class Meta:
        ordering = ("-named_at", "-id")

    def __str__(self) -> str:
        return f"{self.account_id} since {self.named_at:%F}"


class SignedTimes(models.Model):
    """The text of an alert policy that this site signed; the newest is in force."""

    hash = models.CharField(max_length=64)
    text = models.TextField()
    signed_at = models.DateTimeField()
    signed_by = models.CharField(max_length=32)

    class Meta:
        ordering = ("-signed_at", "-id")

    def __str__(self) -> str:
        return self.hash[:12]
