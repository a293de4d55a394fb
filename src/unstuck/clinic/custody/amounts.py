"""Amounts without rounding: whole parts of a unit. A millilitre has 1000 parts; a spray and a tablet have one."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.db.models.enums import TextChoices
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from unstuck.core.errors import Complaint


class TooFine(Complaint):
    """An amount is no amount, or finer than what can be kept exactly."""


class Form(TextChoices):
    """In what the drug comes. A container is one vial, one nasal device or one pack of tablets."""

    VIAL = "vial", _("Vial")
    DEVICE = "device", _("Nasal device")
    TABLET = "tablet", _("Tablets or lozenges")

    @property
    def unit(self) -> str:
        """The unit in which amounts are told: mL, spray, tablet."""
        return {Form.VIAL: "mL", Form.DEVICE: "spray", Form.TABLET: "tablet"}[self]

    @property
    def parts(self) -> int:
        """How many parts a unit has: what cannot be divided has one."""
        return 1000 if self is Form.VIAL else 1


def parts_of(form: Form, amount: Decimal | float | int) -> int:
    """The amount in parts, at least one. Raises TooFine: an amount is never rounded without being told."""
    try:
        parts = Decimal(str(amount)) * form.parts
    except InvalidOperation:
        raise TooFine(f"{amount!r} is not an amount.") from None
    if not parts.is_finite() or parts != parts.to_integral_value():
        mend = "Give at most three decimals." if form is Form.VIAL else "Give a whole number."
        raise TooFine(f"{amount} {form.unit} cannot be kept exactly.", mend=mend)
    if parts < 1:
        raise TooFine(f"{amount} {form.unit} is no amount.", mend="Give an amount above nothing.")
    return int(parts)


def amount_of(form: Form, parts: int) -> Decimal:
    """The amount in the form's unit, without needless decimals."""
    return plain(Decimal(parts) / form.parts)


def plain(number: Decimal) -> Decimal:
    """The same number as a person writes it: 20, not 2E+1 or 20.000."""
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def said(form: Form, parts: int) -> str:
    """The amount with its unit, as a person says it: 3.5 mL, 1 spray, 48 sprays."""
    amount = amount_of(form, parts)
    plural = "" if form is Form.VIAL or abs(amount) == 1 else "s"
    return f"{amount} {form.unit}{plural}"


def number_words(numbers: list[int]) -> str:
    """Numbers of containers in ascending order, a long unbroken run as its ends."""
    if len(numbers) > 3 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return _now("%(first)s to %(last)s") % {"first": numbers[0], "last": numbers[-1]}
    return ", ".join(str(number) for number in numbers)
