"""The ledger's head: a file outside the database that says how long every chain is and which hash ends it.

One line an entry, written after its commit: running digest, then chain, place, hash, kind and recorded time as JSON.
The digest of a line covers the line before it, so that the file itself can be checked. Whoever cuts the tail off a
chain in the database leaves lines here that name what is gone. A crash between commit and line leaves the head behind;
it catches up by itself, but only over entries that follow from it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files import locks

from unstuck.clinic.ledger.chain import GENESIS, digest
from unstuck.clinic.ledger.models import Entry
from unstuck.core.events import dumps

log = logging.getLogger("unstuck.ledger")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the head remembers it."""

    chain: str
    seq: int
    hash: str
    kind: str
    recorded_at: str


@dataclass(slots=True)
class Head:
    """What has been read from the file so far. `damaged` is the number of the first line that does not hold."""

    path: Path
    offset: int = 0
    count: int = 0
    digest: str = GENESIS
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    damaged: int | None = None

    def end(self, chain: str) -> tuple[int, str]:
        """How many entries of `chain` the head knows, and the hash of the last."""
        return self.ends.get(chain, (0, GENESIS))


def path() -> Path:
    """Where the head lies: in the data folder, never in the database."""
    return Path(settings.UNSTUCK_HOME) / "ledger.head"


def found() -> None:
    """Begin a head beside an empty ledger. A head that is there already is left as it is."""
    with path().open("ab") as file:
        _to_disk(file)


def lines(head: Head) -> list[Line]:
    """The whole lines behind `head.offset`; `head` moves on past them. A torn last line is left for the next read."""
    read: list[Line] = []
    with head.path.open("rb") as file:
        file.seek(head.offset)
        for raw in file:
            if not raw.endswith(b"\n"):
                break
            line = _take(head, raw)
            if line:
                read.append(line)
    return read


def _take(head: Head, raw: bytes) -> Line | None:
    head.offset += len(raw)
    head.count += 1
    claimed, _, body = raw.rstrip(b"\n").partition(b" ")
    head.digest = _chained(head.digest, body)
    line = _parsed(body) if claimed.decode("ascii", "replace") == head.digest else None
    if line:
        head.ends[line.chain] = (line.seq, line.hash)
    elif head.damaged is None:
        head.damaged = head.count
    return line


def _parsed(body: bytes) -> Line | None:
    try:
        return Line(*json.loads(body))
    except (ValueError, TypeError):
        return None


def _chained(before: str, body: bytes) -> str:
    return hashlib.sha256(before.encode() + body).hexdigest()


_known: dict[Path, Head] = {}
_guard = threading.Lock()


def catch_up(chain: str) -> int:
    """How many entries of `chain` the head has taken up now. It takes none that do not follow from where it stands."""
    if not path().exists():
        log.critical("The ledger's head %s is missing; nothing is written until it is restored.", path())
        return 0
    with _guard, path().open("r+b") as file:
        locks.lock(file, locks.LOCK_EX)
        try:
            return _catch_up(file, _refreshed(), chain)
        finally:
            locks.unlock(file)


def catch_up_all() -> int:
    """`catch_up` over every chain, for the start of a server or a worker."""
    chains = Entry.objects.order_by().values_list("chain", flat=True).distinct()
    return sum(catch_up(chain) for chain in chains)


def forget() -> None:
    """What this process has read of the head is read anew: the file has been put aside."""
    with _guard:
        _known.pop(path(), None)


def _refreshed() -> Head:
    """The head of this process, brought up to date; read anew when the file has been replaced by a shorter one."""
    head = _known.get(path())
    if head is None or path().stat().st_size < head.offset:
        head = _known[path()] = Head(path())
    lines(head)
    return head


def _catch_up(file: IO[bytes], head: Head, chain: str) -> int:
    if head.damaged is not None:
        log.critical("Line %s of the ledger's head does not hold; nothing is written behind it.", head.damaged)
        return 0
    new = _following(head, chain)
    file.seek(head.offset)
    file.truncate()
    file.write(b"".join(_written(head.digest, new)))
    _to_disk(file)
    lines(head)
    return len(new)


def _following(head: Head, chain: str) -> list[Entry]:
    """The entries behind the head's end of `chain`, up to the first that does not follow from the one before."""
    seq, last = head.end(chain)
    good: list[Entry] = []
    for entry in Entry.objects.filter(chain=chain, seq__gt=seq).order_by("seq").iterator():
        if (entry.seq, entry.previous_hash, entry.hash) != (seq + 1, last, digest(entry)):
            log.critical("Entry %s of chain %s does not follow from the ledger's head.", entry.seq, chain)
            break
        good.append(entry)
        seq, last = entry.seq, entry.hash
    return good


def _written(before: str, entries: list[Entry]) -> Iterator[bytes]:
    """The lines for `entries`, each digest over the one before."""
    for entry in entries:
        body = dumps([entry.chain, entry.seq, entry.hash, entry.kind, entry.recorded_at.isoformat()]).encode()
        before = _chained(before, body)
        yield before.encode() + b" " + body + b"\n"


def _to_disk(file: IO[bytes]) -> None:
    """A demonstration may lose its last second; a clinic may not."""
    file.flush()
    if not settings.UNSTUCK_DEMO:
        os.fsync(file.fileno())


def is_ready() -> bool:
    """Whether the head can take up the next entry: a healthy file, or none beside a ledger that has not begun."""
    if not path().exists():
        return not Entry.objects.exists()
    with _guard:
        return _refreshed().damaged is None and os.access(path(), os.W_OK)
