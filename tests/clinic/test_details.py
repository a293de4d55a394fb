"""Who somebody is, put right; and one person who comes twice has one record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.course_makers import released
from tests.pages import without_keys
from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry, enrol, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.models import Entry as Line
from unstuck.clinic.messages.actions import Letter, send
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.portal import desk
from unstuck.core.events import CourseEnded, Ending

pytestmark = pytest.mark.django_db
Cast = dict[str, Account]
SignedIn = Callable[[str], Client]
BEA = Identity("Béa Berg", date(1980, 5, 17), "bea@exmaple.org", "0700")


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """Béa, enrolled with a slip in her address, and invited to it."""
    person = register_person(BEA, "a_test", at)
    made = enrol(person, released("cpt", cast["cleo"], at), None, Entry(cast["finn"].key, at, at))
    desk.invite(made, "https://clinic.example/me/in/", cast["finn"].key, at)
    return made


def details(**changes: str) -> dict[str, str]:
    return {"name": BEA.name, "born_on": "1980-05-17", "email": BEA.email, "phone": "0700", **changes}


def test_a_slip_is_put_right_everywhere(course: Course, cast: Cast, at: datetime, signed_in: SignedIn) -> None:
    """The letter that waits, the way in and the record have the new address; the ledger learns which field, no word."""
    to = f"/own/{course.key}/details/"
    with clock.stopped(at):
        assert signed_in("finn").post(to, details(email="bea@example.org", born_on="1981-05-17")).status_code == 302
        assert [signed_in(who).get(to).status_code for who in ("dev", "quinn", "eve", "ada")] == [403] * 4
    person = Person.objects.get(pk=course.person_id)
    assert (person.email, person.born_on) == ("bea@example.org", date(1981, 5, 17))
    assert Account.objects.get(person=person).email == "bea@example.org"
    assert {letter.to for letter in Message.objects.filter(purpose="invite")} == {"bea@example.org"}
    line = Line.objects.get(kind="person.changed")
    assert "email" in line.payload
    assert not [told for told in ("bea", "1981") if told in without_keys(line.payload)]


def test_nobody_gets_anothers_address(course: Course, cast: Cast, at: datetime, signed_in: SignedIn) -> None:
    """An address by which another patient comes in is refused, and nothing changes; without one, no letter waits."""
    to = f"/own/{course.key}/details/"
    with clock.stopped(at):
        assert signed_in("finn").post(to, details(email="ADA@example.org", name="Bea")).status_code == 409
        assert Person.objects.get(pk=course.person_id).name == BEA.name
        signed_in("finn").post(to, details(email=""))
    assert not Message.objects.filter(purpose="invite").exists()
    assert Account.objects.get(person_id=course.person_id).email == ""


def test_who_comes_again_keeps_one_record(course: Course, cast: Cast, at: datetime, signed_in: SignedIn) -> None:
    """The same name, however typed, and birth date: asked about, refused beside a course that goes on, then joined."""
    finn, to = signed_in("finn"), "/courses/new/"
    plan = f"{course.release_id}"
    told: dict[str, Any] = details(name="be\u0301a  BERG", plan=plan)
    with clock.stopped(at):
        asked = finn.post(to, told)
        assert asked.status_code == 400 and "Is it the same person" in asked.content.decode()
        assert "goes on" in finn.post(to, told | {"who": "same"}).content.decode()
        write(course, CourseEnded(Ending.COMPLETED), Entry(cast["cleo"].key, at, at))
        assert finn.post(to, told | {"who": "same"}).status_code == 302
        assert Person.objects.filter(born_on=BEA.born_on).count() == 1
        assert Course.objects.filter(person=course.person).count() == 2
        assert finn.post(to, told | {"who": "other"}).status_code == 302
    assert Person.objects.filter(born_on=BEA.born_on).count() == 2


def test_a_letter_on_its_way_follows(course: Course, cast: Cast, at: datetime) -> None:
    """A text message that waits for the old number goes to the new one."""
    with transaction.atomic():
        send(Letter("reminder", "0700", "", "Good day.", "text"), at)
    desk.put_right(course, Identity(BEA.name, BEA.born_on, BEA.email, "0711"), cast["finn"].key, at)
    assert Message.objects.get(purpose="reminder").to == "0711"
