"""Opening in an emergency, unmasking, and erasing: by name, with a reason, and not before the law lets it be."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.clinic.courses import enrolled, released
from tests.clinic.test_serve import environment, own_database
from unstuck.clinic import clock
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course.models import Course
from unstuck.clinic.interop.models import Message as MonitorMessage
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.messages.actions import Letter, send
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.people.texts import text_of
from unstuck.clinic.privacy import erasure

__all__ = ["own_database"]
Cast = dict[str, Account]
HOUR = timedelta(hours=1)
WHY = {"reason": "danger_to_life", "words": "Called from the street, cannot speak clearly."}


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """Rosa in a trial that hides its arm from patient, therapist and research."""
    return enrolled(released("ketamine_pe", at), at)


def test_the_glass_opens_one_record_for_an_hour(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """Quality, whose role opens no course, reads this one for an hour under its name, no other, and then none."""
    other = enrolled(released("feder_2021", at), at)
    quinn, page = signed_in("quinn"), f"/courses/{course.key}/"
    with clock.stopped(at):
        assert quinn.get(page).status_code == 403
        assert quinn.post(f"/privacy/{course.key}/open/", WHY).status_code == 302
        shown = quinn.get(page).content.decode()
        assert "Rosa Lindqvist" in shown and "Ketamine 0.5" not in shown
        assert quinn.get(f"/courses/{other.key}/").status_code == 403
    with clock.stopped(at + HOUR):
        assert signed_in("quinn").get(page).status_code == 403


def test_it_is_logged_alerting_and_bound_to_its_reason(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """The entry names the act and holds no word of the reason; the words are found by it; the opener owns no alert."""
    with clock.stopped(at):
        signed_in("cleo").post(f"/privacy/{course.key}/open/", WHY)
    (entry,) = [e for e in entries(course.key) if e.kind == "glass.broken"]
    assert entry.actor == cast["cleo"].key and "street" not in entry.payload
    text = text_of(entry.text_mac)
    assert text and text.body == WHY["words"]
    alert = Alert.objects.get()
    assert (alert.kind, alert.owner) == ("record_opened", None) and alert.details["not"] == [cast["cleo"].key]


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"words": "because"}, {"reason": "curious"}])
def test_without_a_reason_nothing_opens(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client], wrong: dict[str, str]
) -> None:
    """No reason, one word, or a reason that is none: refused, not logged as opened, and closed."""
    with clock.stopped(at):
        quinn = signed_in("quinn")
        assert quinn.post(f"/privacy/{course.key}/open/", WHY | wrong).status_code == 409
        assert quinn.get(f"/courses/{course.key}/").status_code == 403


def test_unmasking_shows_the_arm_to_the_treating_team_alone(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """The blinded therapist unmasks for an hour; research and the patient have no such door; quality's is another."""
    page = f"/courses/{course.key}/"
    with clock.stopped(at):
        ben = signed_in("ben")
        assert "Ketamine 0.5" not in ben.get(page).content.decode()
        assert ben.post(f"/privacy/{course.key}/unmask/", WHY | {"reason": "reaction"}).status_code == 302
        assert "Ketamine 0.5" in ben.get(page).content.decode()
        doors = [signed_in(n).post(f"/privacy/{course.key}/unmask/", WHY) for n in ("dev", "quinn", "ada")]
        assert {answer.status_code for answer in doors} == {403}
    assert Alert.objects.get().kind == "unmasked"
    with clock.stopped(at + HOUR):
        assert not access.may_see_arm(cast["ben"], course)


def test_a_record_is_kept_as_long_as_the_law_wants(cast: Cast, course: Course, at: datetime, settings: Any) -> None:
    """Refused by name the day before, possible on the day; a site that has not told its period erases nothing."""
    with pytest.raises(erasure.PeriodNotSet):
        erasure.erase(course.person, cast["alma"].key, at)
    settings.UNSTUCK_RETENTION_YEARS = 10
    assert erasure.may_be_erased_from(course.person) == date(2036, 3, 2)
    with pytest.raises(erasure.Retained, match="2036-03-02"):
        erasure.erase(course.person, cast["alma"].key, datetime(2036, 3, 1, 12, tzinfo=at.tzinfo))
    erasure.erase(course.person, cast["alma"].key, datetime(2036, 3, 2, 12, tzinfo=at.tzinfo))
    course.person.refresh_from_db()
    assert course.person.name == ""


def test_somebody_without_a_record_can_be_erased_at_once(cast: Cast, at: datetime) -> None:
    """A person who was registered and never treated has no record that a law would want."""
    person = register_person(Identity("Nobody Yet"), "a_finn", at)
    assert erasure.may_be_erased_from(person) is None
    erasure.erase(person, cast["alma"].key, at)


def test_the_page_refuses_and_erases(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client], settings: Any
) -> None:
    """Only the administrator has it; it takes a key and shows no name; inside the period it says from which day."""
    settings.UNSTUCK_RETENTION_YEARS = 10
    sent = {"key": course.key, "sure": "yes"}
    with clock.stopped(at):
        assert {n: signed_in(n).get("/privacy/erase/").status_code for n in cast}["alma"] == 200
        assert [n for n in cast if signed_in(n).get("/privacy/erase/").status_code == 200] == ["alma"]
        refused = signed_in("alma").post("/privacy/erase/", sent)
        assert refused.status_code == 409 and "2036-03-02" in refused.content.decode()
    with clock.stopped(at + timedelta(days=4000)):
        assert "Erased" in signed_in("alma").post("/privacy/erase/", sent).content.decode()


FILL_AND_ERASE = """
import django; django.setup()
import sys
from datetime import date
from pathlib import Path
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.apps import apps
from django.db import transaction
from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry, enrol, write
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.messages.actions import Letter, send
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
from unstuck.clinic.people.models import Photo, Role, Person
from unstuck.clinic.people.texts import write_text
from unstuck.clinic.portal.leaves import LeafKind
from unstuck.clinic.portal.models import Leaf
from unstuck.clinic.privacy import erasure
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.site.keeping import back_up
from unstuck.clinic.therapy import notes
from unstuck.core import events as ev
from unstuck.core.protocol_file import load_protocol
at = clock.read()
ben = open_account(NewAccount("ben", "Ben", (Role.THERAPIST,)), "", at)
for n in range(20): register_person(Identity(f"Somebody Else {n}"), ben.key, at)
zoe = register_person(Identity("Zoe Quarnstrom", date(1977, 7, 17), "zoe.q@example.org", "0700-555-0142"), ben.key, at)
open_account(NewAccount("zoe.quarnstrom", "Zoe Quarnstrom", (Role.PATIENT,), "zoe.q@example.org", person=zoe), "", at)
course = enrol(zoe, release_as(load_protocol("cpt"), "a_x", at), None, Entry(ben.key, at, at))
write(course, ev.FactStated("person.veteran", True), Entry(ben.key, at, at, "Served at the lighthouse garrison."))
notes.keep(course, ben, "Dreams of the lighthouse stairs.", at)
text = write_text(zoe, "journal", "Walked to the lighthouse before sunrise.", at)
Leaf.objects.create(person=zoe, kind=LeafKind.JOURNAL, text=text, written_at=at)
Photo.objects.create(person=zoe, body=b"photofieldmark" * 9, mark="m", kept_at=at, kept_by=ben.key)
with transaction.atomic(): send(Letter("link", "zoe.q@example.org", "Hello", "Good day Zoe Quarnstrom"), at)
Person.objects.filter(pk=zoe.pk).update(phone="0700-555-0143")
zoe.refresh_from_db()
erasure.erase(zoe, ben.key, at.replace(year=at.year + 11))
back_up(Path(sys.argv[1]), clock.read())
words = ("quarnstrom", "zoe.q", "555-014", "lighthouse", "1977-07-17", "photofieldmark")
stored = repr([list(m.objects.values_list()) for m in apps.get_models()]).lower()
print([w for w in words if w in stored], verify().sound, Person.objects.count())
"""


MARKS = (b"quarnstrom", b"zoe.q", b"555-014", b"lighthouse", b"1977-07-17", b"photofieldmark")


def test_nothing_of_an_erased_person_is_in_the_database_or_in_a_new_backup(
    own_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Name, telephone (the old one too), address, birth date, photo, journal, reasons, notes: in no table, in no byte
    of the SQLite files and of a backup made afterwards; the ledger verifies."""
    backup = tmp_path_factory.mktemp("elsewhere") / "clinic.tar"
    told = environment(own_database) | {"UNSTUCK_RETENTION_YEARS": "10"}
    done = subprocess.run(
        [sys.executable, "-c", FILL_AND_ERASE, str(backup)], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[] True 21"
    files = [backup, *(path for path in own_database.rglob("*") if path.is_file())]
    if not os.environ.get("UNSTUCK_DATABASE_URL"):
        assert any(path.name == "clinic.sqlite3" for path in files)
    for path in files:
        bytes_of = path.read_bytes().lower()
        found = [w for w in MARKS if w in bytes_of]
        assert not found, (path.name, found)


def test_a_name_beyond_ascii_is_found_in_what_a_monitor_sent(cast: Cast, at: datetime) -> None:
    """A monitor sends names in capitals, or their accents as signs of their own; letters to the account go too."""
    person = register_person(Identity("Åsa Öberg"), "a_test", at)
    new = NewAccount("asa", "Åsa", (Role.PATIENT,), "asa@example.org", None, person)
    open_account(new, "a_test", at)
    send(Letter("invite", "asa@example.org", "Your own page", "Good day."), at)
    apart = unicodedata.normalize("NFD", "PID|1||9||Öberg")
    for number, body in enumerate(("PID|1||7||ÖBERG^ÅSA", "PID|1||8||BERG^ANNA", apart)):
        told = {"address": "10.0.0.5", "digest": str(number), "body": body, "received_at": at}
        MonitorMessage.objects.create(verdict="E", **told)
    erasure.erase(person, "a_test", at)
    assert [one.body for one in MonitorMessage.objects.order_by("digest")] == ["", "PID|1||8||BERG^ANNA", ""]
    assert not Message.objects.filter(to="asa@example.org").exists()


BUSY = """
import django; django.setup()
import sqlite3
from pathlib import Path
from django.conf import settings
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
from unstuck.clinic import clock
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.privacy import erasure
at, log = clock.read(), settings.UNSTUCK_HOME / "clinic.sqlite3-wal"
zoe = register_person(Identity("Zoe Quarnstrom"), "a_test", at)
reader = sqlite3.connect(settings.UNSTUCK_HOME / "clinic.sqlite3", isolation_level=None)
reader.execute("BEGIN"); reader.execute("SELECT count(*) FROM people_person").fetchone()
connection.cursor().execute("PRAGMA busy_timeout=20")
erasure.erase(zoe, "a_test", at)
held = b"Quarnstrom" in log.read_bytes()
reader.execute("COMMIT"); reader.close()
erasure.work_round(at)
print(held, b"Quarnstrom" in log.read_bytes(), (settings.UNSTUCK_HOME / erasure.WANTED).exists())
"""


def test_the_log_is_emptied_once_nobody_reads(tmp_path: Path) -> None:
    """On SQLite: while another connection reads, the log keeps the name; the worker's next round empties it."""
    told = environment(tmp_path)
    done = subprocess.run([sys.executable, "-c", BUSY], env=told, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True False False", done.stderr


def test_reading_in_an_emergency_is_an_entry_too(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """Each page that the opener reads stands on the course's chain, where the person's own page finds it."""
    with clock.stopped(at):
        quinn = signed_in("quinn")
        quinn.post(f"/privacy/{course.key}/open/", WHY)
        quinn.get(f"/courses/{course.key}/")
    assert Entry.objects.filter(chain=course.key, kind="record.read", actor=cast["quinn"].key).count() == 1
