"""Reading the stock: a lot by its barcode, what is on hand, what one account may see of it, and rows against acts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q, QuerySet

from unstuck.clinic.custody import acts, barcode, counts
from unstuck.clinic.custody.fold import fold
from unstuck.clinic.custody.models import SAFE, Container, Discrepancy, Drawing, Lot, Proposal, Words
from unstuck.clinic.ledger.models import Chain, Entry
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people import access
from unstuck.clinic.people.access import CourseLike
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.queries import staff_names


@dataclass(frozen=True, slots=True)
class Face:
    """What one account may see of a lot. Behind a mask `name` is the neutral label and the rest is None."""

    name: str
    label: str
    code: str
    drug: str | None
    mg_per_unit: Decimal | None
    mg_per_ml: Decimal | None
    unit: str

    @property
    def masked(self) -> bool:
        return self.drug is None


def lots() -> QuerySet[Lot]:
    """Every lot with its product."""
    return Lot.objects.select_related("product")


def lot(key: str) -> Lot:
    """The lot of that pseudonym. Raises Lot.DoesNotExist."""
    return lots().get(key=key)


def scan(text: str, location: str = "") -> Lot | None:
    """The one lot whose barcode, label or lot code was read; None where none or several match.

    With a `location` only what was ever kept there is looked at.
    """
    told = barcode.read(text)
    if not told.text:
        return None
    here = lots().filter(containers__location=location).distinct() if location else lots()
    exact = Q(barcode=told.text) | Q(label=text.strip().upper())
    for asked in (exact, Q(product__gtin=told.gtin, code=told.lot) if told.gtin else Q(code=told.text)):
        found = list(here.filter(asked)[:2])
        if found:
            return found[0] if len(found) == 1 else None
    return None


def on_hand(lot: Lot, location: str = SAFE) -> Decimal:
    """What is left of the lot, in its own unit."""
    return lot.amount(acts.on_hand(lot, location))


def face(lot: Lot, account: Account, course: CourseLike | None = None) -> Face:
    """The lot as `account` may see it: in front of a course, as far as the course's arm is open to it."""
    hidden = lot.masked and not access.may_see_masks(account)
    if course is not None:
        hidden = hidden or not access.may_see_doses(account, course)
    if hidden:
        return Face(f"Lot {lot.label}", lot.label, "", None, None, None, lot.unit)
    return Face(lot.title, lot.label, lot.code, lot.drug, lot.mg_per_unit, lot.mg_per_ml, lot.unit)


def open_discrepancies() -> QuerySet[Discrepancy]:
    """What has not been closed, the oldest first."""
    return Discrepancy.objects.filter(closed_at=None).select_related("lot__product").order_by("opened_at", "id")


def open_drawings() -> list[Drawing]:
    """Drawings of which nobody has said yet what became of a part."""
    rows = Drawing.objects.filter(drawn__gt=F("given_parts") + F("wasted_parts"))
    return list(rows.select_related("lot__product"))


def open_proposals() -> QuerySet[Proposal]:
    """Wastes that wait for a colleague's signature, the oldest first."""
    return Proposal.objects.filter(ended_at=None).select_related("lot__product")


def to_waste(at: datetime) -> list[Container]:
    """Containers that hold something nobody may be given any more: open for too long, for one person, or expired."""
    held = Container.objects.filter(left__gt=0).select_related("lot__product").order_by("lot", "number")
    return [one for one in held if one.lot.expired(at) or not one.for_somebody(at)]


def locations() -> tuple[str, ...]:
    """Every location that ever held anything; the one safe of a new site."""
    keys = Chain.objects.filter(key__startswith="custody:", length__gt=0).values_list("key", flat=True)
    return tuple(sorted(key.partition(":")[2] for key in keys)) or (SAFE,)


def last_count(location: str) -> datetime | None:
    """When anything of that location was last counted."""
    counted = Entry.objects.filter(chain=acts.chain_of(location), kind="custody.counted").order_by("-seq").first()
    return counted.recorded_at if counted else None


def witnesses(chain: Iterable[Entry]) -> set[str]:
    """The keys of everybody who signed as second person in these entries."""
    return {str(json.loads(entry.payload).get("witness", "")) for entry in chain}


def names_of(keys: set[str]) -> dict[str, str]:
    """The names of staff by the keys of their accounts."""
    return staff_names(keys - {""})


def differences() -> tuple[str, ...]:
    """Where rows and acts disagree, as sentences; empty when every balance is what the acts leave."""
    found = []
    for location in locations():
        stock = fold(entries(acts.chain_of(location)))
        rows = Container.objects.filter(location=location).select_related("lot")
        left = {(row.lot.key, row.number): row.left for row in rows}
        found += [f"The act {act} takes more than there was at {location}." for act in stock.impossible]
        for at in sorted(left.keys() | stock.left.keys()):
            if left.get(at, 0) != stock.left.get(at, 0):
                found.append(f"No. {at[1]} of lot {at[0]}: the row says {left.get(at)}, the acts {stock.left.get(at)}.")
        for drawing in Drawing.objects.filter(location=location):
            told = stock.drawings.get(drawing.act)
            if told is None or (told.drawn, told.given, told.wasted) != _of(drawing):
                found.append(f"The drawing {drawing.act} is not what its acts say.")
    return (*found, *_altered_words())


def _of(drawing: Drawing) -> tuple[int, int, int]:
    return drawing.drawn, drawing.given_parts, drawing.wasted_parts


def _altered_words() -> list[str]:
    return [f"Words {row.pk} are not what was written." for row in Words.objects.all() if counts.mac_of(row) != row.mac]
