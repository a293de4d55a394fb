"""What the audit page shows: frozen values from entries and a verification, without any query."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from unstuck.clinic.audit.sentences import sentence
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.ledger.verify import Report


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry: when it was recorded, in words, and when it happened where that is another time."""

    recorded: datetime
    observed: datetime | None
    words: str
    chain: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    rows: tuple[EntryRow, ...]
    chain: str
    known: bool  # whether that chain exists; true for all chains together
    total: int
    number: int
    pages: int
    report: Report | None

    @property
    def newer(self) -> int:
        return self.number - 1

    @property
    def older(self) -> int:
        return self.number + 1 if self.number < self.pages else 0


def entry_rows(entries: Iterable[Entry], names: Mapping[str, str], zone: tzinfo) -> tuple[EntryRow, ...]:
    """The entries in their order, at the site's clock."""
    return tuple(_row(entry, names, zone) for entry in entries)


def keys_in(entries: Iterable[Entry]) -> set[str]:
    """Keys of accounts that the sentences of these entries may name."""
    listed = list(entries)
    payloads = [json.loads(entry.payload) for entry in listed]
    spoken_of = {str(told.get(field, "")) for told in payloads for field in ("account", "witness", "to")}
    return ({entry.actor for entry in listed} | spoken_of) - {""}


def _row(entry: Entry, names: Mapping[str, str], zone: tzinfo) -> EntryRow:
    recorded, observed = entry.recorded_at.astimezone(zone), entry.observed_at.astimezone(zone)
    shown = observed if abs((recorded - observed).total_seconds()) >= 60 else None
    return EntryRow(recorded, shown, sentence(entry, names), entry.chain, entry.seq, entry.hash[:8])
