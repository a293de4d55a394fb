"""A believable stock for the demonstration: lots received, doses drawn for its courses, a waste, a count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal

from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import actions, counts, queries, receiving
from unstuck.clinic.custody.acts import Signed
from unstuck.clinic.custody.amounts import Form
from unstuck.clinic.custody.models import SAFE, Container, Drawing, Lot, Product, Reason
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.core.events import DoseGiven, from_dict

BEFORE = timedelta(days=6)  # the stock begins this long before the demonstration
TENTH = Decimal("0.1")


def _vial(drug: str, strength: int, content: int, days: int | None = None) -> receiving.NewProduct:
    """A vial; for several people where it may stay open for some days."""
    title = f"{drug.title()} {strength} mg/mL, vial of {content} mL"
    numbers = (Decimal(strength), Decimal(content))
    return receiving.NewProduct(f"{drug}_{strength}", title, drug, Form.VIAL, *numbers, days is not None, days)


def _prepared(drug: str, strength: str) -> receiving.NewProduct:
    """What the pharmacy prepares for blinded courses: the same look, volume and mL per kg whatever is in it."""
    title, numbers = f"{drug.title()} {strength} mg/mL, prepared, 50 mL", (Decimal(strength), Decimal(50))
    return receiving.NewProduct(f"{drug}_prepared", title, drug, Form.VIAL, *numbers)


PRODUCTS = (
    _vial("ketamine", 10, 20, days=28),
    _vial("ketamine", 100, 5, days=28),
    receiving.NewProduct(
        "esketamine_28", "Esketamine device of 28 mg", "esketamine", Form.DEVICE, Decimal(14), Decimal(2)
    ),
    _vial("midazolam", 1, 5),
    _prepared("ketamine", "1"),
    _prepared("midazolam", "0.09"),
)
"""Invented products, in strengths that are sold."""


@dataclass(frozen=True, slots=True)
class _Delivery:
    product: str
    code: str
    containers: int
    days_left: int
    masked: bool = False


DELIVERIES = (
    _Delivery("ketamine_10", "K10-2291", 12, 400),
    _Delivery("ketamine_100", "K100-0874", 4, 310),
    _Delivery("esketamine_28", "E28-5530", 24, 520),
    _Delivery("midazolam_1", "M1-1147", 80, 260),
    _Delivery("midazolam_1", "M1-0998", 2, -2),
    _Delivery("ketamine_prepared", "P-0311", 8, 20, masked=True),
    _Delivery("midazolam_prepared", "P-0312", 8, 20, masked=True),
)


@dataclass(frozen=True, slots=True)
class _Cast:
    otis: Account
    nia: Account
    cleo: Account


def strength(drug: str, masked: bool) -> float:
    """mg in a millilitre of the vials from which the demonstration's doses of that drug are drawn."""
    kinds = {d.product for d in DELIVERIES if d.masked == masked}
    return min(float(p.mg_per_unit) for p in PRODUCTS if p.key in kinds and p.drug == drug and p.form is Form.VIAL)


def fill(at: datetime) -> None:
    """The stock of the demonstration, as its cast would have kept it."""
    cast = _Cast(*(Account.objects.get(username=name, demonstration=True) for name in ("otis", "nia", "cleo")))
    begin = at - BEFORE
    for product in PRODUCTS:
        receiving.list_product(product, Signed(f"demo-{product.key}", cast.otis, cast.cleo), begin)
    for delivery in DELIVERIES:
        _receive(delivery, cast, begin, at)
    _waste_a_broken_one(cast, at - timedelta(days=3))
    for when, event, course, dose in sorted(_doses(begin, at), key=lambda each: each[:2]):
        _dose(course, dose, event, when, cast)
    _count(cast, at)


def _receive(delivery: _Delivery, cast: _Cast, begin: datetime, at: datetime) -> None:
    product = Product.objects.get(key=delivery.product)
    receipt = receiving.Receipt(
        product=product,
        code=delivery.code,
        expires_on=(at + timedelta(days=delivery.days_left)).date(),
        containers=delivery.containers,
        label_mg_per_unit=product.mg_per_unit,
        barcode=delivery.code,
        masked=delivery.masked,
    )
    receiving.receive(receipt, Signed(f"demo-{delivery.code}", cast.otis, cast.nia), begin)


def _waste_a_broken_one(cast: _Cast, at: datetime) -> None:
    lot = queries.lots().get(code="K100-0874")
    asked = actions.Waste("demo-broken", lot, 4, Decimal(5), Reason.BROKEN, cast.nia, cast.otis)
    actions.waste(asked, at)


def _doses(begin: datetime, at: datetime) -> Iterator[tuple[datetime, str, Course, DoseGiven]]:
    """Every dose of the demonstration since the stock began."""
    given = Entry.objects.filter(kind="DoseGiven", observed_at__gt=begin, observed_at__lt=at)
    courses = {course.key: course for course in Course.objects.filter(key__in=given.values("chain"))}
    for event in (from_dict(json.loads(entry.payload)) for entry in given):
        if isinstance(event.what, DoseGiven) and event.course in courses:
            yield event.observed_at, event.id, courses[event.course], event.what


def _dose(course: Course, dose: DoseGiven, event: str, when: datetime, cast: _Cast) -> None:
    """Drawn in tenths of a millilitre; the rest is wasted before the prescriber's eyes."""
    masked = access.stock_would_unmask(course)
    found = queries.lots().filter(product__drug=dose.drug, masked=masked, product__form=Form.VIAL)
    lot = found.order_by("product__mg_per_unit", "-expires_on").first()
    if lot is None or not dose.amount_mg:
        return
    given = (Decimal(str(dose.amount_mg)) / lot.mg_per_unit).quantize(Decimal("0.01"), ROUND_UP)
    amount = (given + TENTH).quantize(TENTH, ROUND_UP)
    act = f"demo-{event}"[:50]
    drawing = actions.draw(actions.Draw(act, lot, amount, dose.drug, course, cast.nia, cast.cleo), when)
    actions.give(actions.Give(f"{act}-g", act, given, cast.nia), when)
    rest = (f"{act}-w", act, drawing.amount - given, Reason.REMAINDER, cast.nia, cast.cleo)
    actions.waste_rest(actions.WasteRest(*rest), when)
    if not lot.product.multi_dose:
        _waste_opened(drawing, cast, when)


def _waste_opened(drawing: Drawing, cast: _Cast, when: datetime) -> None:
    """What a single-dose container still holds is for nobody else."""
    for one in Container.objects.filter(lot=drawing.lot, number__in=drawing.numbers, left__gt=0):
        left = (drawing.lot, one.number, drawing.lot.amount(one.left), Reason.REMAINDER, cast.nia, cast.cleo)
        actions.waste(actions.Waste(f"{drawing.act}-{one.number}"[:60], *left), when)


def _count(cast: _Cast, at: datetime) -> None:
    """A count this morning; in one lot a device is missing."""
    for lot in queries.lots():
        held = list(Container.objects.filter(lot=lot, location=SAFE))
        if any(one.left for one in held):
            found = counts.Count(lot, _sealed(lot, held), {c.number: c.left for c in held if not c.sealed and c.left})
            counts.count(found, Signed(f"demo-count-{lot.code}", cast.otis, cast.nia), at - timedelta(hours=2))


def _sealed(lot: Lot, held: list[Container]) -> int:
    return sum(1 for one in held if one.sealed) - (lot.code == "E28-5530")
