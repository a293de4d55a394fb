"""The patient's own page: plain, own, and nothing of what would unmask or frighten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from tests.course_makers import DAY, MINUTE, adas_course, answer_all, give_dose, tell, up_to_dose
from tests.pages import without_keys
from unstuck.clinic import clock
from unstuck.clinic.assessment.actions import Place
from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.own import own_page
from unstuck.clinic.course.queries import load
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.people.models import Account
from unstuck.core.events import ConsentGiven, VisitBooked

SignedIn = Callable[[str], Client]


@pytest.fixture
def course(cast: dict[str, Account], at: datetime, settings: Any) -> Course:
    """Ada, enrolled in feder_2021 in a demonstration."""
    settings.UNSTUCK_DEMO = True
    return adas_course(cast, at)


def own(client: Client, page: str = "") -> str:
    answer = client.get(f"/me/{page}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_says_what_is_next_and_where_help_is(signed_in: SignedIn, course: Course, at: datetime) -> None:
    """Ada reads her name, the next thing, who reads her answers and where help is; never that she is late or missed."""
    with clock.stopped(at + 40 * DAY):
        page = own(signed_in("ada"))
    for words in ("Hello, Ada", "A talk about what you agree to", "Help now", "Who can read what"):
        assert words in page, words
    main = page.split("<main")[1].lower()
    for words in ("late", "missed", "held", "gate", "failed", "overdue"):
        assert f" {words} " not in main, words


def test_page_shows_the_own_curve_without_arm_dose_or_gates(
    signed_in: SignedIn, course: Course, cast: dict[str, Account], at: datetime
) -> None:
    """After a week Ada sees that 60 came down to 40; the arm, the amount, gates and events' export are not there."""
    start = up_to_dose(course, cast, at)
    give_dose(course, cast, start)
    answer_all(course, Place("weekly", 1), 2, cast["ada"].person.key, start + 7 * DAY)  # type: ignore[union-attr]
    with clock.stopped(start + 8 * DAY):
        page = own(signed_in("ada")) + own(signed_in("ada"), "curve/")
    assert "came down by 20 points" in page
    for words in ("ketamine", "Ketamine 0.5", "40 mg", "May Infusion", "Export", "midazolam"):
        assert words not in without_keys(page), words


def test_questions_can_be_answered_from_the_page(
    signed_in: SignedIn, course: Course, cast: dict[str, Account], at: datetime
) -> None:
    """A button leads to the questions behind a link of the same kind as any other."""
    tell(course, ConsentGiven("treatment", "1", "consent"), cast["cleo"].key, at)
    with clock.stopped(at + MINUTE):
        assert "Answer now" in own(signed_in("ada"))
        answer = signed_in("ada").post(f"/courses/{course.key}/mine/", {"step": "screening:1"})
    assert answer["Location"].startswith("/a/")
    assert Link.objects.get().made_by == cast["ada"].key


def test_nobody_else_uses_that_button(signed_in: SignedIn, course: Course, at: datetime) -> None:
    """Neither staff nor another person's patient account makes a link by the patient's button."""
    stranger = register_person(Identity("Bo Berg"), "a_test", at)
    other = Course.objects.create(person=stranger, release=course.release, enrolled_at=at)
    assert signed_in("cleo").post(f"/courses/{course.key}/mine/", {"step": "screening:1"}).status_code == 403
    assert signed_in("ada").post(f"/courses/{other.key}/mine/", {"step": "screening:1"}).status_code == 403


def test_without_official_wording_a_real_person_is_told_to_ask(
    signed_in: SignedIn, course: Course, cast: dict[str, Account], at: datetime
) -> None:
    """Where the site has loaded no wording, the button of a real person leads to a sentence, and no link is made."""
    tell(course, ConsentGiven("treatment", "1", "consent"), cast["cleo"].key, at)
    Course.objects.update(simulated=False)
    with clock.stopped(at + MINUTE):
        answer = signed_in("ada").post(f"/courses/{course.key}/mine/", {"step": "screening:1"})
    assert answer.status_code == 409
    assert "cannot ask you here yet" in answer.content.decode()
    assert not Link.objects.exists()


def test_a_step_that_is_closed_leads_back(signed_in: SignedIn, course: Course, at: datetime) -> None:
    """Questions that are not due yet lead back to the own page."""
    with clock.stopped(at + MINUTE):
        answer = signed_in("ada").post(f"/courses/{course.key}/mine/", {"step": "weekly:1"})
    assert (answer.status_code, answer["Location"]) == (302, f"/courses/{course.key}/")


def test_the_sites_crisis_line_stands_on_every_page_of_a_patient(
    signed_in: SignedIn, course: Course, settings: Any
) -> None:
    """The number that the site set is a link that calls, on the own page and after answering."""
    settings.UNSTUCK_CRISIS_PHONE, settings.UNSTUCK_EMERGENCY_PHONE = "+1-555-0100", "911"
    for address in ("/me/", "/a/thanks/", "/a/now/"):
        page = signed_in("ada").get(address).content.decode()
        assert page.index('href="tel:+1-555-0100"') < page.index('href="tel:911"')
        assert "112" not in without_keys(page)


def test_a_visit_of_today_and_of_tomorrow_is_said_so(course: Course, cast: dict[str, Account], at: datetime) -> None:
    """The hour of a booked visit has "Today" or "Tomorrow" before it; a later one has its day alone."""
    said = []
    for days in (0, 1, 2):
        tell(course, VisitBooked("consent", 1, at + days * DAY + 120 * MINUTE, "room"), cast["finn"].key, at)
        step = own_page(load(course), at, clock.zone()).next
        assert step is not None
        said.append(step.when.partition(":")[0])
    assert said[:2] == ["Today", "Tomorrow"] and said[2].endswith("March, 11")
