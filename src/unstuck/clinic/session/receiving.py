"""What a session page sends: entries with their own ids and times, each answered with a receipt or a reason.

The same entry again gets the same receipt. One refused entry does not hold up the others, and none is dropped: what is
refused stays on the device with its reason until a person mends it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import DataError, transaction

from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, load
from unstuck.clinic.ledger.actions import lock, note
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.session import wire
from unstuck.clinic.session.projection import project
from unstuck.clinic.session.queries import Place, refuse_unknown
from unstuck.clinic.session.refused import told_to
from unstuck.clinic.session.said import Sent as Sent
from unstuck.clinic.session.said import entries_of, fields_of
from unstuck.clinic.session.wanted import BY_A_PRESCRIBER, SIGNED_ELSEWHERE
from unstuck.core import events as ev
from unstuck.core.errors import Complaint
from unstuck.core.session_events import Flow, InfusionChanged, PartGiven

log = logging.getLogger("unstuck.session")
CANNOT_BE = (Complaint, DataError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an entry itself brings about, tried again however often. A database that is locked or full is none of it:
nothing is answered then, and the entry waits on its device."""


class NotForYou(Complaint):
    """The account's role may not write such an entry."""


class AnotherSession(Complaint):
    """The entry names another session than the page it came from."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a device sends at once, and what its clock showed when it did."""

    device: str
    sent_at: datetime
    entries: tuple[Sent, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server's word on one entry: saved, or refused and why."""

    id: str
    status: str  # saved or refused
    recorded_at: datetime
    why: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """The receipts, and how far the device's clock is ahead of ours, in seconds."""

    received_at: datetime
    offset_s: float
    receipts: tuple[Receipt, ...]


STAYS = ("ReadingTaken", "AlarmAnswered", "MeasureTaken", "PresenceNoted")
"""What moves neither chair, keeper, dose nor leaving, so that the session's row stays as it is."""

Made = tuple[ev.What, Entry]


def receive(course: Course, place: Place, batch: Batch, account: Account, at: datetime) -> Received:
    """Every entry of the batch, recorded in this session or refused by itself. Raises NoSuchSession."""
    with transaction.atomic():
        lock(course.key)
        loaded = load(course)
        refuse_unknown(loaded.protocol, place)
        offset = _clock(loaded, batch, account, at)
        entries, forms = _expanded(batch.entries, place)
        receipts = _together(loaded, place, entries, account, at)
        if receipts is None:
            receipts = [_one(load(course), place, sent, account, at) for sent in entries]
        receipts = _gathered(batch.entries, receipts, forms, at)
        if any(one.kind not in STAYS for one in entries):
            project(course, place, at)
    return Received(at, offset, tuple(receipts))


Forms = dict[str, tuple[str, ...] | Complaint]


def _expanded(sent: Sequence[Sent], place: Place) -> tuple[list[Sent], Forms]:
    """Forms that a page sends as they were filled in become the entries they mean; which ids, or why none."""
    entries: list[Sent] = []
    forms: Forms = {}
    for one in sent:
        if one.kind != "Form":
            entries.append(one)
            continue
        try:
            meant = entries_of(fields_of(one.what, one.id), place, one.observed_at)
        except Complaint as wrong:
            forms[one.id] = wrong
        else:
            forms[one.id] = tuple(entry.id for entry in meant)
            entries += meant
    return entries, forms


def _gathered(sent: Sequence[Sent], receipts: Sequence[Receipt], forms: Forms, at: datetime) -> list[Receipt]:
    """One receipt for each thing the page sent: a form is saved when everything on it is."""
    by_id = {receipt.id: receipt for receipt in receipts}
    gathered = []
    for one in sent:
        match forms.get(one.id):
            case None:
                gathered.append(by_id[one.id])
            case Complaint() as wrong:
                gathered.append(Receipt(one.id, "refused", at, wrong.what, wrong.mend or ""))
            case ids:
                refused = next((by_id[key] for key in ids if by_id[key].status == "refused"), None)
                whole = Receipt(one.id, "saved", at)
                gathered.append(replace(refused, id=one.id) if refused else whole)
    return gathered


def _clock(loaded: Loaded, batch: Batch, account: Account, at: datetime) -> float:
    """The device's offset; one beyond the plan's limit is noted in the course's chain, and nothing is corrected."""
    offset = (batch.sent_at - at).total_seconds()
    limit = loaded.protocol.monitoring.limit("clock_offset_s") if loaded.protocol.monitoring else None
    if limit is not None and abs(offset) > limit:
        payload = {"device": batch.device, "offset_s": round(offset, 1), "entries": len(batch.entries)}
        note("device.clock", account.key, at, payload, loaded.row.key)
    return offset


def _together(
    loaded: Loaded, place: Place, entries: Sequence[Sent], account: Account, at: datetime
) -> list[Receipt] | None:
    """All entries in one go, the usual case; None where one of them is refused, and then nothing was written."""
    if not entries:
        return []
    try:
        with transaction.atomic():
            write_all(loaded.row, [_made(loaded, place, sent, account, at) for sent in entries])
    except CANNOT_BE:
        return None
    return [Receipt(sent.id, "saved", at) for sent in entries]


def _one(loaded: Loaded, place: Place, sent: Sent, account: Account, at: datetime) -> Receipt:
    try:
        with transaction.atomic():
            write_all(loaded.row, [_made(loaded, place, sent, account, at)])
    except CANNOT_BE as refusal:
        wrong = told_to(account, loaded.row, refusal if isinstance(refusal, Complaint) else _unkept(sent))
        return Receipt(sent.id, "refused", at, wrong.what, wrong.mend or "")
    return Receipt(sent.id, "saved", at)


def _unkept(sent: Sent) -> Complaint:
    """Why an entry that nobody foresaw is refused; what was wrong with it stands in the log."""
    log.exception("The entry %s of the kind %.40r cannot be kept.", sent.id, sent.kind)
    return Complaint("This entry cannot be kept as it is.", mend="Write it down, and enter it again in other words.")


def _made(loaded: Loaded, place: Place, sent: Sent, account: Account, at: datetime) -> Made:
    """The event that the entry means, after its role and its session were looked at. Raises Complaint."""
    what = wire.read(loaded, place, sent.kind, sent.what, min(sent.observed_at, at))
    here = ev.step_of(what)
    if isinstance(what, wire.BOUND) and here != (place.step, place.occurrence):
        raise AnotherSession("This entry belongs to another session.", mend="Open that session and enter it there.")
    if not may_write(account, what):
        raise NotForYou("Your role may not enter this.", mend="Ask a colleague whose work it is.")
    # A device whose clock runs ahead cannot have observed what has not happened: the server's time then stands as the
    # observed one, and `device.clock` above says by how much the device was wrong.
    return what, Entry(account.key, min(sent.observed_at, at), at, sent.words, sent.id)


def may_write(account: Account, what: ev.What) -> bool:
    """Whether the account's role may write such an entry."""
    match what:
        case ev.FactStated(name) if name in SIGNED_ELSEWHERE:
            return False
        case ev.FactStated(name) if name in BY_A_PRESCRIBER:
            return access.may_order_dose(account)
        case ev.GateOverridden():
            return access.may_override_gate(account)
        case PartGiven() | InfusionChanged(flow=Flow.RESUMED | Flow.RATE):  # anybody of care may pause and stop
            return access.may_record_dose(account)
        case _:
            return access.is_care(account)
