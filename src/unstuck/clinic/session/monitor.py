"""Readings that a monitor proposes for the person in its chair: a person confirms or rejects each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db import transaction

from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.interop import proposals
from unstuck.clinic.ledger.actions import lock
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.queries import Live
from unstuck.clinic.session.words import READINGS, clock_words
from unstuck.core import events as ev


@dataclass(frozen=True, slots=True)
class ProposedRow:
    """One value that a monitor sent, with its time, and whether its clock may be wrong."""

    id: int
    words: str
    clock: str
    device: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class MonitorCard:
    """What the monitor of this chair offers, the newest of each reading, and what it sent that nobody can use."""

    rows: tuple[ProposedRow, ...]
    aside: tuple[str, ...]


def monitor_card(live: Live, zone: tzinfo) -> MonitorCard | None:
    """The card of this chair's monitor; None where nobody sits, or where it offers nothing."""
    if live.sitting is None or live.sitting.left_at is not None:
        return None
    chair, since = live.sitting.chair, live.sitting.opened_at
    found = proposals.latest(chair, since)
    rows = tuple(_row(one, zone) for one in found.values())
    aside = tuple(f"{one.as_sent}: {one.words}." for one in proposals.set_aside(chair, since)[:3])
    return MonitorCard(rows, aside) if rows or aside else None


def _row(one: proposals.Proposed, zone: tzinfo) -> ProposedRow:
    label, unit = (READINGS[one.name][0], READINGS[one.name][1]) if one.name in READINGS else (one.name, "")
    words = f"{label} {one.value:g} {unit}".strip()
    return ProposedRow(one.id, words, clock_words(one.observed_at, zone), one.device, one.clock_doubtful)


def confirm(live: Live, chosen: Sequence[int], account: Account, at: datetime) -> None:
    """The chosen values become readings of this session, at the monitor's times. Raises NotOpen, NotHere."""
    here = _sitting(live)
    with transaction.atomic():
        lock(live.course.key)
        for number in chosen:
            one = proposals.confirm(number, here, account.key, at)
            phase = _phase(live, one.observed_at)
            what = ev.ReadingTaken(one.name, one.value, live.place.step, live.place.occurrence, phase)
            entry = Entry(account.key, min(one.observed_at, at), at, "", f"monitor-{one.id}")
            write_all(live.course, [(what, entry)])


def _phase(live: Live, observed_at: datetime) -> str:
    """Before, during or after the dose, at the time of the value and not of its confirmation."""
    dose, end = live.session.dose, live.session.ends_at
    if dose is None or observed_at < dose.observed_at:
        return "before"
    return "during" if end is None or observed_at < end else "after"


def reject(live: Live, chosen: Sequence[int], reason: str, account: Account, at: datetime) -> None:
    """The chosen values are no readings of this person, for a reason. Raises NotOpen, NotHere."""
    with transaction.atomic():
        for number in chosen:
            proposals.reject(number, _sitting(live), account.key, at, proposals.Reason(reason))


def _sitting(live: Live) -> proposals.Sitting:
    assert live.sitting is not None  # the page offers nothing without one
    return proposals.Sitting(live.sitting.chair, live.course.key, live.sitting.opened_at)
