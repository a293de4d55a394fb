"""The one way into the ledger: append an act to a chain, inside the caller's transaction."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from unstuck.clinic.ledger import head
from unstuck.clinic.ledger.chain import GENESIS, SITE, digest
from unstuck.clinic.ledger.models import Chain, Entry
from unstuck.core.errors import Complaint
from unstuck.core.events import Event, dumps, to_dict

_CODE = re.compile(r"[\w.:/+\-]{0,160}")


class LedgerRefusal(Complaint):
    """The ledger does not take this entry."""


class NoTransaction(LedgerRefusal):
    """An entry was appended outside of a transaction, so it could outlive or precede what it records."""


class FreeTextRefused(LedgerRefusal):
    """A payload holds words instead of codes: they could name a person and could never be erased."""


class ActChanged(LedgerRefusal):
    """The same act arrives a second time with another content."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be written: `actor` is an account's key; `payload` holds codes, numbers and times only."""

    kind: str
    actor: str
    observed_at: datetime
    recorded_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    protocol_hash: str = ""
    text_mac: str = ""
    act: str = field(default_factory=lambda: uuid.uuid4().hex)


def append(chain: str, act: Act) -> Entry:
    """The entry, appended to `chain`. The same act again gives the entry that already stands.

    Raises NoTransaction, FreeTextRefused, ActChanged.
    """
    return append_all(chain, [act])[0]


def append_all(chain: str, acts: Sequence[Act]) -> list[Entry]:
    """The entries for `acts`, in this order, as `append` would write them one by one."""
    if not connection.in_atomic_block:
        raise NoTransaction("An entry must be written in the transaction of what it records.")
    for act in acts:
        refuse_free_text(act.payload)
    end = lock(chain)
    standing = {entry.act: entry for entry in Entry.objects.filter(chain=chain, act__in=[act.act for act in acts])}
    entries = [_entry(end, standing, act) for act in acts]
    _save(end, [entry for entry in entries if entry.pk is None])
    return entries


def append_event(event: Event, protocol_hash: str, text_mac: str = "") -> Entry:
    """The event as an entry of its course's chain; the event's id makes a second try harmless."""
    return append(event.course, _act(event, protocol_hash, text_mac))


def append_events(course: str, events: Iterable[Event], protocol_hash: str) -> list[Entry]:
    """Many events of one course at once, already judged, without texts: for a simulated course that is loaded."""
    return append_all(course, [_act(event, protocol_hash) for event in events])


def note(kind: str, actor: str, at: datetime, payload: Mapping[str, Any] | None = None, chain: str = SITE) -> Entry:
    """A small act of one instant, such as a sign-in or a reading, in a transaction of its own or the caller's."""
    with transaction.atomic():
        return append(chain, Act(kind=kind, actor=actor, observed_at=at, recorded_at=at, payload=payload or {}))


def refuse_free_text(value: Any, where: str = "payload") -> None:
    """Raises FreeTextRefused where a text in `value`, at any depth, is not a code."""
    match value:
        case str() if not _CODE.fullmatch(value):
            raise FreeTextRefused(f"{where} holds free text.", mend="Keep words in a Text row; enter its code here.")
        case Mapping():
            for key, inner in value.items():
                refuse_free_text(inner, f"{where}.{key}")
        case list() | tuple():
            for place, inner in enumerate(value):
                refuse_free_text(inner, f"{where}[{place}]")


def lock(chain: str) -> Chain:
    """The chain's last row, locked until the transaction ends. SQLite has locked the whole file already."""
    locked = Chain.objects.select_for_update()
    standing = locked.filter(key=chain).first()
    if standing:
        return standing
    if not Chain.objects.exists():
        head.found()
    Chain.objects.bulk_create([Chain(key=chain, length=0, hash=GENESIS)], ignore_conflicts=True)
    return locked.get(key=chain)


def _act(event: Event, protocol_hash: str, text_mac: str = "") -> Act:
    return Act(
        kind=type(event.what).__name__,
        actor=event.actor,
        observed_at=event.observed_at,
        recorded_at=event.recorded_at,
        payload=to_dict(event),
        protocol_hash=protocol_hash,
        text_mac=text_mac,
        act=event.id,
    )


def _entry(end: Chain, standing: dict[str, Entry], act: Act) -> Entry:
    """The standing entry of this act, or a new one behind `end`, which moves on to it."""
    if act.act in standing:
        return _same(standing[act.act], act)
    entry = Entry(
        chain=end.key,
        seq=end.length + 1,
        act=act.act,
        kind=act.kind,
        payload=dumps(dict(act.payload)),
        actor=act.actor,
        observed_at=act.observed_at,
        recorded_at=act.recorded_at,
        protocol_hash=act.protocol_hash,
        text_mac=act.text_mac,
        previous_hash=end.hash,
    )
    entry.hash = digest(entry)
    end.length, end.hash = entry.seq, entry.hash
    standing[act.act] = entry
    return entry


def _same(standing: Entry, act: Act) -> Entry:
    """The standing entry, when `act` says the same; the recorded time of the second try does not matter."""
    ours = {**act.payload, "recorded_at": None}
    theirs = {**json.loads(standing.payload), "recorded_at": None}
    if dumps(ours) != dumps(theirs):
        raise ActChanged(f"The act {act.act} is already entry {standing.seq} of {standing.chain}, and differs from it.")
    return standing


def _save(end: Chain, new: list[Entry]) -> None:
    if new:
        Entry.objects.bulk_create({entry.act: entry for entry in new}.values())
        end.save()
        transaction.on_commit(partial(head.catch_up, end.key), robust=True)
