"""With the triggers dropped, an intruder changes the ledger; verification finds and names every row."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from unstuck.clinic.ledger import head, triggers
from unstuck.clinic.ledger.actions import append_event, note
from unstuck.clinic.ledger.chain import digest
from unstuck.clinic.ledger.models import Chain, Entry
from unstuck.clinic.ledger.verify import Fault, verify
from unstuck.core.events import Event, Origin, StepHeld

pytestmark = pytest.mark.django_db(transaction=True)


def write(at: datetime, course: str, numbers: range) -> None:
    """One committed entry a number."""
    for number in numbers:
        with transaction.atomic():
            append_event(
                Event(f"{course}_{number}", course, at, at, "a_nia", Origin.CLINIC, StepHeld("review", number)), "h1"
            )


@pytest.fixture
def ledger(at: datetime) -> None:
    """Two courses of ten entries each and one site entry; then the triggers are dropped."""
    write(at, "c_one", range(1, 11))
    write(at, "c_two", range(1, 11))
    note("account.signed_in", "a_nia", at)
    triggers.drop(connection)


def found() -> list[tuple[Fault, str, int]]:
    return [(f.fault, f.chain, f.seq) for f in verify().findings]


def rehash(chain: str, start: int) -> None:
    """What a careful intruder does: every hash from `start` on, and the chain's end, fit again."""
    before = Entry.objects.get(chain=chain, seq=start - 1).hash
    for entry in Entry.objects.filter(chain=chain, seq__gte=start).order_by("seq"):
        entry.previous_hash = before
        before = entry.hash = digest(entry)
        entry.save()
    Chain.objects.filter(key=chain).update(hash=before)


def test_an_untouched_ledger_is_sound(ledger: None) -> None:
    """Every entry was read, none waits for the head, and nothing is found."""
    report = verify()
    assert (report.entries, report.chains, report.ahead, report.findings) == (21, 3, 0, ())


def test_one_altered_row_is_found_and_named(ledger: None) -> None:
    """A changed payload is found, and the finding names chain, place, kind and time; no other row is accused."""
    Entry.objects.filter(chain="c_one", seq=4).update(actor="a_eve")
    assert found() == [(Fault.ALTERED, "c_one", 4)]
    sentence = verify().findings[0].sentence
    assert "Entry 4 of chain c_one, StepHeld recorded 2026-03-02T09:00:00" in sentence


def test_an_altered_row_with_a_fitting_hash_is_found(ledger: None) -> None:
    """A row that was rewritten together with its own hash is named, and its innocent successor is not."""
    entry = Entry.objects.get(chain="c_one", seq=4)
    entry.actor = "a_eve"
    entry.hash = digest(entry)
    entry.save()
    assert found() == [(Fault.ALTERED, "c_one", 4)]


def test_a_chain_that_was_hashed_anew_is_found(ledger: None) -> None:
    """When every later hash was made to fit as well, the head still knows the true ones."""
    Entry.objects.filter(chain="c_one", seq=4).update(actor="a_eve")
    rehash("c_one", 4)
    assert found() == [(Fault.ALTERED, "c_one", seq) for seq in range(4, 11)]


def test_a_rewritten_row_is_found_without_the_head(ledger: None, home: Path) -> None:
    """With the head gone, the chain alone names a rewritten row, and the missing head is a finding of its own."""
    entry = Entry.objects.get(chain="c_one", seq=4)
    entry.actor = "a_eve"
    entry.hash = digest(entry)
    entry.save()
    head.path().unlink()
    assert found() == [(Fault.HEAD_MISSING, "", 0), (Fault.ALTERED, "c_one", 4)]


def test_three_deleted_last_entries_are_each_found_and_named(ledger: None) -> None:
    """A cut-off tail is found entry by entry, even when the table of chain ends was made to fit."""
    Entry.objects.filter(chain="c_two", seq__gt=7).delete()
    Chain.objects.filter(key="c_two").update(length=7, hash=Entry.objects.get(chain="c_two", seq=7).hash)
    assert found() == [(Fault.CUT_OFF, "c_two", seq) for seq in (8, 9, 10)]
    assert all("StepHeld recorded 2026-03-02T09:00:00, was cut off" in f.sentence for f in verify().findings)


def test_an_altered_row_and_three_deleted_ones_are_found_together(ledger: None) -> None:
    """One report names both faults, in two chains."""
    Entry.objects.filter(chain="c_one", seq=2).update(kind="DoseGiven")
    Entry.objects.filter(chain="c_two", seq__gt=7).delete()
    assert found() == [(Fault.ALTERED, "c_one", 2), *((Fault.CUT_OFF, "c_two", seq) for seq in (8, 9, 10))]


def test_a_cut_off_tail_that_was_written_over_is_found(ledger: None, at: datetime) -> None:
    """New entries on the stump of a chain do not hide what stood there: the head refuses to take them up."""
    Entry.objects.filter(chain="c_two", seq__gt=7).delete()
    Chain.objects.filter(key="c_two").update(length=7, hash=Entry.objects.get(chain="c_two", seq=7).hash)
    write(at, "c_two", range(11, 12))
    assert found() == [(Fault.ALTERED, "c_two", 8), (Fault.CUT_OFF, "c_two", 9), (Fault.CUT_OFF, "c_two", 10)]


def test_a_deleted_row_in_the_middle_is_named(ledger: None) -> None:
    """A gap is named by the places that are missing."""
    Entry.objects.filter(chain="c_one", seq__in=(5, 6)).delete()
    assert found() == [(Fault.MISSING, "c_one", 5), (Fault.MISSING, "c_one", 6)]


def test_a_whole_chain_that_is_gone_is_named(ledger: None) -> None:
    """Deleting a course with all its entries leaves each of them in the head."""
    Entry.objects.filter(chain="c_one").delete()
    Chain.objects.filter(key="c_one").delete()
    assert found() == [(Fault.CUT_OFF, "c_one", seq) for seq in range(1, 11)]


def test_two_rows_that_changed_places_are_named(ledger: None) -> None:
    """A moved row is told from an altered one: the finding says in which place it was written."""
    for seq, place in ((3, 99), (6, 3), (99, 6)):
        Entry.objects.filter(chain="c_one", seq=seq).update(seq=place)
    assert found() == [(Fault.REORDERED, "c_one", 3), (Fault.REORDERED, "c_one", 6)]
    assert "it was written as entry 6" in verify().findings[0].sentence


def test_a_changed_head_is_found(ledger: None) -> None:
    """Every line of the head covers the line before: a changed or deleted line is found."""
    whole = head.path().read_bytes().splitlines(keepends=True)
    head.path().write_bytes(b"".join(whole[:5] + whole[6:]))
    assert (Fault.HEAD_DAMAGED, "", 6) in found()


def test_a_head_that_is_behind_catches_up(at: datetime) -> None:
    """After a crash between commit and head, entries are late, not wrong, and the next round takes them up."""
    write(at, "c_one", range(1, 4))
    kept = head.path().read_bytes()
    write(at, "c_one", range(4, 7))
    head.path().write_bytes(kept)
    assert (verify().ahead, verify().findings) == (3, ())
    assert head.catch_up_all() == 3
    assert (verify().ahead, verify().findings) == (0, ())


def test_a_torn_last_line_is_mended(at: datetime) -> None:
    """A crash in the middle of a line loses nothing: the line is written anew."""
    write(at, "c_one", range(1, 4))
    head.path().write_bytes(head.path().read_bytes()[:-20])
    assert (verify().ahead, verify().findings) == (1, ())
    write(at, "c_one", range(4, 5))
    assert (verify().ahead, verify().findings) == (0, ())


def test_the_head_takes_up_nothing_that_does_not_follow(at: datetime) -> None:
    """Entries behind a forged one stay out of the head."""
    write(at, "c_one", range(1, 4))
    kept = head.path().read_bytes()
    write(at, "c_one", range(4, 7))
    head.path().write_bytes(kept)
    triggers.drop(connection)
    Entry.objects.filter(chain="c_one", seq=5).update(actor="a_eve")
    assert head.catch_up_all() == 1
    assert found() == [(Fault.ALTERED, "c_one", 5)]


def test_a_lost_head_is_not_replaced_in_silence(ledger: None, at: datetime) -> None:
    """Without the head nothing is written in its place, so that deleting it cannot hide a cut-off tail."""
    head.path().unlink()
    write(at, "c_one", range(11, 12))
    assert head.catch_up_all() == 0
    assert not head.path().exists()
    assert not head.is_ready()


def test_a_new_head_is_begun_by_order_only(ledger: None, home: Path) -> None:
    """After `renew_head` the ledger is sound as it stands; the old head is kept and the act is an entry."""
    Entry.objects.filter(chain="c_two", seq__gt=7).delete()
    Chain.objects.filter(key="c_two").update(length=7, hash=Entry.objects.get(chain="c_two", seq=7).hash)
    old = head.path().read_bytes()
    call_command("renew_head", yes=True, stdout=StringIO())
    (aside,) = home.glob("ledger.head.*")
    entry = Entry.objects.get(kind="ledger.head_renewed")
    told = json.loads(entry.payload)
    assert (aside.read_bytes(), told) == (old, {"findings": 3, "old_sha256": hashlib.sha256(old).hexdigest()})
    assert verify().sound and verify().ahead == 0


def test_the_command_names_the_faults(ledger: None) -> None:
    """`verify_ledger` prints each finding and ends with exit code 1; with --json a program can read them."""
    Entry.objects.filter(chain="c_one", seq=4).update(actor="a_eve")
    assert "Entry 4 of chain c_one" in _told(1)
    assert [f["seq"] for f in json.loads(_told(1, "--json"))["findings"]] == [4]


def test_the_command_says_when_all_is_well(ledger: None) -> None:
    """A sound ledger ends with exit code 0 and a sentence."""
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert "The ledger is sound." in out.getvalue()


def _told(code: int, *options: str) -> str:
    out = StringIO()
    with pytest.raises(SystemExit) as leaving:
        call_command("verify_ledger", *options, stdout=out)
    assert leaving.value.code == code
    return out.getvalue()
