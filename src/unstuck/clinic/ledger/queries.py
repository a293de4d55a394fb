"""Reading the ledger back: a course's events in order, and entries for the audit pages."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from unstuck.clinic.ledger.models import Chain, Entry
from unstuck.core.events import KINDS, Event, from_dict


def events(course: str) -> tuple[Event, ...]:
    """Every event of `course` in the order in which it was recorded; other acts are left out."""
    rows = Entry.objects.filter(chain=course, kind__in=KINDS).order_by("seq").values_list("payload", flat=True)
    return tuple(from_dict(json.loads(payload)) for payload in rows)


def tips(chains: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Length and last hash of each chain that has entries; one query."""
    rows = Chain.objects.filter(key__in=chains).values_list("key", "length", "hash")
    return {key: (length, last) for key, length, last in rows}


def hashes_at(places: Mapping[str, int]) -> dict[str, str]:
    """The hash of one entry of each chain. A chain without that entry is left out."""
    found: dict[str, str] = {}
    for some in _handfuls(places):
        wanted = reduce(or_, (Q(chain=chain, seq=seq) for chain, seq in some))
        found |= dict(Entry.objects.filter(wanted).values_list("chain", "hash"))
    return found


def events_since(places: Mapping[str, int]) -> dict[str, tuple[Event, ...]]:
    """The events of each chain behind that place, in the order in which they were recorded."""
    found: dict[str, tuple[Event, ...]] = {}
    for some in _handfuls(places):
        wanted = reduce(or_, (Q(chain=chain, seq__gt=seq) for chain, seq in some))
        rows = Entry.objects.filter(wanted, kind__in=KINDS).order_by("chain", "seq").values_list("chain", "payload")
        for chain, group in itertools.groupby(rows, key=lambda row: row[0]):
            found[chain] = tuple(from_dict(json.loads(payload)) for _, payload in group)
    return found


def _handfuls(places: Mapping[str, int]) -> Iterator[tuple[tuple[str, int], ...]]:
    """At most 200 places at a time: a database takes only so long a question."""
    rest = iter(places.items())
    while some := tuple(itertools.islice(rest, 200)):
        yield some


def read_lately(chain: str, actor: str, page: str, since: datetime) -> bool:
    """Whether this account's reading of that page is an entry of the chain already, since that instant."""
    read = Entry.objects.filter(chain=chain, kind="record.read", actor=actor, recorded_at__gte=since)
    return any(json.loads(payload).get("page") == page for payload in read.values_list("payload", flat=True))


def entries(chain: str) -> tuple[Entry, ...]:
    """Every entry of `chain`, the oldest first."""
    return tuple(Entry.objects.filter(chain=chain).order_by("seq"))


def length(chain: str) -> int:
    """How many entries `chain` has; changes whenever anything is appended."""
    row = Chain.objects.filter(key=chain).first()
    return row.length if row else 0
