"""From a signed protocol to a score that the prescriber reads, in a real browser."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.clinic.courses import walk_on
from tests.journeys.staff import at, home, ledger_triggers, phone, plain_http, staff, staffed
from tests.site_fixtures import PASSWORD
from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.course.models import Course
from unstuck.clinic.protocol.models import Release
from unstuck.core.course import replay
from unstuck.core.events import from_dict

__all__ = ["at", "home", "ledger_triggers", "phone", "plain_http", "staff", "staffed"]

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def release(page: Page) -> None:
    """The prescriber signs feder_2021 with her password."""
    page.goto("/protocols/feder_2021/")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name=re.compile("sign|release", re.I)).last.click()
    expect(page.locator("main")).to_contain_text(re.compile("Version 1 signed"))


def enrol(page: Page) -> str:
    """The front desk enrols a person; the address of the course."""
    page.goto("/courses/new/")
    page.fill("input[name=name]", "Rosa Lindqvist")
    page.fill("input[name=born_on]", "1984-03-14")
    page.select_option("select[name=plan]", index=0)
    page.get_by_role("button", name="Enrol").click()
    expect(page.locator("h1")).to_have_text("Rosa Lindqvist")
    return page.url


def link_for(page: Page, course: str, step: str) -> str:
    """The front desk makes the link to the questions of a step."""
    page.goto(f"{course}ask/?step={step}")
    page.get_by_role("button", name="Make the link").click()
    return str(page.locator("#answer-link").get_attribute("href"))


def answer(phone: Page, link: str, choice: int) -> int:
    """The person answers every question alike by touch; how many touches it took."""
    phone.goto(link)
    touches = 0
    while "thanks" not in phone.url:
        for scale in phone.locator(".scale").all():
            scale.locator("label").nth(choice).tap()
            touches += 1
        with phone.expect_navigation():
            phone.locator("main form button[type=submit]").first.tap()
        touches += 1
    expect(phone.locator("main")).to_contain_text("Your answers have arrived")
    return touches


def test_a_first_course(staff: Any, phone: Page, at: Any) -> None:
    """Release, enrolment, a PCL-5 before and after the first dose on a phone; the prescriber sees what changed."""
    release(staff("cleo"))
    course_page = enrol(staff("finn"))
    course = Course.objects.get()
    assert course.release.hash == Release.objects.get().hash
    clock.set_to(walk_on(course, "baseline_interview", at))
    assert answer(phone, link_for(staff("finn"), course_page, "baseline:1"), 3) <= 60
    clock.set_to(walk_on(course, "infusion", clock.read()) + timedelta(days=7))
    answer(phone, link_for(staff("finn"), course_page, "weekly:1"), 1)
    cleo = staff("cleo")
    cleo.goto(course_page)
    main = cleo.locator("main")
    for words in ("Down 40 points since the start", "a reliable fall", "By cluster", "not the validated questionnaire"):
        expect(main).to_contain_text(words)
    assert cleo.locator(".next-what").inner_text().strip()
    assert cleo.locator("figure svg title").first.text_content()
    answer_file = cleo.request.get(f"{course_page}events.jsonl")
    events = [from_dict(json.loads(line)) for line in answer_file.text().splitlines()]
    loaded = queries.load(Course.objects.get())
    assert replay(loaded.protocol, events) == loaded.state
