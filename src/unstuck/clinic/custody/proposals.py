"""A waste that a colleague signs from their own session: proposed, then signed or taken back. Nothing moves before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from unstuck.clinic.custody import actions
from unstuck.clinic.custody import refusals as no
from unstuck.clinic.custody.acts import Signed, chain_of, standing, write
from unstuck.clinic.custody.models import SAFE, Lot, Proposal, Reason
from unstuck.clinic.ledger.actions import lock
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed, in parts: from a container by its number, or of a drawing by its act."""

    lot: Lot
    parts: int
    reason: Reason
    number: int | None = None
    drawing: str = ""
    location: str = SAFE


def propose(told: Proposed, signed: Signed, at: datetime) -> Proposal:
    """The proposal, waiting for a colleague. The same act again gives the one that stands. Raises MayNot."""
    if not access.may_waste_drug(signed.actor):
        raise no.MayNot("This account does not waste the drug.")
    with transaction.atomic():
        lock(chain_of(told.location))
        before = Proposal.objects.filter(act=signed.act).first()
        if before:
            return before
        payload = {"lot": told.lot.key, "parts": told.parts, "reason": told.reason.value, "number": told.number}
        own = Signed(f"{signed.act}.proposed"[:64], signed.actor)
        write(told.location, "custody.proposed", own, payload | {"drawing": told.drawing}, at)
        return Proposal.objects.create(
            act=signed.act,
            lot=told.lot,
            location=told.location,
            number=told.number,
            drawing=told.drawing,
            parts=told.parts,
            reason=told.reason.value,
            actor=signed.actor.key,
            proposed_at=at,
        )


def sign(proposal: Proposal, witness: Account, at: datetime) -> Proposal:
    """The waste as proposed, with `witness` as second person. Raises as `waste`, and NotYet."""
    with transaction.atomic():
        lock(chain_of(proposal.location))
        proposal.refresh_from_db()
        if standing(proposal.location, proposal.act) is not None:
            return proposal
        if proposal.ended_at:
            raise no.NotYet("This was taken back.", mend="Ask your colleague to begin again.")
        actor = Account.objects.get(key=proposal.actor)
        amount, reason = proposal.lot.amount(proposal.parts), Reason(proposal.reason)
        if proposal.drawing:
            rest = (proposal.act, proposal.drawing, amount, reason, actor, witness)
            actions.waste_rest(actions.WasteRest(*rest), at)
        else:
            assert proposal.number is not None
            broken = (proposal.act, proposal.lot, proposal.number, amount, reason, actor, witness, proposal.location)
            actions.waste(actions.Waste(*broken), at)
        return _end(proposal, at)


def take_back(proposal: Proposal, account: Account, at: datetime) -> Proposal:
    """The proposal without effect. Raises MayNot for anybody but who proposed it, and NotYet once it was signed."""
    if proposal.actor != account.key:
        raise no.MayNot("Only who proposed it takes it back.")
    with transaction.atomic():
        lock(chain_of(proposal.location))
        proposal.refresh_from_db()
        if standing(proposal.location, proposal.act) is not None:
            raise no.NotYet("It was signed already.", mend="Count, if the amount is in doubt.")
        if proposal.ended_at:
            return proposal
        own = Signed(f"{proposal.act}.back"[:64], account)
        write(proposal.location, "custody.taken_back", own, {"lot": proposal.lot.key, "act": proposal.act}, at)
        return _end(proposal, at)


def _end(proposal: Proposal, at: datetime) -> Proposal:
    proposal.ended_at = at
    proposal.save(update_fields=["ended_at"])
    return proposal
