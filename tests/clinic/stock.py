"""A stock for tests of the custody: products, lots received by two people, and the cast that signs."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from decimal import Decimal

from unstuck.clinic.course.models import Course
from unstuck.clinic.custody.actions import Draw
from unstuck.clinic.custody.acts import Signed
from unstuck.clinic.custody.amounts import Form
from unstuck.clinic.custody.models import Lot, Product
from unstuck.clinic.custody.receiving import NewProduct, Receipt, list_product, receive
from unstuck.clinic.people.models import Account

Cast = dict[str, Account]
_acts = itertools.count(1)

VIAL = NewProduct("ket10", "Ketamine 10 mg/mL, 20 mL", "ketamine", Form.VIAL, Decimal(10), Decimal(20), True, 28)
STRONG = NewProduct("ket50", "Ketamine 50 mg/mL, 10 mL", "ketamine", Form.VIAL, Decimal(50), Decimal(10))
DEVICE = NewProduct("esk28", "Esketamine 28 mg device", "esketamine", Form.DEVICE, Decimal(14), Decimal(2))


def act() -> str:
    """An id that no other act of this run has."""
    return f"act-{next(_acts)}"


def signed(cast: Cast, actor: str = "otis", witness: str = "cleo") -> Signed:
    """Two members of the cast signing a new act."""
    return Signed(act(), cast[actor], cast[witness])


def product(new: NewProduct, cast: Cast, at: datetime) -> Product:
    """The product, listed once."""
    return Product.objects.filter(key=new.key).first() or list_product(new, signed(cast), at)


def lot_of(
    new: NewProduct, cast: Cast, at: datetime, code: str = "A100", containers: int = 2, masked: bool = False
) -> Lot:
    """A lot of the product, received; it expires at the end of the next year."""
    kind = product(new, cast, at)
    receipt = Receipt(kind, code, date(at.year + 1, 12, 31), containers, new.mg_per_unit, masked=masked)
    return receive(receipt, signed(cast), at)


def drawn(lot: Lot, amount: str, course: Course, cast: Cast, act_id: str = "") -> Draw:
    """Nia draws an amount for a course, under an order for the drug of the lot."""
    return Draw(act_id or act(), lot, Decimal(amount), lot.drug, course, cast["nia"])
