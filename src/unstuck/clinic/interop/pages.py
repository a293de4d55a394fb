"""What the pages about monitors show. None of it is a reading: those are for whoever may see them at the chair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from unstuck.clinic.interop.models import Device, Message, Refused
from unstuck.clinic.interop.observations import CLOCK_LIMIT_S, Why
from unstuck.clinic.interop.proposals import WHY_WORDS
from unstuck.clinic.rooms.queries import Seat
from unstuck.core.sentences import fact_words


@dataclass(frozen=True, slots=True)
class ChairPick:
    """A chair that a device may be put at; `here` where it stands there now."""

    key: str
    words: str
    here: bool


@dataclass(frozen=True, slots=True)
class DeviceRow:
    key: str
    name: str
    address: str
    identifier: str
    active: bool
    chair: str
    heard: datetime | None
    clock: str
    clock_off: bool
    picks: tuple[ChairPick, ...]


@dataclass(frozen=True, slots=True)
class KeptRow:
    id: int
    device: str
    fault: str
    times: int
    at: datetime
    erased: bool


@dataclass(frozen=True, slots=True)
class AsideRow:
    device: str
    reading: str
    why: str
    times: int
    at: datetime


@dataclass(frozen=True, slots=True)
class MonitorsPage:
    devices: tuple[DeviceRow, ...]
    kept: tuple[KeptRow, ...]
    kept_more: int
    asides: tuple[AsideRow, ...]
    refused: tuple[Refused, ...]
    days: int


def device_row(device: Device, seats: Iterable[Seat]) -> DeviceRow:
    """One device with the chairs it may be put at."""
    here = [standing.chair for standing in getattr(device, "here", ())]
    at = here[0].key if here else ""
    return DeviceRow(
        key=device.key,
        name=device.name,
        address=device.address,
        identifier=device.identifier,
        active=device.active,
        chair=here[0].label if here else "",
        heard=device.heard_at,
        clock=clock_words(device.clock_offset_s) if device.heard_at else "",
        clock_off=device.heard_at is not None and off(device.clock_offset_s),
        picks=tuple(ChairPick(seat.key, seat.words, seat.key == at) for seat in seats),
    )


def off(offset_s: float | None) -> bool:
    """Whether a device's clock is unknown, or further from ours than is taken without a word."""
    return offset_s is None or abs(offset_s) > CLOCK_LIMIT_S


def clock_words(offset_s: float | None) -> str:
    """How far a device's clock is from ours, in words."""
    if offset_s is None:
        return _("tells no time")
    told = {"span": span(abs(offset_s))}
    if abs(offset_s) < 1:
        return _("as ours")
    return _("%(span)s ahead") % told if offset_s > 0 else _("%(span)s behind") % told


def span(seconds: float) -> str:
    """Seconds as a person says them, the largest two units at most."""
    whole = round(seconds)
    if whole < 120:
        return _("%(n)s s") % {"n": whole}
    if whole < 7200:
        return _("%(n)s min") % {"n": whole // 60}
    return _("%(n)s h") % {"n": whole // 3600}


def kept_row(message: Message) -> KeptRow:
    """A message that could not be used, by its reason; its text has a page of its own."""
    who = message.device.name if message.device else message.address
    return KeptRow(message.pk, who, message.fault, message.times, message.received_at, message.erased_at is not None)


def aside_row(told: dict[str, Any]) -> AsideRow:
    """Values of one device and reading that were kept aside for one reason."""
    reason = str(WHY_WORDS[Why(told["why"])])
    return AsideRow(told["device__name"], fact_words(told["name"]), reason, told["times"], told["last_at"])
