"""Psychotherapy notes: their author's alone, sealed with a key outside the database, recovered by two."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.clinic.courses import enrolled, released
from unstuck.clinic import clock
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people.actions import erase_person
from unstuck.clinic.people.models import Account
from unstuck.clinic.therapy import notes, vault
from unstuck.clinic.therapy.models import KeyHalf, Opening, PrivateNote

Cast = dict[str, Account]
WORDS = "Dreamt of the harbour again; transference towards me."
ONE, TWO = "first long passphrase", "second long passphrase"


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    return enrolled(released("feder_2021", at), at)


def held(cast: Cast, at: datetime) -> tuple[notes.Holder, notes.Holder]:
    """Quinn and Alma hold the halves."""
    pair = notes.Holder(cast["quinn"], ONE), notes.Holder(cast["alma"], TWO)
    notes.set_holders(*pair, cast["alma"], at)
    return pair


def everything_stored() -> str:
    """Every value of every row of every table."""
    return repr([list(model.objects.values_list()) for model in apps.get_models()])


def test_the_words_are_nowhere_in_the_database(cast: Cast, course: Course, at: datetime) -> None:
    """The author reads the note again; no table holds its words, and the key's file is its owner's alone."""
    notes.keep(course, cast["ben"], WORDS, at)
    assert [one.words for one in notes.own_notes(course, cast["ben"])] == [WORDS]
    assert "harbour" not in everything_stored()
    assert stat.S_IMODE(vault.path().stat().st_mode) == 0o600


def test_nobody_else_reads_it(cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]) -> None:
    """No page shows the words to anybody but Ben: not the prescriber, who may keep notes too, nor the export."""
    notes.keep(course, cast["ben"], WORDS, at)
    pages = [f"/therapy/{course.key}/notes/", f"/therapy/{course.key}/", f"/courses/{course.key}/"]
    pages += [f"/courses/{course.key}/events.jsonl", "/courses/?q=harbour", "/audit/", "/therapy/keys/"]
    with clock.stopped(at):
        shown = {n: any("transference" in signed_in(n).get(p).content.decode() for p in pages) for n in cast}
    assert {name for name, seen in shown.items() if seen} == {"ben"}


def test_a_note_laid_into_another_record_does_not_open(cast: Cast, course: Course, at: datetime) -> None:
    """The seal covers author, course and note: moved to another author or changed in one byte, it is refused."""
    made = notes.keep(course, cast["ben"], WORDS, at)
    PrivateNote.objects.filter(pk=made.pk).update(author=cast["cleo"])
    with pytest.raises(vault.NotOpened):
        notes.own_notes(course, cast["cleo"])


@given(key=st.binary(min_size=32, max_size=32), words=st.text(max_size=50))
def test_two_halves_make_the_key_and_each_alone_opens_nothing(key: bytes, words: str) -> None:
    """For any key: the halves joined open what it sealed, and neither half does."""
    one, other = vault.halves(key)
    sealed = vault.seal(words, "a_ben", "n|c|a", key)
    assert vault.unseal(sealed, "a_ben", "n|c|a", vault.joined(one, other)) == words
    for half in (one, other):
        with pytest.raises(vault.NotOpened):
            vault.unseal(sealed, "a_ben", "n|c|a", half)


def test_a_lost_key_comes_back_with_both_passphrases(cast: Cast, course: Course, at: datetime) -> None:
    """Without its file no note opens and none is sealed with a new key; both holders put it back, one alone cannot."""
    first, second = held(cast, at)
    notes.keep(course, cast["ben"], WORDS, at)
    vault.path().unlink()
    with pytest.raises(vault.KeyGone):
        notes.own_notes(course, cast["ben"])
    with pytest.raises(vault.KeyGone):
        notes.keep(course, cast["ben"], "another", at)
    with pytest.raises(notes.TwoPeople):
        notes.restore_key(first, first, cast["alma"], at)
    with pytest.raises(vault.NotOpened):
        notes.restore_key(first, notes.Holder(second.account, "a wrong passphrase"), cast["alma"], at)
    notes.restore_key(first, second, cast["alma"], at)
    assert notes.own_notes(course, cast["ben"])[0].words == WORDS
    assert [e.kind for e in entries("site") if e.kind.startswith("notes.")] == [
        "notes.holders_set",
        "notes.recovery_refused",
        "notes.key_restored",
    ]


def test_two_holders_open_notes_for_a_day(cast: Cast, course: Course, at: datetime) -> None:
    """The named reader reads them for 24 h, each look an entry, an alert is open, and the author is told."""
    first, second = held(cast, at)
    notes.keep(course, cast["ben"], WORDS, at)
    wanted = notes.Wanted(course, cast["ben"], cast["cleo"], "author_left")
    notes.open_for(wanted, first, second, cast["alma"], at)
    assert [n.words for n in notes.opened_notes(course, cast["cleo"], at)] == [WORDS]
    assert notes.opened_notes(course, cast["ben"], at) == []
    assert notes.opened_notes(course, cast["cleo"], at + timedelta(hours=25)) == []
    assert Alert.objects.get().kind == "notes_opened"
    assert [one.reader for one in notes.openings_of(cast["ben"], course)] == [cast["cleo"]]
    kinds = [e.kind for e in entries(course.key)]
    assert "notes.opened" in kinds and "record.read" in kinds


def test_pages_seal_discard_and_recover(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client], home: Path
) -> None:
    """Through the pages: Ben seals and takes away, Cleo cannot take his, Alma names holders and opens for Cleo."""
    page = f"/therapy/{course.key}/notes/"
    with clock.stopped(at):
        assert signed_in("ben").post(page, {"words": WORDS}).status_code == 302
        made = PrivateNote.objects.get()
        assert signed_in("cleo").post(f"/therapy/note/{made.key}/discard/").status_code == 403
        alma = signed_in("alma")
        two = {"first": cast["quinn"].pk, "first_passphrase": ONE, "second": cast["alma"].pk, "second_passphrase": TWO}
        assert alma.post("/therapy/keys/", {"act": "holders", **two}).status_code == 302
        asked = {"course": course.key, "author": cast["ben"].pk, "reader": cast["cleo"].pk, "reason": "danger", **two}
        sent = {f"open-{name}": value for name, value in asked.items()} | {"act": "open"}
        assert alma.post("/therapy/keys/", sent | {"open-second_passphrase": "wrong wrong wrong"}).status_code == 409
        assert alma.post("/therapy/keys/", sent).status_code == 302
        assert "harbour" in signed_in("cleo").get(page).content.decode()
        assert "Opened for Cleo" in signed_in("ben").get(page).content.decode()
        assert signed_in("ben").post(f"/therapy/note/{made.key}/discard/").status_code == 302
    assert (PrivateNote.objects.count(), Opening.objects.count(), KeyHalf.objects.count()) == (0, 1, 2)


def test_erasing_the_person_takes_the_notes(cast: Cast, course: Course, at: datetime) -> None:
    """After erasing, no sealed note about the person is left, and none can be added."""
    notes.keep(course, cast["ben"], WORDS, at)
    erase_person(course.person, "a_alma", at)
    assert not PrivateNote.objects.exists()
    course.person.refresh_from_db()
    with pytest.raises(Exception, match="erased"):
        notes.keep(course, cast["ben"], WORDS, at)
