"""What is done to devices: named with an address, put at a chair, retired. Each act writes its ledger entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from unstuck.clinic.interop.models import Device, Refused, Standing
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.rooms.models import Chair
from unstuck.core.errors import Complaint

LISTENER = "listener"
"""The actor of what the listener notes by itself."""
REFUSALS_KEPT = 200
NOTED_AGAIN_AFTER = timedelta(days=1)


class AddressTaken(Complaint):
    """Another device in use has this address and identifier."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What a device is called, which address it connects from, and how it names itself behind a gateway."""

    name: str
    address: str
    identifier: str = ""


def plain_address(address: str) -> str:
    """The address in its shortest form; an IPv4 address inside IPv6 as IPv4. Raises ValueError on anything else."""
    told = ip_address(address.partition("%")[0])
    mapped = getattr(told, "ipv4_mapped", None)
    return str(mapped or told)


def name_device(facts: DeviceFacts, actor: str, at: datetime) -> Device:
    """A new device in use. Raises AddressTaken."""
    address = plain_address(facts.address)
    with transaction.atomic():
        if Device.objects.filter(active=True, address=address, identifier=facts.identifier).exists():
            raise AddressTaken(
                _("A device with this address and identifier is in use."),
                mend=_("Give each device behind one gateway an identifier of its own."),
            )
        device = Device.objects.create(name=facts.name, address=address, identifier=facts.identifier)
        note("monitor.named", actor, at, {"device": device.key, "address": address})
        return device


def retire_device(device: Device, actor: str, at: datetime) -> None:
    """The device may no longer connect and stands at no chair."""
    with transaction.atomic():
        _leave(device, at)
        Device.objects.filter(pk=device.pk).update(active=False)
        note("monitor.retired", actor, at, {"device": device.key})


def assign(device: Device, chair: Chair | None, actor: str, at: datetime) -> None:
    """From now on the device stands at `chair`, or at none. What it measured before stays where it was measured."""
    with transaction.atomic():
        locked = Device.objects.select_for_update().get(pk=device.pk)
        standing = locked.standings.filter(until=None).first()
        if standing and chair and standing.chair_id == chair.pk:
            return
        _leave(locked, at)
        if chair:
            Standing.objects.create(device=locked, chair=chair, since=at)
        note("monitor.assigned", actor, at, {"device": locked.key, "chair": chair.key if chair else "none"})


def _leave(device: Device, at: datetime) -> None:
    device.standings.filter(until=None).update(until=at)


def may_connect(address: str) -> bool:
    """Whether a device in use has this address."""
    return Device.objects.filter(active=True, address=plain_address(address)).exists()


def note_refused(address: str, at: datetime) -> None:
    """The refused address is counted; the ledger has it once a day. Beyond so many addresses only the log knows."""
    plain = plain_address(address)
    with transaction.atomic():
        known = Refused.objects.select_for_update().filter(address=plain).first()
        if known is None and Refused.objects.count() >= REFUSALS_KEPT:
            return
        if known is None:
            known = Refused.objects.create(address=plain, first_at=at, last_at=at, noted_at=at - NOTED_AGAIN_AFTER)
        Refused.objects.filter(pk=known.pk).update(times=F("times") + 1, last_at=at)
        if at - known.noted_at >= NOTED_AGAIN_AFTER:
            Refused.objects.filter(pk=known.pk).update(noted_at=at)
            note("monitor.refused", LISTENER, at, {"address": plain})
