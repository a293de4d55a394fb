"""Every kind of page, in every width and light: readable, reachable by a finger, and no wider than the screen.

The rules of accessibility are axe's, levels A and AA of WCAG 2.0 to 2.2. Sizes are measured in the browser.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from tests.journeys.conftest import Clinic, Visit

WIDTHS, THEMES = (390, 820, 1440), ("light", "dark", "dim")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ACT = "a.b, button, nav a, summary, input:not([type=hidden]), select, textarea"
SMALL_TARGETS = """(which) => [...document.querySelectorAll(which)].map(e => {
  const label = e.matches('input[type=radio], input[type=checkbox]') ? (e.closest('label') || e) : e;
  const box = label.getBoundingClientRect();
  return {words: (label.innerText || e.name || '').slice(0, 40), high: box.height, wide: box.width};
}).filter(t => t.wide > 0 && (t.high < 43.5 || t.wide < 43.5))"""
SMALL_TEXT = """() => [...document.querySelectorAll('svg.chart text')].map(t => {
  const scale = t.ownerSVGElement.getScreenCTM().a;
  return {words: t.textContent, px: parseFloat(getComputedStyle(t).fontSize) * scale};
}).filter(t => t.px > 0 && t.px < 12.5)"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

PAGES = [
    (None, "/people/sign-in/"),
    (None, "/people/password/"),
    (None, "/a/thanks/"),
    ("cleo", "/"),
    ("cleo", "/today/"),
    ("finn", "/today/"),
    ("nia", "/today/wall/"),
    ("nia", "/today/hand-over/"),
    ("cleo", "/alerts/"),
    ("cleo", "{alert}"),
    ("cleo", "/alerts/rota/"),
    ("cleo", "/alerts/times/"),
    ("cleo", "/courses/"),
    ("dev", "/courses/"),
    ("finn", "/courses/new/"),
    ("cleo", "{course}"),
    ("finn", "{course}"),
    ("dev", "{course}"),
    ("nia", "{course}record/reading/"),
    ("cleo", "{course}record/override/"),
    ("finn", "{course}ask/?step=weekly:1"),
    ("cleo", "/pathway/consent/feder_2021/"),
    ("finn", "/pathway/arrive/"),
    ("finn", "/pathway/day/"),
    ("cleo", "{way}screening/"),
    ("nia", "{way}screening/tests/ask/"),
    ("ben", "{talk}"),
    ("ben", "{talk}notes/"),
    ("ben", "{recording}"),
    ("alma", "/therapy/keys/"),
    ("cleo", "/house/"),
    ("dev", "/house/"),
    ("cleo", "/house/complete/"),
    ("cleo", "/training/"),
    ("alma", "/privacy/erase/"),
    ("quinn", "{glass}"),
    ("ben", "{way}consent/"),
    ("finn", "{way}plan/"),
    ("cleo", "{way}deciding/"),
    ("cleo", "/rules/"),
    ("cleo", "/protocols/"),
    ("cleo", "/protocols/feder_2021/"),
    ("cleo", "/protocols/maps_frame/"),
    ("cleo", "/evidence/"),
    ("cleo", "/evidence/feder_2021/"),
    ("cleo", "/evidence/pe/"),
    ("cleo", "/evidence/feder_2021/text/"),
    ("ada", "/evidence/claims/"),
    ("ada", "/evidence/claims/?protocol=nasal_tfp"),
    ("quinn", "/audit/"),
    ("otis", "/stock/"),
    ("nia", "/stock/"),
    ("nia", "{lot}"),
    ("nia", "{lot}waste/"),
    ("otis", "/stock/receive/"),
    ("otis", "/stock/products/new/"),
    ("otis", "/stock/count/"),
    ("otis", "/stock/discrepancies/"),
    ("otis", "{discrepancy}"),
    ("quinn", "{discrepancy}"),
    ("alma", "/people/second-factor/"),
    ("alma", "/people/accounts/"),
    ("alma", "/chairs/"),
    ("alma", "/chairs/chair_1/"),
    ("alma", "/monitors/"),
    ("nia", "/monitors/"),
    ("nia", "{message}"),
    (None, "/me/in/"),
    (None, "/me/in/code/"),
    (None, "/me/calm/"),
    (None, "/a/now/"),
    ("ada", "/me/"),
    ("ada", "/me/journal/"),
    ("ada", "/me/plan/"),
    ("ada", "/me/plan/?write"),
    ("ada", "/me/days/"),
    ("ada", "/me/agreed/"),
    ("ada", "/me/curve/"),
    ("ada", "/me/readers/"),
    ("ada", "/me/summary/"),
    ("ada", "/me/visit/"),
    ("ada", "/me/keys/"),
    ("cleo", "{desk}"),
    ("cleo", "{desk}shared/"),
    ("quinn", "/own/visits/"),
    ("eve", "/"),
]


def look(page: Page, clinic: Clinic, width: int, theme: str, address: str) -> None:
    """The page in that width and light."""
    page.set_viewport_size(ViewportSize(width=width, height=900))
    page.context.add_cookies([{"name": "unstuck_theme", "value": theme, "url": clinic.address}])
    page.goto(address)


def course_address(page: Page) -> str:
    """A course in treatment, with doses given and more to come."""
    page.goto("/courses/")
    return str(page.locator("a.row-link").first.get_attribute("href"))


def stock_addresses(page: Page) -> dict[str, str]:
    """A lot with a history and the open discrepancy of the demonstration's stock."""
    page.goto("/stock/")
    lot = str(page.locator("table a.row-link").nth(2).get_attribute("href"))
    return {"lot": lot, "discrepancy": str(page.locator(".next a.b").get_attribute("href"))}


def around_ada(page: Page) -> dict[str, str]:
    """The therapy of a course with recorded sessions, the form of its next one, and the door for emergencies."""
    page.goto("/courses/?q=Ada")
    course = str(page.locator("a.row-link").first.get_attribute("href"))
    talk = course.replace("/courses/", "/therapy/")
    page.goto(talk)
    recording = str(page.locator(".next a.b-main").first.get_attribute("href"))
    return {"talk": talk, "recording": recording, "glass": course.replace("/courses/", "/privacy/") + "open/"}


def breaches(page: Page) -> list[str]:
    """What axe finds, each with the element and why."""
    found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
    return [f"{v['id']}: {n['html'][:160]} {n['any'][:1]}" for v in found for n in v["nodes"]]


@pytest.fixture
def opened(visit: Visit, request: pytest.FixtureRequest) -> tuple[Page, str]:
    """A page of somebody who has signed in, and the address to look at."""
    username, address = request.param
    page = visit(username)
    if address.startswith("{desk}"):
        page.goto("/courses/?q=Ada")
        own = str(page.locator("a.row-link").first.get_attribute("href")).replace("/courses/", "/own/")
        address = address.format(desk=own)
    if address.startswith(("{lot}", "{discrepancy}")):
        address = address.format(**stock_addresses(visit("otis")))
    if "{course}" in address:
        address = address.format(course=course_address(visit("cleo")))
    if "{way}" in address:
        address = address.format(way=course_address(visit("cleo")).replace("/courses/", "/pathway/"))
    if address.startswith(("{talk}", "{recording}", "{glass}")):
        address = address.format(**around_ada(visit("ben")))
    if address == "{message}":
        page.goto("/monitors/")
        address = str(page.locator("a[href*='/monitors/kept/']").first.get_attribute("href"))
    if address == "{alert}":
        page.goto("/alerts/")
        address = str(page.locator("a.row-link").first.get_attribute("href"))
    return page, address


@pytest.mark.parametrize("opened", PAGES, indirect=True, ids=lambda pair: f"{pair[0] or 'anybody'} {pair[1]}")
def test_every_page_in_every_width_and_light(opened: tuple[Page, str], clinic: Clinic) -> None:
    """No breach that axe can find, nothing to scroll sideways, targets of 44 px, chart text of 12.5 px or more."""
    page, address = opened
    faults: list[str] = []
    for width, theme in zip(WIDTHS, THEMES, strict=True):  # phone light, tablet dark, desk dim
        look(page, clinic, width, theme, address)
        said = breaches(page)
        if wider := page.evaluate(WIDER):
            said.append(f"wider than the screen by {wider}")
        said += [f"small target: {t}" for t in page.evaluate(SMALL_TARGETS, ACT)]
        said += [f"small text: {t}" for t in page.evaluate(SMALL_TEXT)]
        faults += [f"{width} {theme}: {words}" for words in said]
    assert faults == []
