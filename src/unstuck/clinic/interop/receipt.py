"""One message from a device: checked, stored or kept aside, and answered. The answer is true when it is sent."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from unstuck.clinic import clock
from unstuck.clinic.interop.devices import plain_address
from unstuck.clinic.interop.framing import Cut, Fault
from unstuck.clinic.interop.hl7 import Answer, Code, Malformed, Segment, Verdict, answer, decoded, parse
from unstuck.clinic.interop.models import Device, Message, Proposal, Standing, Unproposed
from unstuck.clinic.interop.observations import Aside, Report, Scene, Value, Why, read
from unstuck.clinic.interop.vocabulary import vocabulary

KEPT_BODY = 20_000  # characters of an unusable message that are kept
CONTINUOUS = frozenset({"pulse_per_min", "spo2_percent", "resp_per_min"})
APART = timedelta(seconds=15)  # of one continuous channel no two values nearer than this are proposed
TOLD_AGAIN_AFTER = timedelta(minutes=1)  # the same fault of the same reading is kept aside once in this time
REPEATED_WITHIN = timedelta(hours=1)  # how long a message that proposed nothing is remembered as received
KEPT_PER_ADDRESS = 200  # unusable messages kept of one address, the newest
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Come:
    """A message as it came."""

    body: bytes
    address: str
    at: datetime

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def receive(body: bytes, address: str, at: datetime) -> bytes:
    """The acknowledgement of a message, once what it says is stored: values proposed, or the message kept aside.

    The same message again is acknowledged and changes nothing.
    """
    come = _Come(body, plain_address(address), at)
    head = head_of(body)
    try:
        _take(come)
        told = Answer()
    except Malformed as fault:
        _keep(come, head, fault)
        told = Answer.to(fault)
    return answer(head, told, at.astimezone(clock.zone()), uuid.uuid4().hex[:20])


def receive_fault(fault: Fault, address: str, at: datetime) -> bytes | None:
    """A frame that is no message is kept aside. The answer refuses it; none for one that the sender itself gave up."""
    come = _Come(fault.body, plain_address(address), at)
    head = head_of(fault.body)
    why = Malformed(Code.TOO_LONG, "", "The message is longer than is taken here.", Verdict.REJECT)
    if fault.why is Cut.BROKEN_OFF:
        why = Malformed(Code.SEGMENT_SEQUENCE, "", "The message broke off before its end.")
    _keep(come, head, why)
    if fault.why is Cut.BROKEN_OFF:
        return None
    return answer(head, Answer.to(why), at.astimezone(clock.zone()), uuid.uuid4().hex[:20])


def head_of(body: bytes) -> Segment | None:
    """The header, where one can be read at all, so that even a refusal names the message."""
    try:
        return parse(re.split(rb"[\r\n]", body, maxsplit=1)[0].decode("latin-1")).head
    except Malformed:
        return None


def _take(come: _Come) -> None:
    scene = Scene(come.at, clock.zone(), vocabulary(), training=settings.UNSTUCK_DEMO)
    report = read(parse(decoded(come.body)), scene)
    device = _device(come.address, report.names)
    try:
        with transaction.atomic():
            _store(come, report, device)
    except IntegrityError:  # the same message came over a second connection at the same instant
        with transaction.atomic():
            _store(come, report, device)


def _device(address: str, names: frozenset[str]) -> Device:
    """The device that speaks: by its address and identifier, else the one that has the address to itself."""
    known = list(Device.objects.filter(active=True, address=address))
    named = [one for one in known if one.identifier and one.identifier in names]
    whole = [one for one in known if not one.identifier]
    found = named or whole
    if len(found) != 1:
        raise Malformed(Code.UNKNOWN_KEY, "MSH^1^3", "No device of this clinic is named so at this address.")
    return found[0]


def _store(come: _Come, report: Report, device: Device) -> None:
    row, new = Message.objects.select_for_update().get_or_create(
        address=come.address,
        control_id=_printable(report.control_id),
        digest=come.digest,
        defaults={"device": device, "received_at": come.at, "verdict": Verdict.ACCEPT.value},
    )
    Device.objects.filter(pk=device.pk).update(heard_at=come.at, clock_offset_s=report.clock_offset_s)
    if not new:
        Message.objects.filter(pk=row.pk).update(times=F("times") + 1)
    if not new and row.verdict == Verdict.ACCEPT:
        return
    Message.objects.filter(pk=row.pk).update(verdict=Verdict.ACCEPT, fault="", body="", device=device)
    _propose(row, device, report, come.at)


def _propose(row: Message, device: Device, report: Report, at: datetime) -> None:
    standing = device.standings.filter(until=None).select_related("chair").first()
    here = [one for one in report.values if standing and standing.since <= _observed(one, at)]
    Proposal.objects.bulk_create(
        [
            _proposal(row, device, standing, one, report.clock_offset_s, at)
            for one in _thinned(device, here)
            if standing
        ],
        ignore_conflicts=True,
    )
    why = Why.MOVED if standing else Why.NO_CHAIR
    elsewhere = [Aside(v.name, v.sent, why, v.device_at) for v in report.values if v not in here]
    _set_aside(row, device, None, elsewhere, at)
    _set_aside(row, device, standing, report.aside, at)


def _thinned(device: Device, values: list[Value]) -> list[Value]:
    """Of a continuous channel one value in so many seconds; every pressure of a cuff.

    What is proposed is never replaced by something newer: a person confirms what they saw.
    """
    times = [value.device_at for value in values]
    if not times:
        return []
    near = Proposal.objects.filter(device=device, device_at__gt=min(times) - APART, device_at__lt=max(times) + APART)
    taken = list(near.values_list("channel", "device_at"))
    kept: list[Value] = []
    for value in sorted(values, key=lambda one: one.device_at):
        close = any(channel == value.channel and abs(when - value.device_at) < APART for channel, when in taken)
        if value.name in CONTINUOUS and close:
            continue
        taken.append((value.channel, value.device_at))
        kept.append(value)
    return kept


def _observed(value: Value, at: datetime) -> datetime:
    """The device's time; a clock that is ahead within its bound cannot put a value into the future."""
    return min(value.device_at, at)


def _proposal(
    row: Message, device: Device, standing: Standing, value: Value, offset_s: float | None, at: datetime
) -> Proposal:
    return Proposal(
        message=row,
        device=device,
        chair=standing.chair,
        name=value.name,
        value=value.value,
        sent=value.sent,
        channel=value.channel,
        rank=value.rank,
        device_at=value.device_at,
        observed_at=_observed(value, at),
        received_at=at,
        time_from=value.time_from.value,
        clock_offset_s=offset_s,
    )


def _set_aside(row: Message, device: Device, standing: Standing | None, asides: Sequence[Aside], at: datetime) -> None:
    if not asides:
        return
    lately = Unproposed.objects.filter(device=device, received_at__gt=at - TOLD_AGAIN_AFTER)
    told = set(lately.values_list("name", "why"))
    Unproposed.objects.bulk_create(
        Unproposed(
            message=row,
            device=device,
            chair=standing.chair if standing else None,
            name=aside.name,
            sent=_printable(aside.sent),
            why=aside.why.value,
            observed_at=aside.observed_at,
            received_at=at,
        )
        for aside in asides
        if (aside.name, aside.why.value) not in told
    )


def _keep(come: _Come, head: Segment | None, fault: Malformed) -> None:
    """The message is kept aside with its reason; one that comes again is counted."""
    known = Device.objects.filter(active=True, address=come.address).order_by("identifier").first()
    with transaction.atomic():
        row, new = Message.objects.get_or_create(
            address=come.address,
            control_id=_printable(head.part(10, 1))[:199] if head else "",
            digest=come.digest,
            defaults={
                "device": known,
                "received_at": come.at,
                "verdict": fault.verdict.value,
                "fault": f"{fault.place} {fault.words}".strip()[:200],
                "body": _printable(come.body.decode("utf-8", "backslashreplace"))[:KEPT_BODY],
            },
        )
        if not new:
            Message.objects.filter(pk=row.pk).update(times=F("times") + 1)
        _trim(come.address)


def _printable(text: str) -> str:
    """The text without what a database or a page cannot hold; a segment's end becomes a line's."""
    return _UNPRINTABLE.sub("�", text.replace("\r\n", "\n").replace("\r", "\n"))


def _trim(address: str) -> None:
    """A device that sends rubbish at full speed does not fill the disk."""
    kept = Message.objects.filter(address=address).exclude(verdict=Verdict.ACCEPT)
    old = list(kept.values_list("pk", flat=True)[KEPT_PER_ADDRESS:])
    if old:
        Message.objects.filter(pk__in=old).delete()


def forget(before: datetime) -> int:
    """How many rows of messages received before `before` are gone, with what they proposed.

    Readings stand in the ledger.
    """
    return Message.objects.filter(received_at__lt=before).delete()[0]


def forget_repeats(at: datetime) -> int:
    """How many messages are gone that proposed nothing new and will not be repeated any more."""
    idle = Message.objects.filter(verdict=Verdict.ACCEPT, received_at__lt=at - REPEATED_WITHIN)
    return idle.filter(proposals=None, unproposed=None).delete()[0]


def keep_for() -> timedelta:
    """How long messages are kept: UNSTUCK_MONITOR_DAYS."""
    return timedelta(days=settings.UNSTUCK_MONITOR_DAYS)
