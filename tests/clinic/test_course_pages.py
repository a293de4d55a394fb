"""Who sees what of a course, over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from tests.course_makers import DAY, MINUTE, adas_course, answer_all, give_dose, up_to_dose, up_to_readings
from tests.pages import without_keys
from unstuck.clinic import clock
from unstuck.clinic.assessment.actions import Place
from unstuck.clinic.course.enrolment import EnrolForm, draw_arm
from unstuck.clinic.course.models import Course
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.people.models import Account
from unstuck.core.protocol_file import load_protocol

SignedIn = Callable[[str], Client]
OTHERS = ("quinn", "alma", "eve")


@pytest.fixture
def course(cast: dict[str, Account], at: datetime, settings: Any) -> Course:
    """Ada's course in a demonstration: everything up to the first dose, the dose, and a better week after it."""
    settings.UNSTUCK_DEMO = True
    made = adas_course(cast, at)
    start = up_to_dose(made, cast, at)
    give_dose(made, cast, start)
    answer_all(made, Place("weekly", 1), 2, cast["ada"].person.key, start + 7 * DAY)  # type: ignore[union-attr]
    return made


@pytest.fixture
def later(at: datetime) -> Any:
    """The clinic's clock, nine days on."""
    with clock.stopped(at + 9 * DAY):
        yield at + 9 * DAY


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def page_of(course: Course) -> str:
    return f"/courses/{course.key}/"


def place(course: Course, where: str) -> str:
    return {"course": page_of(course), "list": "/courses/", "board": "/today/"}[where]


@pytest.mark.parametrize(
    ("username", "status"),
    [*((name, 200) for name in ("cleo", "ben", "nia", "finn", "dev")), ("ada", 302), *((name, 403) for name in OTHERS)],
)
def test_who_opens_a_course(signed_in: SignedIn, course: Course, username: str, status: int) -> None:
    """Care, front desk and research open a course; the person is led to the own pages; nobody else comes in."""
    assert signed_in(username).get(f"/courses/{course.key}/").status_code == status


def test_prescriber_sees_score_change_and_next(signed_in: SignedIn, course: Course, later: datetime) -> None:
    """60 fell to 40: the page says so, names the reliable fall, draws the clusters and shows what is next."""
    page = text(signed_in("cleo"), page_of(course))
    for words in ("Down 20 points", "a reliable fall", "Intrusion", "Ada Ames", "ketamine 40 mg", 'class="next'):
        assert words in page, words


@pytest.mark.parametrize("where", ["course", "list"])
def test_front_desk_sees_no_answer_score_or_gate(
    signed_in: SignedIn, course: Course, later: datetime, where: str
) -> None:
    """On the list and on the course the front desk sees who and when: no score, dose, gate, or why a step waits."""
    page = text(signed_in("finn"), place(course, where))
    assert "Ada Ames" in page
    for words in ("Down 20", "PCL-5, past week", "Intrusion", "40 mg", "Outcomes so far"):
        assert words not in page, words


@pytest.mark.parametrize("where", ["course", "list"])
def test_front_desk_is_not_told_why_a_step_waits(
    signed_in: SignedIn, cast: dict[str, Account], at: datetime, where: str, settings: Any
) -> None:
    """The first dose waits for a pressure: care reads that on the course, the front desk only that it is held."""
    settings.UNSTUCK_DEMO = True
    course = adas_course(cast, at)
    up_to_readings(course, cast, at)
    with clock.stopped(at + DAY + 60 * MINUTE):
        care, desk = (text(signed_in(name), place(course, where)) for name in ("cleo", "finn"))
    assert ("pper blood pressure" in care) == (where == "course")
    assert "Infusion is held" in desk
    assert "blood pressure" not in desk
    assert "things are missing" not in desk


@pytest.mark.parametrize("where", ["course", "list"])
def test_research_is_blind_to_name_arm_and_dose(
    signed_in: SignedIn, course: Course, later: datetime, where: str
) -> None:
    """In a blinded course research sees the pseudonym and the scores, but neither name nor arm nor dose nor reading."""
    page = text(signed_in("dev"), place(course, where))
    assert course.key in page
    page = without_keys(page)
    for words in ("Ada", "Ketamine 0.5", "40 mg", "Unwanted effects</h2><ul", "blood pressure is"):
        assert words not in page, words


@pytest.mark.parametrize("username", ["finn", "ben"])
def test_who_may_not_know_the_arm_does_not_choose_it(
    signed_in: SignedIn, course: Course, username: str, cast: dict[str, Account]
) -> None:
    """The front desk and a blinded role are offered the lot, never an arm; the prescriber may choose."""
    form = EnrolForm(cast[username])
    assert [words for _, words in form.fields["plan"].choices if "midazolam" in words.lower()] == []  # type: ignore[attr-defined]
    assert any("Midazolam" in words for _, words in EnrolForm(cast["cleo"]).fields["plan"].choices)  # type: ignore[attr-defined]


def test_the_lot_draws_every_arm() -> None:
    """In two hundred draws of a protocol with two equal arms each arm comes at least fifty times."""
    drawn = Counter(draw_arm(load_protocol("feder_2021")) for _ in range(200))
    assert set(drawn) == {"ketamine", "midazolam"}
    assert min(drawn.values()) >= 50


@pytest.mark.parametrize("where", ["course", "list", "board"])
def test_a_blinded_therapist_learns_no_dose(signed_in: SignedIn, course: Course, later: datetime, where: str) -> None:
    """feder_2021 blinds the therapist: name and scores are there, arm, drug and amount are not."""
    page = text(signed_in("ben"), place(course, where))
    assert "Ada Ames" in page
    for words in ("Ketamine 0.5", "40 mg", "Arm</dt>", "Midazolam"):
        assert words not in page, words


@pytest.mark.parametrize("username", ["ben", "dev", "finn"])
def test_what_is_hidden_is_not_called_absent(
    signed_in: SignedIn, course: Course, later: datetime, username: str
) -> None:
    """Where departures and effects are hidden the page says so, never that there are none; no export is offered."""
    page = text(signed_in(username), page_of(course))
    assert page.count("Not shown to you.") == 2
    for words in ("None so far", "Nothing has been written", "Export as events"):
        assert words not in page, words


def test_patient_sees_own_course_only(
    signed_in: SignedIn, course: Course, cast: dict[str, Account], at: datetime
) -> None:
    """A patient is led to the own pages, and opens no other person's course."""
    stranger = register_person(Identity("Bo Berg"), "a_test", at)
    other = Course.objects.create(person=stranger, release=course.release, enrolled_at=at)
    assert signed_in("ada").get(f"/courses/{course.key}/")["Location"] == "/me/"
    assert signed_in("ada").get(f"/courses/{other.key}/").status_code == 403


def test_the_page_has_no_inline_style_or_script(signed_in: SignedIn, course: Course, later: datetime) -> None:
    """Nothing on the course page needs what the security policy refuses."""
    page = text(signed_in("cleo"), page_of(course))
    assert "style=" not in page
    assert "<script>" not in page
    assert "onclick" not in page
