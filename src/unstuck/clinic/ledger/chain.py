"""What an entry's hash covers: pure functions over the columns of a row."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Protocol

from unstuck.core.events import dumps

SITE = "site"
"""The key of the chain for acts that belong to no course."""

GENESIS = "0" * 64
"""What stands in place of the previous hash before the first entry of a chain."""


class Row(Protocol):
    """The columns that a hash covers: all of an entry but its own hash and its database id."""

    chain: str
    seq: int
    act: str
    kind: str
    payload: str
    actor: str
    observed_at: datetime
    recorded_at: datetime
    protocol_hash: str
    text_mac: str
    previous_hash: str


def digest(row: Row, seq: int | None = None) -> str:
    """SHA-256 in hex over every column of `row`; `seq` asks what it would be in another place of the chain."""
    covered = [
        row.chain,
        row.seq if seq is None else seq,
        row.act,
        row.kind,
        row.payload,
        row.actor,
        _utc(row.observed_at),
        _utc(row.recorded_at),
        row.protocol_hash,
        row.text_mac,
        row.previous_hash,
    ]
    return hashlib.sha256(dumps(covered).encode()).hexdigest()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
