"""Beginning a new head: only by a person's order, never in silence, and with the old one kept."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from unstuck.clinic.ledger import head
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.ledger.verify import verify

OPERATOR = "operator"
"""The actor of what is done on the server's command line, where nobody has signed in."""


def renew(at: datetime) -> tuple[int, Path | None]:
    """How many entries the new head has, and where the old head lies now (None if it was lost).

    The site's chain gets an entry with the old file's SHA-256 and with how many findings were given up.
    """
    findings = len(verify().findings)
    old, aside = _put_aside(at)
    head.found()
    note("ledger.head_renewed", OPERATOR, at, {"old_sha256": old, "findings": findings})
    head.catch_up_all()
    return len(head.lines(head.Head(head.path()))), aside


def _put_aside(at: datetime) -> tuple[str, Path | None]:
    if not head.path().exists():
        return "", None
    old = hashlib.sha256(head.path().read_bytes()).hexdigest()
    aside = head.path().with_name(f"ledger.head.{at.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    head.path().rename(aside)
    head.forget()
    return old, aside
