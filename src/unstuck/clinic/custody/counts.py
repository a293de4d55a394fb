"""Counting, and what follows when a count finds another amount than the acts leave."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from unstuck.clinic.alerts.actions import Moment, raise_alert, settle
from unstuck.clinic.custody import refusals as no
from unstuck.clinic.custody.acts import Move, Signed, chain_of, move, on_hand, standing, two_people, write
from unstuck.clinic.custody.models import REPORTED, SAFE, Container, Discrepancy, Kind, Lot, Outcome, Words
from unstuck.clinic.ledger.actions import lock, refuse_free_text
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account


@dataclass(frozen=True, slots=True)
class Count:
    """What two people found of one lot: how many sealed containers, and the parts in each open one by its number."""

    lot: Lot
    sealed: int
    opened: Mapping[int, int] = field(default_factory=dict)
    location: str = SAFE


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of a count, in parts. A difference opens a discrepancy and changes no balance."""

    expected: int
    found: int
    discrepancy: Discrepancy | None

    @property
    def agrees(self) -> bool:
        return self.discrepancy is None


def count(counted: Count, signed: Signed, at: datetime) -> Counted:
    """The count, two people having signed; where it differs in any container, an open discrepancy.

    Raises MayNot, WitnessIsActor, WitnessMayNot, Unknown. The same act again gives the first result.
    """
    if not access.may_keep_stock(signed.actor):
        raise no.MayNot("This account does not count the stock.")
    two_people(signed)
    lot, place = counted.lot, counted.location
    with transaction.atomic():
        lock(chain_of(place))
        before = standing(place, signed.act)
        if before:
            return _first_result(lot, place, signed.act)
        deltas = _deltas(counted)
        expected = on_hand(lot, place)
        found = expected + sum(deltas.values())
        payload = {"lot": lot.key, "expected": expected, "found": found, "deltas": _listed(deltas)}
        write(place, "custody.counted", signed, payload, at)
        discrepancy = _open(counted, signed, (expected, found), at) if deltas else None
        return Counted(expected, found, discrepancy)


def _deltas(counted: Count) -> dict[int, int]:
    """Container number -> found less expected. Sealed ones that are missing are those with the highest numbers."""
    content = counted.lot.product.content_parts
    rows = list(Container.objects.filter(lot=counted.lot, location=counted.location).order_by("number"))
    opened = {row.number: row.left for row in rows if not row.sealed and row.left}
    if set(counted.opened) != set(opened) or counted.sealed < 0 or min(counted.opened.values(), default=0) < 0:
        raise no.Unknown("The containers changed while you counted.", mend="Count again.")
    deltas = {number: parts - opened[number] for number, parts in counted.opened.items()}
    sealed = [row.number for row in rows if row.sealed]
    missing = len(sealed) - counted.sealed
    deltas |= dict.fromkeys(sealed[counted.sealed :], -content)
    last = max((row.number for row in Container.objects.filter(lot=counted.lot)), default=0)
    deltas |= dict.fromkeys(range(last + 1, last + 1 - missing), content)  # none unless more were found
    return {number: delta for number, delta in deltas.items() if delta}


def _listed(deltas: Mapping[int, int]) -> list[list[int]]:
    return [[number, delta] for number, delta in sorted(deltas.items())]


def _open(counted: Count, signed: Signed, amounts: tuple[int, int], at: datetime) -> Discrepancy:
    """The lot's open discrepancy; where there is none, a new one with an entry of its own."""
    standing_one = _open_of(counted.lot, counted.location)
    if standing_one:
        return standing_one
    key = f"d_{secrets.token_hex(8)}"
    payload = {"discrepancy": key, "lot": counted.lot.key, "count": signed.act}
    write(
        counted.location,
        "custody.discrepancy_opened",
        Signed(f"{key}.opened", signed.actor, signed.witness),
        payload,
        at,
    )
    raise_alert("drug_discrepancy", "", signed.actor.key, at, key)
    return Discrepancy.objects.create(
        key=key, lot=counted.lot, location=counted.location, expected=amounts[0], found=amounts[1], opened_at=at
    )


def _first_result(lot: Lot, location: str, act: str) -> Counted:
    told = next(each.told for each in _counts(lot, location) if each.act == act)
    return Counted(told["expected"], told["found"], _open_of(lot, location) if told["deltas"] else None)


@dataclass(frozen=True, slots=True)
class _Told:
    act: str
    told: dict[str, Any]


def _counts(lot: Lot, location: str) -> list[_Told]:
    """Every count of the lot, the oldest first."""
    rows = Entry.objects.filter(chain=chain_of(location), kind="custody.counted").order_by("seq")
    told = [_Told(entry.act, json.loads(entry.payload)) for entry in rows]
    return [each for each in told if each.told["lot"] == lot.key]


def _open_of(lot: Lot, location: str) -> Discrepancy | None:
    return Discrepancy.objects.filter(lot=lot, location=location, closed_at=None).first()


def last_deltas(discrepancy: Discrepancy) -> list[list[int]]:
    """What the last count of the lot found less than the acts left, container by container."""
    deltas: list[list[int]] = _counts(discrepancy.lot, discrepancy.location)[-1].told["deltas"]
    return deltas


def investigate(discrepancy: Discrepancy, body: str, signed: Signed, at: datetime) -> Words:
    """What was found out so far, in words, bound to its entry. Raises MayNot and NotYet."""
    _keeper(signed.actor)
    if not body.strip():
        raise no.NotYet("Nothing was written.", mend="Say who was asked, and what was found.")
    with transaction.atomic():
        lock(chain_of(discrepancy.location))
        _still_open(discrepancy)
        made = Words(discrepancy=discrepancy, body=body.strip(), author=signed.actor.key, written_at=at)
        made.secret = secrets.token_hex(32)
        made.mac = mac_of(made)
        made.save()
        payload = {"discrepancy": discrepancy.key}
        write(discrepancy.location, "custody.investigated", signed, payload, at, mac=made.mac)
        return made


def mac_of(words: Words) -> str:
    """HMAC-SHA256 in hex over the words."""
    return hmac.new(bytes.fromhex(words.secret), words.body.encode(), hashlib.sha256).hexdigest()


def report(discrepancy: Discrepancy, reference: str, signed: Signed, at: datetime) -> Discrepancy:
    """The discrepancy as reported to the authority under `reference`. Raises MayNot, NotYet, FreeTextRefused."""
    _keeper(signed.actor)
    refuse_free_text({"reference": reference})
    if not reference:
        raise no.NotYet("A report has a reference.", mend="Write the number under which it was sent.")
    with transaction.atomic():
        lock(chain_of(discrepancy.location))
        _still_open(discrepancy)
        payload = {"discrepancy": discrepancy.key, "reference": reference}
        write(discrepancy.location, "custody.reported", signed, payload, at)
        discrepancy.report, discrepancy.reported_at = reference, at
        discrepancy.save(update_fields=["report", "reported_at"])
        return discrepancy


def close(discrepancy: Discrepancy, outcome: Outcome, signed: Signed, at: datetime) -> Discrepancy:
    """The closed discrepancy; the balance follows what was found, unless the count itself was wrong.

    The balance follows the lot's last count. Two people sign. Raises NotYet before an investigation, before the report
    of a loss, and for a miscount before a new count agrees; NotEnough where the difference no longer fits.
    """
    _keeper(signed.actor)
    two_people(signed)
    with transaction.atomic():
        lock(chain_of(discrepancy.location))
        _still_open(discrepancy)
        deltas = last_deltas(discrepancy)
        _may_close(discrepancy, outcome, sum(delta for _, delta in deltas) if deltas else None)
        payload = {"discrepancy": discrepancy.key, "lot": discrepancy.lot.key, "outcome": outcome.value}
        write(discrepancy.location, "custody.closed", signed, payload | {"deltas": deltas}, at)
        _adjust(discrepancy, deltas, signed, at)
        discrepancy.outcome, discrepancy.closed_at = outcome, at
        discrepancy.save(update_fields=["outcome", "closed_at"])
        settle(
            "drug_discrepancy",
            "",
            discrepancy.key,
            "reported" if discrepancy.report else "found",
            Moment(signed.actor.key, at),
        )
        return discrepancy


def _may_close(discrepancy: Discrepancy, outcome: Outcome, found: int | None) -> None:
    """`found` is the last count's difference in parts; None where that count agrees in every container."""
    if not discrepancy.words.exists():
        raise no.NotYet("Nobody has written down an investigation.", mend="Write what was found out first.")
    if outcome in REPORTED and not discrepancy.report:
        raise no.NotYet("This outcome is reported before it is closed.", mend="Enter the report's reference first.")
    if outcome is Outcome.MISCOUNT and found is not None:
        raise no.NotYet("No later count of this lot agrees.", mend="Count the lot again, with two people.")
    if outcome is not Outcome.MISCOUNT and found is None:
        raise no.NotYet("The last count agrees with the record.", mend="Close it as a miscount.")
    if outcome in (Outcome.LOSS, Outcome.THEFT, Outcome.BREAKAGE) and (found or 0) >= 0:
        raise no.NotYet("No less was found than recorded: that is no loss.", mend="Choose another outcome.")
    if outcome is Outcome.GAIN and (found or 0) <= 0:
        raise no.NotYet("No more was found than recorded.", mend="Choose another outcome.")


def _adjust(discrepancy: Discrepancy, deltas: list[list[int]], signed: Signed, at: datetime) -> None:
    lot, place = discrepancy.lot, discrepancy.location
    changes = []
    for number, delta in deltas:
        empty = {"content": lot.product.content_parts, "left": 0, "location": place}
        container, _ = Container.objects.get_or_create(lot=lot, number=number, defaults=empty)
        changes.append((container, delta))
    move(Move(Kind.ADJUSTED, lot, place, changes), signed, at)


def _keeper(account: Account) -> None:
    if not access.may_keep_stock(account):
        raise no.MayNot("This account does not keep the stock.")


def _still_open(discrepancy: Discrepancy) -> None:
    discrepancy.refresh_from_db()
    if discrepancy.closed_at:
        raise no.NotYet("This discrepancy is closed.", mend="Count again where there is a new doubt.")
