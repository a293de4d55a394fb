"""Projections of the custody acts: lots, containers, drawings, movements, discrepancies. The ledger is the truth.

Every amount is in whole parts of its form's unit (`amounts`). The constraints are the database's own refusal of a
negative balance, of a second signature by the first person, and of a drawing that was used up twice.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from unstuck.clinic import clock
from unstuck.clinic.custody.amounts import Form, amount_of, plain, said

SAFE = "safe"
"""The location that a site has when it has only one."""


class Kind(models.TextChoices):
    """What moved, or was said to have moved."""

    RECEIVED = "received", _("received")
    DRAWN = "drawn", _("drawn")
    WASTED = "wasted", _("wasted")
    ADJUSTED = "adjusted", _("adjusted")


class Reason(models.TextChoices):
    """Why something was wasted. Codes, so that the ledger holds no words."""

    REMAINDER = "remainder", _("left over after the dose")
    OPENED = "opened_too_long", _("open for too long")
    EXPIRED = "expired", _("expired")
    BROKEN = "broken", _("broken or spilt")
    CONTAMINATED = "contaminated", _("contaminated")
    REFUSED = "refused", _("drawn, then not given")
    RECALLED = "recalled", _("recalled")


class Outcome(models.TextChoices):
    """What an investigation found."""

    MISCOUNT = "miscount", _("The count was wrong; a new count agrees")
    RECORD = "record_error", _("The record was wrong; the drug is accounted for")
    BREAKAGE = "breakage", _("Broken or spilt, unrecorded at the time")
    LOSS = "loss", _("Loss, not explained")
    THEFT = "theft", _("Theft or diversion")
    GAIN = "gain", _("More than recorded, not explained")


REPORTED = (Outcome.LOSS, Outcome.THEFT)
"""Outcomes that are reported to the authority before the discrepancy can be closed."""


def lot_key() -> str:
    """A random pseudonym of a lot: it stands in the ledger and tells nobody the drug."""
    return f"l_{secrets.token_hex(8)}"


def label_code() -> str:
    """Six signs that cannot be misread and spell no drug: the neutral label of a lot in a blinded course."""
    drawn = "".join(secrets.choice("CFHJLNPRVWXY34679") for _ in range(6))
    return f"{drawn[:3]}-{drawn[3:]}"


class Product(models.Model):
    """What a site buys: drug, form, strength and content of one container, as its label says."""

    key = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    drug = models.SlugField(max_length=40)
    form = models.CharField(max_length=10, choices=Form.choices)
    mg_per_unit = models.DecimalField(max_digits=9, decimal_places=3)
    content_parts = models.PositiveIntegerField()
    multi_dose = models.BooleanField(default=False)
    in_use_days = models.PositiveSmallIntegerField(null=True, blank=True)
    gtin = models.CharField(max_length=14, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["drug", "mg_per_unit", "key"]
        constraints = (
            models.CheckConstraint(condition=Q(mg_per_unit__gt=0, content_parts__gt=0), name="custody_has_content"),
            models.CheckConstraint(condition=Q(form__in=Form.values), name="custody_a_known_form"),
            models.UniqueConstraint(fields=["gtin"], condition=~Q(gtin=""), name="custody_a_gtin_once"),
        )

    def __str__(self) -> str:
        return self.title


class Lot(models.Model):
    """One manufacturer's lot of a product. `label` is its neutral code; `masked` lots are known by that alone."""

    key = models.CharField(max_length=32, unique=True, default=lot_key, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    code = models.CharField(max_length=40)
    barcode = models.CharField(max_length=120, blank=True)
    label = models.CharField(max_length=12, unique=True, default=label_code, editable=False)
    expires_on = models.DateField()
    masked = models.BooleanField(default=False)
    set_aside = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["product__drug", "product__mg_per_unit", "expires_on", "code"]
        constraints = (
            models.UniqueConstraint(fields=["product", "code"], name="custody_a_lot_once"),
            models.UniqueConstraint(fields=["barcode"], condition=~Q(barcode=""), name="custody_a_barcode_once"),
        )

    def __str__(self) -> str:
        return f"{self.product.title}, lot {self.code}"

    @property
    def form(self) -> Form:
        return Form(self.product.form)

    @property
    def unit(self) -> str:
        return self.form.unit

    @property
    def drug(self) -> str:
        return self.product.drug

    @property
    def title(self) -> str:
        return self.product.title

    @property
    def mg_per_unit(self) -> Decimal:
        """mg per mL, per spray or per tablet."""
        return plain(self.product.mg_per_unit)

    @property
    def mg_per_ml(self) -> Decimal | None:
        """The concentration; None for what is no liquid in a vial."""
        return self.mg_per_unit if self.form is Form.VIAL else None

    def mg(self, amount: Decimal) -> Decimal:
        """How many mg so many mL, sprays or tablets hold."""
        return plain(amount * self.product.mg_per_unit)

    def amount(self, parts: int) -> Decimal:
        """Parts as mL, sprays or tablets."""
        return amount_of(self.form, parts)

    def said(self, parts: int) -> str:
        """Parts with their unit, in words: 3.5 mL, 48 sprays."""
        return said(self.form, parts)

    def expired(self, at: datetime) -> bool:
        """Whether its last day is over at the site's clock."""
        today: date = at.astimezone(clock.zone()).date()
        return today > self.expires_on


class Container(models.Model):
    """One vial, device or pack, numbered within its lot. `left` is what the acts leave in it."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="containers")
    number = models.PositiveIntegerField()
    location = models.CharField(max_length=40, default=SAFE)
    content = models.PositiveIntegerField()
    left = models.IntegerField()
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_for = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["lot", "number"]
        constraints = (
            models.UniqueConstraint(fields=["lot", "number"], name="custody_a_container_once"),
            models.CheckConstraint(condition=Q(left__gte=0), name="custody_never_below_nothing"),
        )

    def __str__(self) -> str:
        return f"{self.lot.code} no. {self.number}"

    @property
    def sealed(self) -> bool:
        return self.opened_at is None

    def for_somebody(self, at: datetime) -> bool:
        """Whether what is left in it may still be given to somebody else than whom it was opened for."""
        return self.sealed or (self.lot.product.multi_dose and self.usable("", at))

    def usable(self, course: str, at: datetime) -> bool:
        """Whether a dose for `course` may be drawn from it: sealed; open within its days; single-dose: hers, today.

        How long an opened container may be used is what its label says. Where that is not known, today only.
        """
        if self.opened_at is None:
            return True
        zone, product = clock.zone(), self.lot.product
        days = product.in_use_days if product.multi_dose and product.in_use_days else 0
        age = at.astimezone(zone).date() - self.opened_at.astimezone(zone).date()
        return age.days <= days and (product.multi_dose or self.opened_for == course)


class Drawing(models.Model):
    """An amount drawn for one course: what of it was given, what was wasted, and what is still to be accounted for."""

    act = models.CharField(max_length=64, unique=True)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="drawings")
    location = models.CharField(max_length=40)
    course = models.CharField(max_length=64, db_index=True)
    drawn = models.PositiveIntegerField()
    given_parts = models.PositiveIntegerField(default=0)
    wasted_parts = models.PositiveIntegerField(default=0)
    drawn_by = models.CharField(max_length=32)
    witness = models.CharField(max_length=32, blank=True)
    drawn_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["drawn_at", "id"]
        constraints = (
            models.CheckConstraint(
                condition=Q(drawn__gte=F("given_parts") + F("wasted_parts")), name="custody_no_more_than_drawn"
            ),
            models.CheckConstraint(condition=~Q(witness=F("drawn_by")), name="custody_drawing_two_people"),
        )

    def __str__(self) -> str:
        return self.act

    @property
    def open_parts(self) -> int:
        return self.drawn - self.given_parts - self.wasted_parts

    @property
    def amount(self) -> Decimal:
        return self.lot.amount(self.drawn)

    @property
    def given(self) -> Decimal:
        return self.lot.amount(self.given_parts)

    @property
    def wasted(self) -> Decimal:
        return self.lot.amount(self.wasted_parts)

    @property
    def open(self) -> Decimal:
        """What nobody has said to have been given or wasted yet."""
        return self.lot.amount(self.open_parts)

    @property
    def mg(self) -> Decimal:
        return self.lot.mg(self.amount)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the containers that it came from."""
        rows = Movement.objects.filter(act=self.act).order_by("container__number")
        return list(rows.values_list("container__number", flat=True))


class Movement(models.Model):
    """One change of one container by one act. `parts` is what was added (received, adjusted) or taken (below zero)."""

    act = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="movements")
    location = models.CharField(max_length=40)
    parts = models.IntegerField()
    balance = models.IntegerField()
    actor = models.CharField(max_length=32)
    witness = models.CharField(max_length=32, blank=True)
    course = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = (
            models.UniqueConstraint(fields=["act", "container"], name="custody_an_act_once"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="custody_balance_not_negative"),
            models.CheckConstraint(condition=~Q(witness=F("actor")), name="custody_nobody_witnesses_themselves"),
            models.CheckConstraint(
                condition=Q(kind=Kind.DRAWN) | ~Q(witness=""), name="custody_waste_has_a_second_person"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.parts}"


class Discrepancy(models.Model):
    """A count that found another amount than the acts leave: opened, investigated, reported if need be, closed."""

    key = models.CharField(max_length=40, unique=True)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="discrepancies")
    location = models.CharField(max_length=40)
    expected = models.IntegerField()
    found = models.IntegerField()
    opened_at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    report = models.CharField(max_length=60, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-opened_at", "-id"]
        constraints = (
            models.UniqueConstraint(
                fields=["lot", "location"], condition=Q(closed_at=None), name="custody_one_open_discrepancy_a_lot"
            ),
            models.CheckConstraint(condition=Q(closed_at=None) | ~Q(outcome=""), name="custody_closed_has_outcome"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | ~Q(outcome__in=["loss", "theft"]) | ~Q(report=""),
                name="custody_loss_is_reported",
            ),
        )

    def __str__(self) -> str:
        return self.key


class Words(models.Model):
    """What somebody wrote about a discrepancy. `mac` binds it to its ledger entry, keyed with the row's own secret."""

    discrepancy = models.ForeignKey(Discrepancy, on_delete=models.PROTECT, related_name="words")
    body = models.TextField(max_length=4000)
    secret = models.CharField(max_length=64, editable=False)
    mac = models.CharField(max_length=64, unique=True)
    author = models.CharField(max_length=32)
    written_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        verbose_name_plural = "words"

    def __str__(self) -> str:
        return self.mac[:8]


class Proposal(models.Model):
    """A waste that waits for a colleague's signature from their own session. It has moved nothing yet.

    It is either from a container (`number`) or the rest of a drawing (`drawing`).
    """

    act = models.CharField(max_length=64, unique=True)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="proposals")
    location = models.CharField(max_length=40)
    number = models.PositiveIntegerField(null=True, blank=True)
    drawing = models.CharField(max_length=64, blank=True)
    parts = models.PositiveIntegerField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    actor = models.CharField(max_length=32)
    proposed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["proposed_at", "id"]
        constraints = (
            models.CheckConstraint(
                condition=Q(number__isnull=False, drawing="") | (Q(number=None) & ~Q(drawing="")),
                name="custody_a_proposal_is_of_one_kind",
            ),
        )

    def __str__(self) -> str:
        return self.act
