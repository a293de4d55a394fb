"""What an ORU^R01 message says: the values that may be proposed, and the ones kept aside with the reason.

Pure. A value is proposed only when code and name agree, the unit is named, it is a number within what monitors
measure, the device itself does not doubt it, and its time is known. Everything else that speaks of a known reading is
kept aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from unstuck.clinic.interop.hl7 import Code, Malformed, Message, Segment, Verdict
from unstuck.clinic.interop.times import instant
from unstuck.clinic.interop.vocabulary import Channel, Vocabulary

CLOCK_LIMIT_S = 30.0
"""A device's clock further from ours than this is doubtful: the same bound as for a tablet's clock."""

_NUMBER = re.compile(r"[+-]?\d{1,6}(?:\.\d{0,6})?")
_USUAL = {"", "N", "L", "H", "LL", "HH", "<", ">", "A", "AA", "U", "D", "B", "W"}  # OBX-8 that judge, not doubt
_VERSIONS = ("2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9")


class Why(StrEnum):
    """Why a value was not proposed."""

    DISAGREES = "disagrees"  # its code means one thing, its name another
    NOT_A_NUMBER = "not_a_number"
    NO_UNIT = "no_unit"
    WRONG_UNIT = "wrong_unit"
    OUT_OF_RANGE = "out_of_range"
    IMPOSSIBLE_PAIR = "impossible_pair"  # diastolic not below systolic
    DOUBTED = "doubted"  # the device marks it: invalid, test, demonstration
    NOT_FINAL = "not_final"
    NO_TIME = "no_time"
    CLOCK_AHEAD = "clock_ahead"
    NO_CHAIR = "no_chair"
    MOVED = "moved"  # the device stood elsewhere when it was measured


class TimeFrom(StrEnum):
    """Where the time of a value stood."""

    VALUE = "value"  # OBX-14
    ORDER = "order"  # OBR-7, because the value had none


@dataclass(frozen=True, slots=True)
class Value:
    """One value as it may be proposed; `sent` is how the device wrote it, with its unit."""

    name: str
    value: float
    channel: str
    rank: int
    sent: str
    device_at: datetime
    time_from: TimeFrom


@dataclass(frozen=True, slots=True)
class Aside:
    """A value that is not proposed; `observed_at` is None when its time is not known."""

    name: str
    sent: str
    why: Why
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """A message as it was understood. `clock_offset_s` is the device's clock minus ours, None when it told no time."""

    control_id: str
    clock_offset_s: float | None
    names: frozenset[str]  # every name by which the message identifies its device
    values: tuple[Value, ...]
    aside: tuple[Aside, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """When a message came, in which zone a time without offset is meant, and what codes mean."""

    at: datetime
    zone: tzinfo
    words: Vocabulary
    training: bool = False  # whether messages marked as training are taken


def read(message: Message, scene: Scene) -> Report:
    """What the message says. Raises Malformed when it is no result message that can be taken."""
    _check_head(message.head, scene)
    sent_at = instant(message.head.part(7, 1), scene.zone, scene.at)
    found = list(_observations(message, scene))
    if not any(segment.name == "OBX" for segment in message.segments):
        raise Malformed(Code.SEGMENT_SEQUENCE, "OBX", "The message holds no observation.")
    values = _possible([one for one in found if isinstance(one, Value)])
    return Report(
        control_id=message.control_id,
        clock_offset_s=(sent_at - scene.at).total_seconds() if sent_at else None,
        names=_names(message),
        values=tuple(one for one in values if isinstance(one, Value)),
        aside=tuple(one for one in (*found, *values) if isinstance(one, Aside)),
    )


def _check_head(head: Segment, scene: Scene) -> None:
    kind = (head.part(9, 1), head.part(9, 2))
    if kind[0] != "ORU":
        raise Malformed(Code.MESSAGE_TYPE, "MSH^1^9", "Only ORU^R01 is taken here.", Verdict.REJECT)
    if kind[1] != "R01":
        raise Malformed(Code.EVENT, "MSH^1^9", "Only ORU^R01 is taken here.", Verdict.REJECT)
    if not head.part(12, 1).startswith(_VERSIONS):
        raise Malformed(Code.VERSION, "MSH^1^12", "Only HL7 version 2.3 to 2.9 is taken here.", Verdict.REJECT)
    if head.part(11, 1) not in (("P", "T", "D") if scene.training else ("P",)):
        raise Malformed(Code.PROCESSING, "MSH^1^11", "Only messages of production are taken here.", Verdict.REJECT)
    if not head.part(10, 1):
        raise Malformed(Code.FIELD_MISSING, "MSH^1^10", "The message has no control id.")
    if len(head.part(10, 1)) > 199:
        raise Malformed(Code.TOO_LONG, "MSH^1^10", "The control id is too long.")


def _names(message: Message) -> frozenset[str]:
    """MSH-3, OBX-18 and the bed of PV1-3, in every component: a gateway speaks for many devices."""
    told = {message.head.part(3, n) for n in (1, 2)}
    for segment in message.segments:
        if segment.name == "OBX":
            told |= {segment.part(18, n) for n in (1, 2)}
        elif segment.name == "PV1":
            told.add(segment.field(3))
            told.add(segment.part(3, 3))
    return frozenset(told - {""})


def _observations(message: Message, scene: Scene) -> Iterator[Value | Aside]:
    order: Segment | None = None
    for segment in message.segments:
        if segment.name == "OBR":
            order = segment
        elif segment.name == "OBX":
            seen = _observation(segment, order, scene)
            if seen:
                yield seen


def _observation(obx: Segment, order: Segment | None, scene: Scene) -> Value | Aside | None:
    """A value, a value kept aside, or None: a reading that is not ours, a structure row, a channel without a value."""
    code, reference = obx.part(3, 1), obx.part(3, 2)
    channel = scene.words.by_code.get(code) or scene.words.by_reference.get(reference)
    text = obx.part(5, 1)
    if channel is None or obx.field(11) == "X" or not text:
        return None
    at, source = _time(obx, order, scene)
    sent = f"{text} {obx.part(6, 2) or obx.part(6, 1)}".strip()[:60]
    aside = Aside(channel.measure.name, sent, Why.DISAGREES, at)
    if (channel.code, channel.reference) != (code, reference) or obx.part(3, 3) != "MDC":
        return aside
    value, why = _number(obx, text, channel, scene.words)
    why = why or _doubt(obx, at, scene)
    if why or at is None:
        return replace(aside, why=why or Why.NO_TIME)
    return Value(channel.measure.name, value, channel.reference, channel.rank, sent, at, source)


def _time(obx: Segment, order: Segment | None, scene: Scene) -> tuple[datetime | None, TimeFrom]:
    own = obx.part(14, 1)
    if own or order is None:
        return instant(own, scene.zone, scene.at), TimeFrom.VALUE
    return instant(order.part(7, 1), scene.zone, scene.at), TimeFrom.ORDER


def _number(obx: Segment, text: str, channel: Channel, words: Vocabulary) -> tuple[float, Why | None]:
    """The value in the reading's own unit, or why there is none."""
    measure = channel.measure
    if obx.field(2) != "NM" or not _NUMBER.fullmatch(text):
        return 0.0, Why.NOT_A_NUMBER
    told = obx.part(6, 1), obx.part(6, 2), obx.part(6, 3)
    if not any(told):
        return 0.0, Why.NO_UNIT
    unit = words.unit(*told)
    factor = words.conversions.get((unit or "", measure.unit))
    if unit != measure.unit and factor is None:
        return 0.0, Why.WRONG_UNIT
    value = round(float(text) * factor.factor, factor.decimals) if factor else float(text)
    return value, None if measure.low <= value <= measure.high else Why.OUT_OF_RANGE


def _doubt(obx: Segment, at: datetime | None, scene: Scene) -> Why | None:
    """The device's own doubt in OBX-8 or OBX-11, or a time that has not come yet."""
    flags = {flag.strip() for flag in _repeated(obx, 8)}
    if not flags <= _USUAL:
        return Why.DOUBTED
    if obx.field(11) not in ("R", "F", ""):
        return Why.NOT_FINAL
    if at and at > scene.at + timedelta(seconds=CLOCK_LIMIT_S):
        return Why.CLOCK_AHEAD
    return None


def _repeated(obx: Segment, number: int) -> list[str]:
    return obx.fields[number - 1].split(obx.marks.repetition) if number <= len(obx.fields) else []


def _possible(values: list[Value]) -> list[Value | Aside]:
    """Pressures of one instant whose diastolic is not below the systolic are kept aside, all of that instant."""
    wrong = {v.device_at for v in values if v.name == "systolic_mmhg" and _not_above(v, values)}
    return [_aside_pair(v) if v.name.endswith("_mmhg") and v.device_at in wrong else v for v in values]


def _not_above(high: Value, values: list[Value]) -> bool:
    low = [v for v in values if v.name == "diastolic_mmhg" and v.device_at == high.device_at]
    return any(v.value >= high.value for v in low)


def _aside_pair(value: Value) -> Aside:
    return Aside(value.name, value.sent, Why.IMPOSSIBLE_PAIR, value.device_at)
