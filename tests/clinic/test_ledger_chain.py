"""Appending to the ledger: chains, refusals, and what a second try does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from unstuck.clinic.ledger.actions import (
    Act,
    ActChanged,
    FreeTextRefused,
    NoTransaction,
    append,
    append_event,
    append_events,
    note,
)
from unstuck.clinic.ledger.chain import GENESIS, SITE, digest
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.ledger.queries import entries, events, length
from unstuck.core.events import Event, FactStated, Origin, StepHeld


def event(at: datetime, number: int = 1, course: str = "c_one") -> Event:
    return Event(f"{course}_{number}", course, at, at, "a_nia", Origin.CLINIC, StepHeld("prepare", number))


@pytest.mark.django_db
def test_entries_follow_each_other(at: datetime) -> None:
    """Each entry takes the next place of its chain and carries the hash of the one before; chains are independent."""
    one, two = append_event(event(at), "h1"), append_event(event(at, 2), "h1")
    other = append_event(event(at, course="c_two"), "h1")
    assert [(e.seq, e.previous_hash) for e in (one, two, other)] == [(1, GENESIS), (2, one.hash), (1, GENESIS)]


@pytest.mark.django_db
def test_an_entry_read_back_gives_its_own_hash(at: datetime) -> None:
    """What the database returns hashes to what was written, microseconds and all."""
    written = append_event(event(at + timedelta(microseconds=123_457)), "h1", text_mac="ab" * 32)
    read = Entry.objects.get(pk=written.pk)
    assert digest(read) == read.hash == written.hash


@pytest.mark.django_db
def test_every_column_is_covered(at: datetime) -> None:
    """Changing any column but the database id changes the hash."""
    entry = append_event(event(at), "h1")
    covered = [f.name for f in Entry._meta.fields if f.name not in ("id", "hash")]
    for name in covered:
        changed = Entry.objects.get(pk=entry.pk)
        value = getattr(changed, name)
        setattr(changed, name, value + (timedelta(1) if isinstance(value, datetime) else 1 if name == "seq" else "x"))
        assert digest(changed) != entry.hash, name


@pytest.mark.django_db
def test_events_come_back_as_they_were(at: datetime) -> None:
    """The events of a course replay from the ledger in order, and a note that the record was read is not among them."""
    written = [event(at, 1), event(at, 2)]
    append_event(written[0], "h1")
    note("record.read", "a_cleo", at, {"page": "course"}, chain="c_one")
    append_event(written[1], "h1")
    assert events("c_one") == tuple(written)
    assert length("c_one") == len(entries("c_one")) == 3


@pytest.mark.django_db
def test_the_same_event_twice_is_one_entry(at: datetime) -> None:
    """A second try with the same id gives the standing entry, even when it was recorded later."""
    first = append_event(event(at), "h1")
    again = append_event(replace(event(at), recorded_at=at + timedelta(minutes=5)), "h1")
    assert (again.pk, length("c_one")) == (first.pk, 1)


@pytest.mark.django_db
def test_many_events_at_once_are_the_same_chain(at: datetime) -> None:
    """Loading a whole course writes what writing it event by event would, and a second load adds what is new only."""
    singly = [append_event(event(at, n), "h1") for n in (1, 2, 3)]
    at_once = append_events("c_two", [event(at, n, "c_two") for n in (1, 2, 2)], "h1")
    assert [e.seq for e in at_once] == [1, 2, 2]
    assert at_once[1].previous_hash == at_once[0].hash == digest(Entry.objects.get(chain="c_two", seq=1))
    append_events("c_two", [event(at, n, "c_two") for n in (1, 2, 3)], "h1")
    assert len(events("c_two")) == len(singly) == length("c_two") == 3


@pytest.mark.django_db
def test_another_event_under_the_same_id_is_refused(at: datetime) -> None:
    """An id that is taken cannot come to mean something else."""
    append_event(event(at), "h1")
    with pytest.raises(ActChanged):
        append_event(replace(event(at), what=FactStated("person.pregnant", True)), "h1")


@pytest.mark.django_db
@pytest.mark.parametrize("payload", [{"why": "he felt unwell"}, {"a": [{"b": "Ada Ames"}]}, {"a": "x" * 161}])
def test_words_are_refused(at: datetime, payload: dict[str, object]) -> None:
    """A payload with free text, however deep, does not enter the ledger."""
    with pytest.raises(FreeTextRefused):
        note("person.registered", "a_finn", at, payload)
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_needs_a_transaction(at: datetime) -> None:
    """Appending outside of a transaction is refused: the entry could outlive what it records."""
    with pytest.raises(NoTransaction):
        append(SITE, Act("account.opened", "a_alma", at, at))


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_back_with_its_transaction(at: datetime) -> None:
    """When the transaction of an act fails, neither the act nor its entry remains, and the next place is free."""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        append_event(event(at), "h1")
        raise ZeroDivisionError
    assert length("c_one") == 0
    with transaction.atomic():
        assert append_event(event(at, 2), "h1").seq == 1


CHANGES = [
    "UPDATE ledger_entry SET actor = 'a_eve'",
    "DELETE FROM ledger_entry",
    "UPDATE ledger_entry SET seq = seq + 1",
]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_itself_refuses(at: datetime, statement: str) -> None:
    """Neither an update nor a deletion passes the triggers, whoever sends it."""
    entry = append_event(event(at), "h1")
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.get().hash == entry.hash


@pytest.mark.django_db
def test_the_back_doors_are_shut(at: datetime) -> None:
    """SQLite's REPLACE and PostgreSQL's TRUNCATE, which pass by row triggers, are refused too."""
    append_event(event(at), "h1")
    columns = ", ".join(f.column for f in Entry._meta.fields)
    changed = columns.replace("actor", "'a_eve'")
    statement = {
        "sqlite": f"INSERT OR REPLACE INTO ledger_entry ({columns}) SELECT {changed} FROM ledger_entry",
        "postgresql": "TRUNCATE ledger_entry",
    }[connection.vendor]
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.get().actor == "a_nia"
