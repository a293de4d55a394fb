"""What every custody act shares: its chain, its two people, its entry in the ledger and its movements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum

from unstuck.clinic.custody import refusals as no
from unstuck.clinic.custody.models import Container, Kind, Lot, Movement
from unstuck.clinic.ledger.actions import Act, append
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account


@dataclass(frozen=True, slots=True)
class Signed:
    """Who does it, who saw it (None where one person is enough), and the act's own id."""

    act: str
    actor: Account
    witness: Account | None = None

    @property
    def second(self) -> str:
        return self.witness.key if self.witness else ""


def chain_of(location: str) -> str:
    """The chain in the ledger that holds every act of a location."""
    return f"custody:{location}"


def two_people(signed: Signed) -> Account:
    """The second person, who is another one and may sign for the drug. Raises WitnessIsActor and WitnessMayNot."""
    witness = signed.witness
    if witness is None:
        raise no.NotSigned("A second person has not signed.", mend="Ask a colleague to sign on this page.")
    if witness.pk == signed.actor.pk or witness.key == signed.actor.key:
        raise no.WitnessIsActor("Nobody signs as second person for their own act.", mend="Ask a colleague.")
    if not access.may_witness_drug(witness):
        raise no.WitnessMayNot(f"{witness.display_name} does not sign for the drug.", mend="Ask another colleague.")
    return witness


def write(location: str, kind: str, signed: Signed, payload: Mapping[str, Any], at: datetime, mac: str = "") -> Entry:
    """The act's entry in the chain of `location`; the witness stands in the payload."""
    told = {**payload, "witness": signed.second} if signed.witness else dict(payload)
    return append(chain_of(location), Act(kind, signed.actor.key, at, at, told, text_mac=mac, act=signed.act))


def standing(location: str, act: str) -> Entry | None:
    """The entry of this act, when it has been written before."""
    return Entry.objects.filter(chain=chain_of(location), act=act).first()


def on_hand(lot: Lot, location: str) -> int:
    """Parts of the lot at a location."""
    found = Container.objects.filter(lot=lot, location=location).aggregate(parts=Sum("left"))["parts"]
    return found or 0


@dataclass(frozen=True, slots=True)
class Move:
    """What one act changes in containers of one lot: (container, parts added or, below zero, taken)."""

    kind: Kind
    lot: Lot
    location: str
    changes: Sequence[tuple[Container, int]]
    course: str = ""
    reason: str = ""


def move(made: Move, signed: Signed, at: datetime) -> None:
    """The containers changed, and a movement row for each with the running balance behind it."""
    for container, parts in made.changes:
        if container.left + parts < 0:
            raise no.NotEnough(f"No. {container.number} of lot {made.lot.label} does not hold that much.")
        container.left += parts
        if parts < 0 and container.opened_at is None:
            container.opened_at, container.opened_for = at, made.course
        container.save(update_fields=["left", "opened_at", "opened_for"])
        Movement.objects.create(
            act=signed.act,
            kind=made.kind,
            container=container,
            location=made.location,
            parts=parts,
            balance=on_hand(made.lot, made.location),
            actor=signed.actor.key,
            witness=signed.second,
            course=made.course,
            reason=made.reason,
            at=at,
        )
