"""What the session asks of monitors: which values are proposed at a chair, and what a person decided about one.

A proposed value is no reading. It becomes one when a person confirms it and the session, in the same transaction,
appends its `ReadingTaken`. Values belong to a chair; `Sitting` says whose the chair is and since when, so that nothing
that was measured before is ever taken for this person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.interop.models import Proposal, State, Unproposed
from unstuck.clinic.interop.observations import CLOCK_LIMIT_S, Why
from unstuck.clinic.ledger.actions import NoTransaction, lock, note
from unstuck.core.errors import Complaint


class NotOpen(Complaint):
    """Somebody has decided about this value already."""


class NotHere(Complaint):
    """The value was measured at another chair, or before this person sat in it."""


class Reason(StrEnum):
    """Why a person rejects a value."""

    ARTEFACT = "artefact"
    WRONG_PERSON = "wrong_person"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sitting:
    """Who sits in a chair: the course, and since when."""

    chair: str
    course: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Proposed:
    """A value as a device sent it. `observed_at` is by the device's clock, which is `clock_offset_s` ahead of ours."""

    id: int
    name: str
    value: float
    observed_at: datetime
    device: str
    chair: str
    received_at: datetime
    clock_offset_s: float | None
    time_from: str
    channel: str
    as_sent: str

    @property
    def clock_doubtful(self) -> bool:
        """Whether the device told no time, or one too far from ours: its clock is wrong, or the message waited."""
        return self.clock_offset_s is None or abs(self.clock_offset_s) > CLOCK_LIMIT_S


@dataclass(frozen=True, slots=True)
class SetAside:
    """A value that was not proposed, and why, in words."""

    id: int
    name: str
    as_sent: str
    why: Why
    words: str
    device: str
    observed_at: datetime | None
    received_at: datetime


WHY_WORDS = {
    Why.DISAGREES: gettext_lazy("its code and its name mean different things"),
    Why.NOT_A_NUMBER: gettext_lazy("it is not a plain number"),
    Why.NO_UNIT: gettext_lazy("it has no unit"),
    Why.WRONG_UNIT: gettext_lazy("its unit is not one of this reading"),
    Why.OUT_OF_RANGE: gettext_lazy("it is outside of what a monitor can measure"),
    Why.IMPOSSIBLE_PAIR: gettext_lazy("the diastolic is not below the systolic"),
    Why.DOUBTED: gettext_lazy("the device itself marks it as doubtful, a test or a demonstration"),
    Why.NOT_FINAL: gettext_lazy("the device marks it as not final"),
    Why.NO_TIME: gettext_lazy("it has no time"),
    Why.CLOCK_AHEAD: gettext_lazy("its time has not come yet: the device's clock is ahead"),
    Why.NO_CHAIR: gettext_lazy("the device stands at no chair"),
    Why.MOVED: gettext_lazy("it was measured before the device came to this chair"),
}


def proposed(chair_key: str, since: datetime) -> tuple[Proposed, ...]:
    """The open values of a chair that were observed since then, the oldest first."""
    found = Proposal.objects.filter(chair__key=chair_key, state=State.OPEN, observed_at__gte=since)
    return tuple(_proposed(row) for row in found.select_related("device", "chair"))


def latest(chair_key: str, since: datetime) -> dict[str, Proposed]:
    """The newest open value of each name; of several channels at one instant, the one that the library lists first."""
    newest: dict[str, Proposed] = {}
    for one in proposed(chair_key, since):
        if one.name not in newest or one.observed_at > newest[one.name].observed_at:
            newest[one.name] = one
    return newest


def set_aside(chair_key: str, since: datetime) -> tuple[SetAside, ...]:
    """Values received since then from the devices at a chair that could not be proposed, the newest first."""
    found = Unproposed.objects.filter(chair__key=chair_key, received_at__gte=since).select_related("device")
    return tuple(aside_of(row) for row in found)


def confirm(proposed_id: int, sitting: Sitting, actor: str, at: datetime) -> Proposed:
    """The value, confirmed for this sitting by `actor`; the same again gives the same.

    Inside the caller's transaction, which also appends the reading. Raises NoTransaction, NotOpen, NotHere.
    """
    return _decide(proposed_id, sitting, State.CONFIRMED, "", (actor, at))


def reject(proposed_id: int, sitting: Sitting, actor: str, at: datetime, reason: Reason = Reason.OTHER) -> Proposed:
    """The value, rejected; it is no longer proposed. Raises NoTransaction, NotOpen, NotHere."""
    return _decide(proposed_id, sitting, State.REJECTED, Reason(reason).value, (actor, at))


def _decide(proposed_id: int, sitting: Sitting, state: State, reason: str, who: tuple[str, datetime]) -> Proposed:
    if not connection.in_atomic_block:
        raise NoTransaction("A value is decided about in the transaction that records the reading.")
    lock(sitting.course)  # always before the value's row, so that two requests cannot wait for each other
    row = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("chair", "device")
        .filter(pk=proposed_id)
        .first()
    )
    if row is None or row.chair.key != sitting.chair or row.observed_at < sitting.since:
        raise NotHere(
            _("This value was not measured at this chair in this session."), mend=_("Read it from the monitor.")
        )
    if row.state != State.OPEN:
        return _standing(row, sitting, state)
    row.state, row.course, row.reason = state, sitting.course, reason
    row.decided_by, row.decided_at = who
    row.save()
    told = {"proposed": row.pk, "device": row.device.key, "reading": row.name, "offset_s": row.clock_offset_s}
    note(f"monitor.{state.value}", who[0], who[1], told | ({"reason": reason} if reason else {}), chain=sitting.course)
    return _proposed(row)


def _standing(row: Proposal, sitting: Sitting, state: State) -> Proposed:
    if row.state == state and row.course == sitting.course:
        return _proposed(row)
    raise NotOpen(_("Somebody has decided about this value already."), mend=_("Look at the timeline."))


def _proposed(row: Proposal) -> Proposed:
    return Proposed(
        id=row.pk,
        name=row.name,
        value=row.value,
        observed_at=row.observed_at,
        device=row.device.name,
        chair=row.chair.key,
        received_at=row.received_at,
        clock_offset_s=row.clock_offset_s,
        time_from=row.time_from,
        channel=row.channel,
        as_sent=row.sent,
    )


def aside_of(row: Unproposed) -> SetAside:
    """A row as a value with its reason in words."""
    why = Why(row.why)
    return SetAside(
        row.pk, row.name, row.sent, why, str(WHY_WORDS[why]), row.device.name, row.observed_at, row.received_at
    )
