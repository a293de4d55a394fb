"""The station through a shift, in a real browser: it renews itself, keeps the finger's place, rings and is answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.clinic.live import add, after, reading, seated
from tests.journeys.conftest import until
from tests.journeys.staff import at, home, ledger_triggers, phone, plain_http, staff, staffed
from unstuck.clinic import clock
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course.models import Course
from unstuck.clinic.people.models import Account
from unstuck.clinic.rooms.actions import ChairFacts, name_chair

__all__ = ["at", "home", "ledger_triggers", "phone", "plain_http", "staff", "staffed"]

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
Staff = Callable[[str], Page]
RENEW = """() => new Promise((shown) => {
  const board = document.getElementById("board");
  board.addEventListener("htmx:afterSettle", shown, {once: true});
  window.htmx.trigger(board, "tick");
}).then(() => null)"""
ASK = """() => {
  const board = document.getElementById("board");
  window.answered = new Promise((come) => board.addEventListener("htmx:afterRequest", () => come(null), {once: true}));
  window.htmx.trigger(board, "tick");
}"""


def key(name: str) -> str:
    return Account.objects.get(username=name).key


def high(minutes: float) -> list[Any]:
    return [reading("systolic_mmhg", 171, minutes), reading("diastolic_mmhg", 92, minutes)]


def renew(page: Page) -> None:
    """The board has asked the server again, as it does every few seconds by itself, and shows the answer."""
    page.evaluate(RENEW)


def rings(page: Page, kind: str) -> None:
    """What the station sounds now; nothing is the empty word."""
    expect(page.locator("#board-now")).to_have_attribute("data-rings", kind)


def press(page: Page, words: str) -> None:
    """Presses the button that says this; the page that answers is open, so that nothing cuts the request off."""
    with page.expect_navigation():
        page.get_by_role("button", name=words).click()


def going(page: Page) -> None:
    """Somebody answers the first alarm; the board that answers is open."""
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("I am going")).first.click()


def test_a_shift_at_the_station(staff: Staff) -> None:
    """An alarm comes to the open board by itself, rings, is taken by a named person there, and is silent everywhere."""
    course = seated(2, key("nia"))
    clock.set_to(after(3))
    station, office = staff("nia"), staff("ben")
    for page in (station, office):
        page.goto("/today/")
        expect(page.locator("main")).to_contain_text("Person 02")
        rings(page, "")
    add(course, *high(5))
    clock.set_to(after(5.5))
    expect(station.locator(".next-what")).to_contain_text("Blood pressure is high")  # by itself
    expect(station.locator(".next")).to_have_class(re.compile("unacked"))
    rings(station, "now")
    going(station)
    expect(station.locator(".next")).not_to_have_class(re.compile("unacked"))
    rings(station, "")
    renew(office)
    expect(office.locator("main")).to_contain_text("Nia is on it.")
    rings(office, "")


def test_sound_needs_one_tap_and_says_so(staff: Staff) -> None:
    """Until somebody allows it the page says that it cannot ring; after one tap it rings, again and again."""
    seated(2, key("nia"), None, *high(5))
    clock.set_to(after(5.5))
    page = staff("nia")
    page.goto("/today/")
    expect(page.locator("#sound-off")).to_contain_text("nothing rings here yet")
    assert page.evaluate("document.body.dataset.rung || ''") == ""
    page.locator("#sound").click()
    expect(page.locator("#sound-on")).to_be_visible()
    expect(page.locator("#sound-off")).to_be_hidden()
    expect(page.locator("body")).to_have_attribute("data-rung", re.compile(r"^([2-9]|\d\d)$"))


def renewed_under_a_finger(page: Page) -> None:
    """The finger comes down while the server's answer is on its way, and the answer has come."""
    held: list[Route] = []
    page.route("**/today/now/", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/today/now/"):
        page.evaluate(ASK)
    page.mouse.down()
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    page.evaluate("window.answered")


def test_renewing_keeps_the_finger_and_the_focus(staff: Staff) -> None:
    """A renewal neither takes the focus nor moves anything while a finger is down, however late its answer comes."""
    course = seated(2, key("nia"))
    seated(3, key("nia"))
    clock.set_to(after(3))
    page = staff("nia")
    page.goto("/today/")
    link = page.locator(".chair a").last
    link.focus()
    focused = page.evaluate("document.activeElement.id")
    renew(page)
    assert focused and page.evaluate("document.activeElement.id") == focused
    add(course, *high(5))
    clock.set_to(after(5.5))
    page.mouse.move(600, 500)
    renewed_under_a_finger(page)
    expect(page.locator(".next-what")).not_to_contain_text("Blood pressure is high")
    page.mouse.up()
    expect(page.locator(".next-what")).to_contain_text("Blood pressure is high")


def test_the_clock_counts_between_renewals(staff: Staff) -> None:
    """What is due counts down by the server's clock, second by second, without asking it."""
    seated(2, key("nia"))
    clock.set_to(after(3))
    page = staff("nia")
    page.route("**/today/now/", lambda route: route.abort())  # each renewal would set it back: ours stands still
    page.goto("/today/")
    shown = page.locator(".next-clock time")
    expect(shown).to_have_text(re.compile(r"^[67]:\d\d$"))
    first = shown.inner_text()
    until(page, "before => document.querySelector('.next-clock time').textContent < before", arg=first)


def test_a_board_that_cannot_renew_says_so(staff: Staff) -> None:
    """With the server out of reach for fifteen seconds the page says since when, until it is back."""
    seated(2, key("nia"))
    clock.set_to(after(3))
    page = staff("nia")
    page.goto("/today/")
    page.context.set_offline(True)
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("#stale")).to_contain_text("has not been renewed since")
    page.context.set_offline(False)
    expect(page.locator("#stale")).to_be_hidden()


def test_an_answer_that_never_comes_holds_nothing_up(staff: Staff) -> None:
    """A renewal that hangs is given up after the page's patience, and the next one brings the alarm."""
    course = seated(2, key("nia"))
    clock.set_to(after(3))
    page = staff("nia")
    held: list[Route] = []
    page.route("**/today/now/", lambda route: route.continue_() if held else held.append(route))
    page.goto("/today/")
    assert page.evaluate("0 < htmx.config.timeout && htmx.config.timeout < 60000")
    page.evaluate("htmx.config.timeout = 1000")
    with page.expect_event("requestfailed"):
        page.evaluate(ASK)
    add(course, *high(5))
    clock.set_to(after(5.5))
    expect(page.locator(".next-what")).to_contain_text("Blood pressure is high")


def test_chairs_are_taken_over(staff: Staff) -> None:
    """Ben ticks chairs and read-backs; while an alarm rings its chair cannot be ticked; then the board names him."""
    quiet, ringing = seated(2, key("nia")), seated(3, key("nia"), None, *high(5))
    clock.set_to(after(5.5))
    ben = staff("ben")
    ben.goto("/today/")
    with ben.expect_navigation():
        ben.get_by_role("link", name="Take chairs over").click()
    expect(ben.locator(f"input[value='{ringing.key}/infusion/1']")).to_be_disabled()
    ben.goto("/today/")
    going(ben)
    ben.goto("/today/hand-over/")
    for course in (quiet, ringing):
        ben.locator(f"input[value='{course.key}/infusion/1']").check()
    press(ben, "I take these chairs over")
    expect(ben.locator("[role=alert]:visible")).to_contain_text("Nothing has changed hands")
    ben.locator(f"input[value='{ringing.key}/pressure_high']").check()
    press(ben, "I take these chairs over")
    expect(ben.locator("main")).to_contain_text("You have taken over 2.")
    expect(ben.locator(".chair-foot b", has_text="Ben")).to_have_count(2)


def test_an_alert_is_taken_and_closed(staff: Staff) -> None:
    """An alarm that nobody answers becomes an alert; it is taken, acted on and closed on its own page."""
    seated(2, key("nia"), None, *high(5))
    clock.set_to(after(6.5))
    cleo = staff("nia")
    cleo.goto("/today/")
    assert Alert.objects.filter(kind="session_alarm").count() == 1
    cleo.goto("/alerts/")
    with cleo.expect_navigation():
        cleo.get_by_role("link", name="An alarm in a session is not answered").click()
    for words in ("I take it", "Went there", "Treated, and read again"):
        press(cleo, words)
    expect(cleo.locator("main")).to_contain_text("Closed:")
    expect(cleo.locator("main")).to_contain_text("Nia closed it: Treated, and read again.")


@pytest.mark.parametrize("theme", ["light", "dim"])
def test_forty_chairs_on_the_wall(staff: Staff, theme: str) -> None:
    """Forty chairs fit a wall screen without scrolling; number and word of each stay large, and no name is shown."""
    for number in range(1, 41):
        name_chair(f"chair_{number}", ChairFacts(f"Chair {number}", place=number), "a_test", after(-60))
    courses = [seated(n, key("nia"), None, *(high(5) if n == 7 else ())) for n in range(1, 39)]
    clock.set_to(after(5.5))
    page = staff("nia")
    page.context.add_cookies([{"name": "unstuck_theme", "value": theme, "url": page.url}])
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto("/today/wall/")
    assert page.locator(".wall-chair").count() == 40
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    assert page.locator(".wall-chair").first.locator(".wall-no").inner_text() == "7"
    sizes = page.evaluate(
        "[...document.querySelectorAll('.wall-no, .wall-clock')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 25
    assert not any(course.person.name in page.content() for course in courses)
    assert Course.objects.count() == 38
