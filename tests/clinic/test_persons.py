"""Persons and their texts: bound to entries, and erasable without touching the ledger."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.db import IntegrityError, transaction

from unstuck.clinic.ledger.actions import append_event
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.people.actions import Identity, SimulatedBesideReal, erase_person, note_reading, register_person
from unstuck.clinic.people.models import Account, Person, Text
from unstuck.clinic.people.texts import PersonErased, is_genuine, text_of, write_text
from unstuck.core.events import Event, Origin, StepSkipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(at: datetime) -> Person:
    return register_person(Identity("Ada Ames", date(1990, 5, 1), "ada@example.org", "555"), "a_finn", at)


def test_a_reason_is_bound_to_its_entry(ada: Person, at: datetime) -> None:
    """The entry carries the keyed hash of the words; the words are found by it and are genuine."""
    text = write_text(ada, "reason", "Her mother died on Sunday.", at)
    event = Event("e1", "c_one", at, at, "a_ben", Origin.CLINIC, StepSkipped("pe_2", 1, "grief"))
    entry = append_event(event, "h1", text_mac=text.mac)
    found = text_of(entry.text_mac)
    assert found and found.body == "Her mother died on Sunday." and is_genuine(found)
    assert "mother" not in entry.payload


def test_changed_words_are_not_genuine(ada: Person, at: datetime) -> None:
    """Words that were changed in the table no longer fit the hash in the ledger."""
    text = write_text(ada, "reason", "He agreed.", at)
    Text.objects.filter(pk=text.pk).update(body="He did not agree.")
    changed = text_of(text.mac)
    assert changed and not is_genuine(changed)


def test_equal_words_have_unequal_hashes(ada: Person, at: datetime) -> None:
    """From two hashes nobody can tell that the same was written twice."""
    assert write_text(ada, "note", "no", at).mac != write_text(ada, "note", "no", at).mac


def test_an_entry_without_words_has_no_text(ada: Person, at: datetime) -> None:
    """An empty hash stands for no text, not for an empty one."""
    assert text_of("") is None


def test_erasing_leaves_the_facts(ada: Person, cast: dict[str, Account], at: datetime) -> None:
    """Every identifying field, text and secret is gone, the account is closed, and the ledger still verifies."""
    person = cast["ada"].person
    assert person
    text = write_text(person, "note", "Lives at the harbour.", at)
    before = Entry.objects.count()
    erase_person(person, "a_alma", at)
    gone = Person.objects.get(pk=person.pk)
    assert (gone.name, gone.born_on, gone.email, gone.phone, gone.secret) == ("", None, "", "", "")
    assert Text.objects.get(pk=text.pk).body == ""
    account = Account.objects.get(person=person)
    assert (account.is_active, account.display_name, account.email) == (False, account.key, "")
    assert Entry.objects.count() == before + 2
    assert not [f for f in verify().findings if f.seq]


def test_nothing_is_written_about_an_erased_person(ada: Person, at: datetime) -> None:
    """After erasing, new words about the person are refused by name."""
    erase_person(ada, "a_alma", at)
    with pytest.raises(PersonErased):
        write_text(ada, "note", "Called back.", at)


def test_the_database_refuses_half_an_erasure(ada: Person, at: datetime) -> None:
    """A row cannot be marked as erased while it still holds a name."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=ada.pk).update(erased_at=at)


@pytest.mark.parametrize("simulated_first", [True, False])
def test_simulated_and_real_persons_do_not_mix(at: datetime, simulated_first: bool) -> None:
    """Whichever came first, the other kind is refused by name."""
    register_person(Identity("First"), "a_finn", at, simulated=simulated_first)
    with pytest.raises(SimulatedBesideReal):
        register_person(Identity("Second"), "a_finn", at, simulated=not simulated_first)
    assert Person.objects.count() == 1


def test_reading_a_record_is_an_entry(cast: dict[str, Account], at: datetime) -> None:
    """Who read which page of which course, and when, stands on the course's own chain."""
    entry = note_reading(cast["cleo"], "c_one", "answers", at)
    assert (entry.chain, entry.kind, entry.actor, entry.payload) == (
        "c_one",
        "record.read",
        cast["cleo"].key,
        '{"page":"answers"}',
    )
