"""Read the whole ledger against itself and against its head, and name every row that is not what was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from unstuck.clinic.ledger import head as head_file
from unstuck.clinic.ledger.chain import GENESIS, digest
from unstuck.clinic.ledger.head import Head, Line
from unstuck.clinic.ledger.models import Chain, Entry


class Fault(StrEnum):
    """What can be wrong with a ledger."""

    ALTERED = "altered"
    REORDERED = "reordered"
    MISSING = "missing"
    CUT_OFF = "cut off"
    HEAD_MISSING = "head missing"
    HEAD_DAMAGED = "head damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row, named: its chain and place, and a sentence for a person. `seq` is the line number for the head."""

    fault: Fault
    chain: str
    seq: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification read and found. `ahead` entries wait to be taken up by the head: late, not wrong."""

    entries: int
    chains: int
    ahead: int
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        return not self.findings


@dataclass(slots=True)
class _Walk:
    """Where the reading of one chain stands."""

    chain: str
    known: Mapping[int, Line]
    length: int
    seq: int = 0
    hash: str = GENESIS
    named: set[int] = field(default_factory=set)
    ahead: int = 0


def verify(only: str | None = None) -> Report:
    """The report over the whole ledger, or over the chain `only`. Reads everything, changes nothing."""
    known, findings = _remembered()
    lengths = dict(Chain.objects.values_list("key", "length"))
    count = ahead = 0
    chains = [only] if only else sorted({*_chains(), *known, *(k for k, n in lengths.items() if n)})
    for chain in chains:
        walk = _Walk(chain, known.get(chain, {}), lengths.get(chain, 0))
        for entry in Entry.objects.filter(chain=chain).order_by("seq", "id").iterator():
            count += 1
            findings.extend(_look(walk, entry))
        findings.extend(_tail(walk))
        ahead += walk.ahead
    return Report(count, len(chains), ahead, tuple(findings))


def _chains() -> set[str]:
    return set(Entry.objects.order_by().values_list("chain", flat=True).distinct())


def _remembered() -> tuple[dict[str, dict[int, Line]], list[Finding]]:
    """The head by chain and place, with what is wrong with the head itself."""
    by_chain: dict[str, dict[int, Line]] = defaultdict(dict)
    head = Head(head_file.path())
    if not head.path.exists():
        return by_chain, [_no_head()] if Entry.objects.exists() else []
    for line in head_file.lines(head):
        by_chain[line.chain].setdefault(line.seq, line)
    return by_chain, [] if head.damaged is None else [_damaged(head.damaged)]


def _no_head() -> Finding:
    return Finding(Fault.HEAD_MISSING, "", 0, "The head file is missing, so a cut-off tail could not be noticed.")


def _damaged(line: int) -> Finding:
    return Finding(Fault.HEAD_DAMAGED, "", line, f"Line {line} of the head file is not what was written.")


def _look(walk: _Walk, entry: Entry) -> Iterator[Finding]:
    """What is wrong with `entry` or with the step from the entry before it; the walk moves on to `entry`."""
    for gone in range(walk.seq + 1, entry.seq):
        yield _gone(walk, gone, Fault.MISSING)
    own = _own_fault(walk, entry)
    if own:
        walk.named.add(entry.seq)
        yield own
    elif entry.previous_hash != walk.hash and entry.seq == walk.seq + 1 and walk.seq not in walk.named:
        yield _broken(walk, entry)
    walk.seq, walk.hash = entry.seq, entry.hash
    walk.ahead += entry.seq not in walk.known


def _own_fault(walk: _Walk, entry: Entry) -> Finding | None:
    """The fault in the row itself: its content does not give its hash, or the head remembers another hash."""
    if digest(entry) != entry.hash:
        was = _written_as(walk, entry)
        return _altered(entry, "its content does not give its hash") if was is None else _moved(entry, was)
    line = walk.known.get(entry.seq)
    if line and line.hash != entry.hash:
        return _altered(entry, f"the head remembers {_described(line)} with another hash")
    return None


def _written_as(walk: _Walk, entry: Entry) -> int | None:
    """The place in which `entry` was written, when only its place has been changed."""
    last = max(walk.length, *walk.known, entry.seq)
    return next((seq for seq in range(1, last + 1) if digest(entry, seq) == entry.hash), None)


def _tail(walk: _Walk) -> Iterator[Finding]:
    last = max(walk.length, *walk.known, 0)
    for gone in range(walk.seq + 1, last + 1):
        yield _gone(walk, gone, Fault.CUT_OFF)


def _gone(walk: _Walk, seq: int, fault: Fault) -> Finding:
    line = walk.known.get(seq)
    what = f", {_described(line)}," if line else ""
    how = "is missing" if fault is Fault.MISSING else "was cut off the end"
    walk.named.add(seq)
    return Finding(fault, walk.chain, seq, f"Entry {seq} of chain {walk.chain}{what} {how}.")


def _broken(walk: _Walk, entry: Entry) -> Finding:
    """The entry before is whole in itself, yet not the one that `entry` was written behind."""
    if walk.seq == 0:
        return _altered(entry, "it does not begin its chain")
    sentence = f"Entry {walk.seq} of chain {walk.chain} was rewritten: entry {entry.seq} was written behind another."
    return Finding(Fault.ALTERED, walk.chain, walk.seq, sentence)


def _altered(entry: Entry, why: str) -> Finding:
    sentence = f"Entry {entry.seq} of chain {entry.chain}, {_row(entry)}, was altered: {why}."
    return Finding(Fault.ALTERED, entry.chain, entry.seq, sentence)


def _moved(entry: Entry, was: int) -> Finding:
    sentence = f"Entry {entry.seq} of chain {entry.chain}, {_row(entry)}, was moved: it was written as entry {was}."
    return Finding(Fault.REORDERED, entry.chain, entry.seq, sentence)


def _row(entry: Entry) -> str:
    return f"{entry.kind} recorded {entry.recorded_at.isoformat(timespec='seconds')}"


def _described(line: Line) -> str:
    return f"{line.kind} recorded {line.recorded_at[:19]}"
