"""The pages of a session in every width and light: readable, reachable by a finger, no wider than the screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.clinic.test_session import reading, send
from tests.course_makers import MINUTE
from tests.journeys.conftest import until
from tests.journeys.staff import *  # noqa: F403
from tests.journeys.test_every_page import ACT, SMALL_TARGETS, SMALL_TEXT, THEMES, WIDER, WIDTHS, breaches
from tests.session_makers import PLACE, check_in, in_progress, ordered, ready
from tests.site_fixtures import PASSWORD, enrol
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.photos import drawn, keep_photo
from unstuck.clinic.session.actions import make_help_link
from unstuck.clinic.session.models import Sitting
from unstuck.core.events import DoseGiven

pytestmark = [pytest.mark.django_db(transaction=True)]
Staff = Callable[[str], Page]


def faults_of(page: Page, address: str) -> list[str]:
    """What is wrong with the page in any width and light."""
    faults: list[str] = []
    for width, theme in [*((w, "light") for w in WIDTHS), *((WIDTHS[1], t) for t in THEMES[1:])]:
        page.set_viewport_size(ViewportSize(width=width, height=900))
        page.context.add_cookies([{"name": "unstuck_theme", "value": theme, "url": page.url}])
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
        said = breaches(page) + [f"small target: {t}" for t in page.evaluate(SMALL_TARGETS, ACT)]
        said += [f"small text: {t}" for t in page.evaluate(SMALL_TEXT)]
        said += [f"wider by {wider}"] if (wider := page.evaluate(WIDER)) else []
        faults += [f"{width} {theme}: {words}" for words in said]
    return faults


def cast_now() -> dict[str, Account]:
    return {account.username: account for account in Account.objects.all()}


def address(course: Course) -> str:
    return f"/session/{course.key}/{PLACE.step}/{PLACE.occurrence}/"


def test_before_the_dose(staff: Staff, at: datetime) -> None:
    """Check-in, then the gates with the order and the two checks."""
    cast = cast_now()
    ada = register_person(Identity("Ada Ames", date(1984, 3, 14)), "a_test", at, simulated=True)
    course, now = ready(cast, at, ada)
    clock.set_to(now)
    page = staff("cleo")
    page.clock.install(time=now)
    assert faults_of(page, address(course)) == []
    page.goto("/session/room/")  # the page of the session would renew itself while it is asked for again
    check_in(course, cast, now)
    ordered(course, cast, now)
    assert faults_of(page, address(course)) == []


def test_with_an_alarm_and_a_call_and_on_paper(staff: Staff, at: datetime) -> None:
    """The running infusion with a broken limit and a call, the paper twin, and the person's help signal."""
    cast = cast_now()
    course, began = in_progress(cast, at)
    now = began + 10 * MINUTE
    send(
        course,
        cast,
        now,
        reading("look-0001", now, "systolic_mmhg", 165),
        reading("look-0002", now, "spo2_percent", 86),
    )
    clock.set_to(now + MINUTE / 2)
    page = staff("nia")
    page.clock.install(time=now + MINUTE / 2)
    token = make_help_link(Sitting.objects.get(), cast["nia"].key, now)
    for there in (address(course), f"{address(course)}paper/", f"{address(course)}rate/cadss/", f"/h/{token}/"):
        assert faults_of(page, there) == [], there


def test_without_scripts_the_page_still_takes_a_reading(staff: Staff, at: datetime) -> None:
    """Scripts off: the state is on the page, and a reading by plain form is in the record."""
    cast = cast_now()
    course, began = in_progress(cast, at)
    clock.set_to(began + MINUTE)
    signed = staff("nia")
    browser = signed.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, base_url=re.sub(r"(//[^/]+).*", r"\1", signed.url))
    context.add_cookies(signed.context.cookies())  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address(course))
    expect(page.locator("#pump")).to_contain_text("Runs")
    expect(page.locator("#reading .pad")).to_be_hidden()
    page.fill("#r-pulse_per_min", "93")
    page.click("#reading button[type=submit]")
    expect(page.locator("#timeline")).to_contain_text("pulse 93")
    context.close()


def test_the_sheet_is_one_page_of_a4(staff: Staff, at: datetime) -> None:
    """Printed, the paper twin of a whole infusion and its stay fits one sheet."""
    cast = cast_now()
    course, began = in_progress(cast, at)
    clock.set_to(began + MINUTE)
    page = staff("nia")
    page.goto(f"{address(course)}paper/")
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert re.findall(rb"/Type\s*/Pages.*?/Count (\d+)|/Count (\d+)", printed, re.DOTALL)[0] in (
        (b"1", b""),
        (b"", b"1"),
    )


def test_drawing_photo_and_code(staff: Staff, at: datetime) -> None:
    """What was drawn and is not accounted for, the person's photo with its page, and the code of a second factor."""
    cast = cast_now()
    course, began = in_progress(cast, at)
    clock.set_to(began + MINUTE)
    keep_photo(course.person, drawn(course.person.name), cast["nia"].key, began)
    page = staff("nia")
    order = next(e.what.order for e in load(course).state.log if isinstance(e.what, DoseGiven))
    pages = (f"/stock/drawings/draw-{order}/", f"/people/{course.person.key}/photo/change/", address(course))
    for there in pages:
        assert faults_of(page, there) == [], there
    expect(page.get_by_role("img", name="Photo of Ada Ames")).to_be_visible()
    until(page, "document.querySelector('.face').naturalWidth > 0")  # a renewed part loads it again
    enrol(cast["cleo"], began)
    page.context.clear_cookies()
    page.goto("/people/sign-in/")
    page.fill("input[name=username]", "cleo")
    page.fill("input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("main form button[type=submit]")
    assert page.url.endswith("/people/sign-in/code/")
    assert faults_of(page, "/people/sign-in/code/") == []
    assert page.url.endswith("/people/sign-in/code/")
