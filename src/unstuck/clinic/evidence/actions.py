"""Proposing what a release says, and signing or declining it. A release by itself changes nothing that is in use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from unstuck.clinic.evidence.models import Decision, Proposal, SignedText
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account
from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import Release
from unstuck.core.evidence_words import says_the_same, text_for


class NotDecided(Complaint):
    """Nothing was signed or declined."""


class WrongPassword(NotDecided):
    """The signer did not prove who signs."""


class NotOpen(NotDecided):
    """The proposal was decided before, or a newer one took its place."""


def hash_of(text: str) -> str:
    """SHA-256 of the text's bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def propose(release: Release, titles: Iterable[tuple[str, str]], actor: str, at: datetime) -> tuple[Proposal, ...]:
    """One open proposal for each (protocol, title) whose words differ from what was signed or declined last.

    An older open proposal of the protocol is overtaken. Signed texts are not touched.
    """
    made = []
    with transaction.atomic():
        for key, title in titles:
            text = text_for(release, key, title)
            if _waits_or_declined(key, text):
                continue
            waiting = Proposal.objects.filter(protocol=key, decision=Decision.OPEN)
            waiting.update(decision=Decision.OVERTAKEN, decided_at=at)
            if _in_use(key, text):
                continue
            made.append(_proposal(release, key, text, at))
            note("evidence.proposed", actor, at, {"protocol": key, "hash": hash_of(text)})
    return tuple(made)


def _waits_or_declined(key: str, text: str) -> bool:
    """Whether the last proposal, waiting or declined, has these very words, of whatever day."""
    last = Proposal.objects.filter(protocol=key, decision__in=(Decision.OPEN, Decision.DECLINED)).first()
    return last is not None and says_the_same(last.text, text)


def _in_use(key: str, text: str) -> bool:
    """Whether the text that was signed last has these very words."""
    signed = SignedText.objects.filter(protocol=key).first()
    return signed is not None and says_the_same(signed.text, text)


def _proposal(release: Release, key: str, text: str, at: datetime) -> Proposal:
    found, _ = Proposal.objects.update_or_create(
        protocol=key,
        text_hash=hash_of(text),
        release_hash=release.hash,
        defaults={"dated": release.dated, "text": text, "made_at": at, "decision": Decision.OPEN},
    )
    return found


def sign(proposal_id: int, signer: Account, password: str, at: datetime) -> SignedText:
    """The signed text, numbered after the last one. Raises WrongPassword and NotOpen."""
    if not signer.check_password(password):
        note("evidence.signature_refused", signer.key, at, {})
        raise WrongPassword("The password is not right, so nothing was signed.", mend="Type your own password again.")
    return sign_as(proposal_id, signer.key, at)


def sign_as(proposal_id: int, signed_by: str, at: datetime) -> SignedText:
    """As `sign`, for a signer who has been recognised. Raises NotOpen."""
    with transaction.atomic():
        proposal = _decide(proposal_id, Decision.SIGNED, signed_by, at)
        last = SignedText.objects.filter(protocol=proposal.protocol).first()
        made = SignedText.objects.create(
            protocol=proposal.protocol,
            number=last.number + 1 if last else 1,
            dated=proposal.dated,
            text=proposal.text,
            text_hash=proposal.text_hash,
            release_hash=proposal.release_hash,
            signed_by=signed_by,
            signed_at=at,
        )
        note("evidence.signed", signed_by, at, {"protocol": made.protocol, "hash": made.text_hash})
    return made


def decline(proposal_id: int, signer: Account, at: datetime) -> Proposal:
    """The proposal is declined: the text in use stays. Raises NotOpen."""
    with transaction.atomic():
        proposal = _decide(proposal_id, Decision.DECLINED, signer.key, at)
        note("evidence.declined", signer.key, at, {"protocol": proposal.protocol, "hash": proposal.text_hash})
    return proposal


def _decide(proposal_id: int, decision: Decision, by: str, at: datetime) -> Proposal:
    proposal = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
    if proposal is None or proposal.decision != Decision.OPEN:
        raise NotOpen("This proposal is no longer open.", mend="Read the page again.")
    if hash_of(proposal.text) != proposal.text_hash:
        raise NotOpen("Its text is not the one that was proposed.", mend="Propose it anew.")
    proposal.decision, proposal.decided_by, proposal.decided_at = decision, by, at
    proposal.save(update_fields=["decision", "decided_by", "decided_at"])
    return proposal
