"""Accounts and their roles; persons, the only identifying table; and erasable texts bound to ledger entries."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.people.roles import Role as Role


def account_key() -> str:
    """A random pseudonym for an account: the actor in ledger entries."""
    return f"a_{secrets.token_hex(10)}"


def person_key() -> str:
    """A random pseudonym for a person."""
    return f"p_{secrets.token_hex(10)}"


def person_secret() -> str:
    """The key for the hashes of one person's texts, as 64 hex digits; erased with the person."""
    return secrets.token_hex(32)


class Person(models.Model):
    """Who is treated: the identifying facts, which appear in no other table. Erasing empties every one of them."""

    key = models.CharField(max_length=32, unique=True, default=person_key, editable=False)
    secret = models.CharField(max_length=64, default=person_secret, editable=False, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    born_on = models.DateField(_("date of birth"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    simulated = models.BooleanField(default=False)
    registered_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name", "key")
        constraints = (
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(name="", born_on=None, email="", phone="", secret="", erased_at__isnull=False),
                name="people_erased_means_empty",
            ),
            models.CheckConstraint(condition=Q(erased_at__isnull=False) | ~Q(name=""), name="people_have_a_name"),
        )

    def __str__(self) -> str:
        return self.name or self.key


class Photo(models.Model):
    """What a person looks like, for telling them apart: apart from the ledger, deleted when the person is erased."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="photo")
    body = models.BinaryField()
    mark = models.CharField(max_length=16)
    kept_at = models.DateTimeField()
    kept_by = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.mark


class Text(models.Model):
    """Words that belong to a ledger entry: a reason, a note. `mac` binds them to the entry's `text_mac`."""

    key = models.CharField(max_length=32, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="texts")
    kind = models.CharField(max_length=40)
    body = models.TextField(blank=True)
    mac = models.CharField(max_length=64, unique=True)
    written_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(body="", erased_at__isnull=False), name="people_erased_text_is_empty"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Accounts(BaseUserManager["Account"]):
    """Makes accounts; every way of making one gives a password that is hashed, or none that can be used."""

    use_in_migrations = False

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Account:
        """A saved account without a role. With no password nobody can sign in to it until one is set by e-mail."""
        account = self.model(username=self.model.normalize_username(username), **fields)
        account.set_password(password or secrets.token_urlsafe(32))
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """Who signs in. `key` is the pseudonym that stands in the ledger in place of the name."""

    username = models.CharField(_("user name"), max_length=80, unique=True, validators=[UnicodeUsernameValidator()])
    display_name = models.CharField(_("name to show"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    key = models.CharField(max_length=32, unique=True, default=account_key, editable=False)
    person = models.OneToOneField(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="account")
    is_active = models.BooleanField(default=True)
    demonstration = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    objects = Accounts()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        ordering = ("username",)
        constraints = (
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(is_active=False), name="people_a_leaver_is_not_active"
            ),
        )

    def __str__(self) -> str:
        return self.display_name

    @cached_property
    def broken_glasses(self) -> tuple[Glass, ...]:
        """Every glass that the account ever broke, read once: a board asks for forty courses."""
        return tuple(self.glasses.all())

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles held; none for an account that is not active."""
        if not self.is_active:
            return frozenset()
        return frozenset(Role(role) for role in self.grants.values_list("role", flat=True))


class Grant(models.Model):
    """One role of one account."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account", "role"], name="people_a_role_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="people_a_known_role"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.role}"


class SecondFactor(models.Model):
    """What a holder's app shares with this site. `sealed` is unreadable without the site's secret key.

    `last_step` is the 30-second step of the last code that was taken: none at or before it is taken again.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="second_factor")
    sealed = models.TextField()
    begun_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    blocked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"second factor of {self.account_id}"


class RecoveryCode(models.Model):
    """The hash of a code that stands in for a lost app, once."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["factor", "hash"], name="people_a_recovery_code_once"),)

    def __str__(self) -> str:
        return f"recovery code of {self.factor_id}"


class Competence(models.Model):
    """Somebody was found able to do something, by whom and since when; it holds until then, or until it is ended."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="competences")
    skill = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField()
    basis = models.CharField(max_length=20)
    signed_by = models.CharField(max_length=32)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-since", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(until__gt=models.F("since")), name="people_a_competence_has_length"),
        )

    def __str__(self) -> str:
        return f"{self.skill} of {self.account_id}"


class Glass(models.Model):
    """The glass was broken: for a short time an account reads what its roles do not let it read of one course."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="glasses")
    course = models.CharField(max_length=64)
    what = models.CharField(max_length=10)  # record or arm
    reason = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(until__gt=models.F("opened_at")), name="people_glass_for_a_time"),
            models.CheckConstraint(condition=Q(what__in=["record", "arm"]), name="people_glass_of_a_kind"),
        )

    def __str__(self) -> str:
        return f"{self.what} of {self.course}"
