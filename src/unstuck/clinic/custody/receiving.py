"""What comes into the stock: products a site buys, and lots that arrive. Two people read the strength off the label."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from unstuck.clinic.custody import barcode
from unstuck.clinic.custody import refusals as no
from unstuck.clinic.custody.acts import Move, Signed, chain_of, move, standing, two_people, write
from unstuck.clinic.custody.amounts import Form, parts_of, plain
from unstuck.clinic.custody.models import SAFE, Container, Kind, Lot, Product
from unstuck.clinic.ledger.actions import lock, note, refuse_free_text
from unstuck.clinic.people import access

BY_RECEIPT = 500
"""The most containers in one receipt: a guard against a slip of the finger."""


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as its label describes it. `content` is one container's, in mL, sprays or tablets."""

    key: str
    title: str
    drug: str
    form: Form
    mg_per_unit: Decimal
    content: Decimal
    multi_dose: bool = False
    in_use_days: int | None = None
    gtin: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery of one lot. `label_mg_per_unit` is what both people read off a container in their hands."""

    product: Product
    code: str
    expires_on: date
    containers: int
    label_mg_per_unit: Decimal
    barcode: str = ""
    masked: bool = False
    location: str = SAFE


def list_product(new: NewProduct, signed: Signed, at: datetime) -> Product:
    """A product that may be received from now on, signed by two people; it never changes. Raises as `receive`."""
    _may_keep(signed)
    content = parts_of(new.form, new.content)
    with transaction.atomic():
        if Product.objects.filter(key=new.key).exists():
            raise no.ActDiffers(f"A product {new.key} stands already.", mend="Give it another short name.")
        made = Product.objects.create(
            key=new.key,
            title=new.title,
            drug=new.drug,
            form=Form(new.form).value,
            mg_per_unit=new.mg_per_unit,
            content_parts=content,
            multi_dose=new.multi_dose,
            in_use_days=new.in_use_days,
            gtin=new.gtin,
        )
        payload = _facts(new, content) | {"witness": signed.second}
        note("custody.product_listed", signed.actor.key, at, payload)
        return made


def receive(receipt: Receipt, signed: Signed, at: datetime) -> Lot:
    """The lot with its containers, two people having signed. The same act again gives the lot that stands.

    Raises MayNot, WitnessIsActor, WitnessMayNot, LabelDiffers, LotExpired, ActDiffers.
    """
    _may_keep(signed)
    _check_label(receipt)
    with transaction.atomic():
        lock(chain_of(receipt.location))
        before = standing(receipt.location, signed.act)
        if before:
            return Lot.objects.select_related("product").get(key=json.loads(before.payload)["lot"])
        lot = _lot(receipt)
        if lot.expired(at):
            raise no.LotExpired(f"Lot {receipt.code} expired on {lot.expires_on}.", mend="Send it back.")
        first = lot.containers.count() + 1
        payload = _payload(receipt, lot, first)
        write(receipt.location, "custody.received", signed, payload, at)
        made = _containers(receipt, lot, first)
        content = receipt.product.content_parts
        move(Move(Kind.RECEIVED, lot, receipt.location, [(each, content) for each in made]), signed, at)
        return lot


def set_aside(lot: Lot, aside: bool, signed: Signed, at: datetime, location: str = SAFE) -> Lot:
    """The lot set aside, so that nothing is drawn from it, or released again. Raises MayNot."""
    if not access.may_keep_stock(signed.actor):
        raise no.MayNot("This account does not keep the stock.")
    with transaction.atomic():
        lock(chain_of(location))
        if standing(location, signed.act) is None:
            Lot.objects.filter(pk=lot.pk).update(set_aside=aside)
        write(location, "custody.set_aside" if aside else "custody.released", signed, {"lot": lot.key}, at)
        lot.refresh_from_db()
        return lot


def _may_keep(signed: Signed) -> None:
    if not access.may_keep_stock(signed.actor):
        raise no.MayNot("This account does not keep the stock.")
    two_people(signed)


def _facts(new: NewProduct, content: int) -> dict[str, object]:
    """A product's facts as codes and numbers."""
    return {
        "key": new.key,
        "drug": new.drug,
        "form": Form(new.form).value,
        "mg_per_unit": str(new.mg_per_unit),
        "content": content,
        "multi_dose": new.multi_dose,
        "in_use_days": new.in_use_days,
        "gtin": new.gtin,
    }


def _check_label(receipt: Receipt) -> None:
    told = plain(receipt.product.mg_per_unit)
    if receipt.label_mg_per_unit != told:
        unit = Form(receipt.product.form).unit
        raise no.LabelDiffers(
            f"The label says {receipt.label_mg_per_unit} mg per {unit}; this product has {told}.",
            mend="Choose the product that is in your hands.",
        )
    if not 1 <= receipt.containers <= BY_RECEIPT:
        raise no.LabelDiffers(f"{receipt.containers} containers is no delivery.", mend=f"1 to {BY_RECEIPT}.")
    _check_barcode(receipt)
    refuse_free_text({"code": receipt.code, "barcode": barcode.read(receipt.barcode).text})


def _check_barcode(receipt: Receipt) -> None:
    """A scan that says something else than was typed, or that names no lot, stops the receipt."""
    scan = barcode.read(receipt.barcode)
    others = Lot.objects.exclude(product=receipt.product, code=receipt.code)
    if scan.names_product_only or (scan.text and others.filter(barcode=scan.text).exists()):
        mend = "Scan the code that names the lot, or leave it empty."
        raise no.LabelDiffers("This barcode is not this lot's own.", mend=mend)
    if scan.lot and scan.lot != receipt.code:
        raise no.LabelDiffers(f"The barcode names lot {scan.lot}, not {receipt.code}.", mend="Scan it again.")
    if scan.expires_on and scan.expires_on != receipt.expires_on:
        raise no.LabelDiffers(f"The barcode says that it expires on {scan.expires_on}.", mend="Look at the label.")
    if scan.gtin and receipt.product.gtin and scan.gtin != receipt.product.gtin:
        raise no.LabelDiffers("The barcode is that of another product.", mend="Choose the product in your hands.")


def _lot(receipt: Receipt) -> Lot:
    """The lot's row, new or as it stands. Raises ActDiffers where it stands with another expiry or mask."""
    lot, made = Lot.objects.select_related("product").get_or_create(
        product=receipt.product,
        code=receipt.code,
        defaults={
            "expires_on": receipt.expires_on,
            "barcode": barcode.read(receipt.barcode).text,
            "masked": receipt.masked,
        },
    )
    if not made and (lot.expires_on, lot.masked) != (receipt.expires_on, receipt.masked):
        raise no.ActDiffers(f"Lot {receipt.code} stands with another expiry or mask.", mend="Look at the label again.")
    return lot


def _payload(receipt: Receipt, lot: Lot, first: int) -> dict[str, object]:
    """Everything that the lot is, so that the stock can be rebuilt from the acts alone."""
    product = receipt.product
    return {
        "lot": lot.key,
        "code": lot.code,
        "barcode": lot.barcode,
        "label": lot.label,
        "expires_on": lot.expires_on.isoformat(),
        "masked": lot.masked,
        "product": product.key,
        "drug": product.drug,
        "form": product.form,
        "mg_per_unit": str(plain(product.mg_per_unit)),
        "content": product.content_parts,
        "first": first,
        "count": receipt.containers,
    }


def _containers(receipt: Receipt, lot: Lot, first: int) -> list[Container]:
    """New, still empty rows: the movement of the receipt fills them."""
    content = receipt.product.content_parts
    numbers = range(first, first + receipt.containers)
    rows = [Container(lot=lot, number=n, location=receipt.location, content=content, left=0) for n in numbers]
    return Container.objects.bulk_create(rows)
