"""The patient's pages in the states of the day after a dose, on a phone of 390 px, in both languages.

The demonstration's patient is past these days, so a course is made here whose dose was yesterday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.course_makers import DAY, adas_course, give_dose, up_to_dose
from tests.journeys.staff import at, home, leave, ledger_triggers, plain_http, staffed
from tests.journeys.test_every_page import ACT, SMALL_TARGETS, WIDER, breaches
from tests.site_fixtures import PASSWORD
from unstuck.clinic import clock
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.assessment.actions import Made, make_free_link
from unstuck.clinic.course.models import Course
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
from unstuck.clinic.people.models import Account, Role
from unstuck.core.instrument_file import load_instrument

__all__ = ["at", "home", "ledger_triggers", "plain_http", "staffed"]

pytestmark = [pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
WAITING = "form:has(button[name=occasion]) button"


@dataclass(frozen=True)
class Dosed:
    """Ada's course, whose dose was yesterday, and the address of the clinic."""

    course: Course
    now: datetime
    address: str


@pytest.fixture
def dosed(staffed: str, at: datetime) -> Dosed:
    """Ada a day after her first infusion."""
    person = register_person(Identity("Ada Ames", email="ada@example.org"), "a_test", at, simulated=True)
    open_account(NewAccount("ada", "Ada", (Role.PATIENT,), "ada@example.org", PASSWORD, person), "a_test", at)
    cast = {account.username: account for account in Account.objects.all()}
    course = adas_course(cast, at, person)
    start = up_to_dose(course, cast, at)
    give_dose(course, cast, start)
    now = start + DAY + timedelta(hours=1)
    clock.set_to(now)
    return Dosed(course, now, staffed)


def signed_in(chromium: Browser, here: Dosed, **told: object) -> Page:
    context = chromium.new_context(base_url=here.address, viewport=PHONE, has_touch=True, **told)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/people/sign-in/")
    page.fill("input[name=username]", "ada")
    page.fill("input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("main form button[type=submit]")
    assert page.url.endswith("/me/")
    return page


def send(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main form button[type=submit]").first.tap()


def touch_through(page: Page, pick: int = 0) -> tuple[int, int]:
    """Answers every part by the answer at that place; how many touches it took and how many parts there were."""
    touches = parts = 0
    while "/a/thanks/" not in page.url and "/a/now/" not in page.url:
        for scale in page.locator(".scale").all():
            labels = scale.locator("label")
            labels.nth(min(pick, labels.count() - 1)).tap()
            touches += 1
        send(page)
        touches, parts = touches + 1, parts + 1
    return touches, parts


def faults(page: Page) -> list[str]:
    """What axe, the width and the size of the targets say against the page as it stands."""
    wider = page.evaluate(WIDER)
    small = [f"small target: {target}" for target in page.evaluate(SMALL_TARGETS, ACT)]
    return [f"{page.url}: {said}" for said in (*breaches(page), *small, *(["wider"] if wider else []))]


@pytest.mark.parametrize(("language", "paths"), [
    ("en-US", ("", "visit/")),  # the others in English: test_every_page
    ("es-MX", ("", "visit/", "summary/", "readers/", "agreed/", "journal/", "plan/", "days/", "curve/", "keys/")),
])  # fmt: skip
def test_the_pages_of_the_day_after_pass_axe_on_a_phone(
    chromium: Browser, dosed: Dosed, language: str, paths: tuple[str, ...]
) -> None:
    """The first page, how the visit was, both parts of the check-in, what to do now: no breach, nothing too wide."""
    page, found = signed_in(chromium, dosed, locale=language), []
    for path in paths:
        page.goto(f"/me/{path}")
        found += faults(page)
    page.goto("/me/")
    with page.expect_navigation():
        page.locator(WAITING).first.tap()
    while "/a/now/" not in page.url:
        found += faults(page)
        for scale in page.locator(".scale").all():
            scale.locator("label").nth(1).tap()
        send(page)
    found += faults(page)
    leave(page.context)
    assert found == []


def test_the_day_after_works_without_scripts_and_a_risk_answer_is_met_at_once(chromium: Browser, dosed: Dosed) -> None:
    """No script: feedback arrives; a thought of death in the check-in ends where a number is in sight, and alerts."""
    page = signed_in(chromium, dosed, java_script_enabled=False)
    page.goto("/me/visit/")
    for field in page.locator("fieldset").all():
        field.locator("label").first.tap()
    page.locator("textarea").fill("It was cold")
    with page.expect_navigation():
        page.get_by_role("button", name="Send it").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    page.goto("/me/")
    with page.expect_navigation():
        page.locator(WAITING).first.tap()
    touch_through(page, pick=1)
    assert page.url.endswith("/a/now/")
    call = page.locator("a[href='tel:112']").first
    box = call.bounding_box()
    assert box and box["y"] + box["height"] < PHONE["height"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for telling us")
    assert {"suicide_risk", "concern_told"} <= set(Alert.objects.values_list("kind", flat=True))
    leave(page.context)


@pytest.mark.parametrize("key", ["pcl5_week", "phq9", "cssrs_screen"])
def test_a_questionnaire_is_one_touch_a_question(chromium: Browser, dosed: Dosed, key: str) -> None:
    """One touch for each question and one for each part: at four seconds a touch, under two minutes."""
    _link, signed = make_free_link(dosed.course, [key], Made("a_test", dosed.now, dosed.now + DAY))
    context = chromium.new_context(base_url=dosed.address, viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"/a/{signed}/")
    touches, parts = touch_through(page)
    leave(context)
    assert touches <= len(load_instrument(key).items) + parts
    assert touches * 4 <= 120
