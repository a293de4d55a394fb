"""Drawing a dose, saying what became of it, and wasting. Each act is one transaction under the location's lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from unstuck.clinic.alerts.actions import Moment, settle
from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import refusals as no
from unstuck.clinic.custody.acts import Move, Signed, chain_of, move, standing, two_people, write
from unstuck.clinic.custody.amounts import parts_of
from unstuck.clinic.custody.models import SAFE, Container, Drawing, Kind, Lot, Reason
from unstuck.clinic.ledger.actions import lock
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account


@dataclass(frozen=True, slots=True)
class Draw:
    """An amount (mL, sprays, tablets) to draw from `lot` for `course`; `drug` is what the order says.

    An empty `location` is where the lot is: the safe, if it holds any of it.
    """

    act: str
    lot: Lot
    amount: Decimal
    drug: str
    course: Course
    actor: Account
    witness: Account | None = None
    location: str = ""


@dataclass(frozen=True, slots=True)
class Give:
    """How much of a drawing went into the person."""

    act: str
    drawing_act: str
    amount: Decimal
    actor: Account


@dataclass(frozen=True, slots=True)
class WasteRest:
    """How much of a drawing was left and is destroyed before a second person's eyes."""

    act: str
    drawing_act: str
    amount: Decimal
    reason: Reason
    actor: Account
    witness: Account


@dataclass(frozen=True, slots=True)
class Waste:
    """An amount destroyed from one container, before a second person's eyes."""

    act: str
    lot: Lot
    number: int
    amount: Decimal
    reason: Reason
    actor: Account
    witness: Account
    location: str = SAFE


def draw(asked: Draw, at: datetime) -> Drawing:
    """The drawing, taken off the balance. The same act again gives the first drawing and takes nothing.

    Raises LotExpired, LotSetAside, WrongDrug, NotEnough, WitnessIsActor, WitnessMayNot, MayNot, MaskWouldBreak,
    ActDiffers and TooFine.
    """
    parts = parts_of(asked.lot.form, asked.amount)
    asked = asked if asked.location else replace(asked, location=_where(asked.lot))
    with transaction.atomic():
        lock(chain_of(asked.location))
        before = Drawing.objects.filter(act=asked.act).select_related("lot__product").first()
        if before:
            return _same_drawing(before, asked, parts)
        lot = Lot.objects.select_related("product").get(pk=asked.lot.pk)
        _may_draw(asked, lot, at)
        taken = _from_containers(asked, lot, parts, at)
        signed = Signed(asked.act, asked.actor, asked.witness)
        takes = [[container.number, -change] for container, change in taken]
        write(asked.location, "custody.drawn", signed, {"lot": lot.key, "course": asked.course.key, "takes": takes}, at)
        move(Move(Kind.DRAWN, lot, asked.location, taken, course=asked.course.key), signed, at)
        return Drawing.objects.create(
            act=asked.act,
            lot=lot,
            location=asked.location,
            course=asked.course.key,
            drawn=parts,
            drawn_by=asked.actor.key,
            witness=signed.second,
            drawn_at=at,
        )


def _where(lot: Lot) -> str:
    """The safe, if it holds any of the lot; else the first place that does; the safe where there is none."""
    held = set(Container.objects.filter(lot=lot, left__gt=0).values_list("location", flat=True))
    return SAFE if SAFE in held or not held else min(held)


def _same_drawing(before: Drawing, asked: Draw, parts: int) -> Drawing:
    if (before.lot_id, before.course, before.drawn) != (asked.lot.pk, asked.course.key, parts):
        raise no.ActDiffers("This drawing was recorded before with another lot, person or amount.")
    return before


def _may_draw(asked: Draw, lot: Lot, at: datetime) -> None:
    if not access.may_draw_drug(asked.actor):
        raise no.MayNot("This account does not draw doses.")
    if asked.witness is not None:
        two_people(Signed(asked.act, asked.actor, asked.witness))
    if lot.drug != asked.drug:
        raise no.WrongDrug(f"Lot {lot.label} is not what the order asks for.", mend="Scan the container again.")
    if lot.expired(at):
        raise no.LotExpired(f"Lot {lot.label} expired on {lot.expires_on}.", mend="Take another lot; waste this one.")
    if lot.set_aside:
        raise no.LotSetAside(f"Lot {lot.label} is set aside.", mend="Take another lot.")
    if not lot.masked and access.stock_would_unmask(asked.course):
        raise no.MaskWouldBreak(
            "This course is blinded, and this lot shows what it is.", mend="Take the lot with a neutral label."
        )


def _from_containers(asked: Draw, lot: Lot, parts: int, at: datetime) -> list[tuple[Container, int]]:
    """Where the amount comes from: what is open first, then the lowest number. Raises NotEnough."""
    here = Container.objects.filter(lot=lot, location=asked.location, left__gt=0).select_related("lot__product")
    taken, rest = [], parts
    for container in sorted(here, key=lambda c: (c.sealed, c.opened_at or at, c.number)):
        if rest and container.usable(asked.course.key, at):
            take = min(rest, container.left)
            taken.append((container, -take))
            rest -= take
    if rest:
        short = f"Lot {lot.label} has {lot.amount(parts - rest)} {lot.unit} to draw from, not {lot.amount(parts)}."
        raise no.NotEnough(short, mend="Draw less, or take another lot.")
    return taken


def give(asked: Give, at: datetime) -> Drawing:
    """The drawing with what was given of it. Raises NotEnough, MayNot, Unknown, ActDiffers."""
    if not access.may_draw_drug(asked.actor):
        raise no.MayNot("This account does not give doses.")
    return _use_up("custody.given", "given_parts", asked, Signed(asked.act, asked.actor), at)


def waste_rest(asked: WasteRest, at: datetime) -> Drawing:
    """The drawing with its rest wasted, two people having signed. Raises as `give`, and WitnessIsActor."""
    if not access.may_waste_drug(asked.actor):
        raise no.MayNot("This account does not waste the drug.")
    signed = Signed(asked.act, asked.actor, asked.witness)
    two_people(signed)
    return _use_up("custody.rest_wasted", "wasted_parts", asked, signed, at, Reason(asked.reason).value)


def _use_up(kind: str, field: str, asked: Give | WasteRest, signed: Signed, at: datetime, reason: str = "") -> Drawing:
    """Adds to what was given or wasted of a drawing, never beyond what was drawn."""
    with transaction.atomic():
        location = _location_of(asked.drawing_act)
        lock(chain_of(location))
        drawing = Drawing.objects.select_related("lot__product").get(act=asked.drawing_act)
        parts = parts_of(drawing.lot.form, asked.amount)
        payload = {"drawing": drawing.act, "parts": parts} | ({"reason": reason} if reason else {})
        if standing(location, asked.act) is None:
            if parts > drawing.open_parts:
                open_now = f"Of this drawing {drawing.open} {drawing.lot.unit} are open"
                raise no.NotEnough(f"{open_now}, not {asked.amount}.", mend="Give what is left of it.")
            setattr(drawing, field, getattr(drawing, field) + parts)
            drawing.save(update_fields=[field])
        write(location, kind, signed, payload, at)
        if not drawing.open_parts:
            settle("drug_unaccounted", "", drawing.act, "accounted", Moment(signed.actor.key, at))
        return drawing


def _location_of(drawing_act: str) -> str:
    found = Drawing.objects.filter(act=drawing_act).values_list("location", flat=True).first()
    if found is None:
        raise no.Unknown("Nothing was drawn under this act.")
    return found


def waste(asked: Waste, at: datetime) -> Container:
    """The container without what was wasted, two people having signed. The same act again changes nothing.

    Raises WitnessIsActor, WitnessMayNot, MayNot, NotEnough, Unknown, TooFine.
    """
    if not access.may_waste_drug(asked.actor):
        raise no.MayNot("This account does not waste the drug.")
    signed = Signed(asked.act, asked.actor, asked.witness)
    two_people(signed)
    parts, reason = parts_of(asked.lot.form, asked.amount), Reason(asked.reason).value
    with transaction.atomic():
        lock(chain_of(asked.location))
        container = _container(asked)
        payload = {"lot": asked.lot.key, "takes": [[asked.number, parts]], "reason": reason}
        if standing(asked.location, asked.act) is None:
            if parts > container.left:
                raise no.NotEnough(
                    f"No. {asked.number} holds {asked.lot.amount(container.left)} {asked.lot.unit}.",
                    mend="Waste what is left in it, or count first.",
                )
            move(Move(Kind.WASTED, asked.lot, asked.location, [(container, -parts)], reason=reason), signed, at)
        write(asked.location, "custody.wasted", signed, payload, at)
        return container


def _container(asked: Waste) -> Container:
    found = Container.objects.filter(lot=asked.lot, number=asked.number, location=asked.location)
    container = found.select_related("lot__product").first()
    if container is None:
        raise no.Unknown(f"Lot {asked.lot.label} has no container no. {asked.number} here.")
    return container
