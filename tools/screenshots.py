"""Pictures of a running demonstration: `python tools/screenshots.py URL SIGN_INS.json FOLDER [THEMES] [top] [WIDTHS]`.

With `top` only what a screen shows at first is taken, as for docs/img; otherwise the whole page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = (390, 820, 1440)
HEIGHTS = {390: 844, 820: 1100, 1440: 1000}
PAGES: dict[str, tuple[tuple[str, str], ...]] = {
    "finn": (
        ("people", "/courses/"),
        ("arrive", "/pathway/arrive/"),
        ("calendar", "/pathway/demo-011/plan/"),
        ("day", "/pathway/day/"),
        ("desk", "/own/demo-011/"),
    ),
    "ben": (("therapy", "/therapy/demo-011/"), ("notes", "/therapy/demo-011/notes/")),
    "cleo": (
        ("today", "/today/"),
        ("wall", "/today/wall/"),
        ("alerts", "/alerts/"),
        ("screening", "/pathway/demo-004/screening/"),
        ("consent", "/pathway/demo-054/consent/"),
        ("deciding", "/pathway/demo-054/deciding/"),
        ("course", "/courses/demo-007/"),
        ("protocols", "/protocols/"),
        ("protocol", "/protocols/feder_2021/"),
        ("evidence", "/evidence/feder_2021/"),
    ),
    "quinn": (("house", "/house/"), ("training", "/training/"), ("audit", "/audit/")),
    "alma": (("accounts", "/people/accounts/"),),
}
"""By whom, and the name and address of each page."""
OWN = ("", "journal", "plan", "days", "curve", "summary", "readers", "agreed", "calm", "keys")
FINDS = (
    ("session", "/today/", ".chair a[href*='/session/']"),
    ("alert", "/alerts/", "main a[href*='/alerts/al_']"),
)
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Signs in as each role and takes each page in each width and theme."""
    url, sign_ins, folder = sys.argv[1].rstrip("/"), json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
    themes = sys.argv[4].split(",") if len(sys.argv) > 4 else ["light", "dark", "dim"]
    widths = [int(word) for word in sys.argv[5:] if word.isdigit()] or WIDTHS
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for theme in themes:
            for width in widths:
                for who, pages in PAGES.items():
                    page = _visitor(browser, url, theme, width)
                    _sign_in(page, who, sign_ins[who])
                    for name, path in (*pages, *(_found(page) if who == "cleo" else ())):
                        page.goto(path)
                        _shoot(page, folder / f"{name}-{width}-{theme}.png")
                    if who == "finn":
                        _answering(page, folder, f"{width}-{theme}")
                    page.context.close()
            _own(browser, url, sign_ins, folder, theme)
        browser.close()


def _visitor(browser: Browser, url: str, theme: str, width: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": HEIGHTS[width]}, base_url=url)
    context.add_cookies([{"name": "unstuck_theme", "value": theme, "url": url}])
    return context.new_page()


def _own(browser: Browser, url: str, sign_ins: dict[str, str], folder: Path, theme: str) -> None:
    """The patient's own pages on a phone, and a check-in in Spanish."""
    page = _visitor(browser, url, theme, WIDTHS[0])
    _sign_in(page, "ada", sign_ins["ada"])
    for name in OWN:
        page.goto(f"/me/{name}/".replace("//", "/"))
        _shoot(page, folder / f"own{'_' * bool(name)}{name}-390-{theme}.png")
    page.goto("/me/")
    page.get_by_role("button", name="Español").click()
    page.locator("button[name=occasion]").first.click()
    _shoot(page, folder / f"own_check_in-390-{theme}.png")
    page.goto("/me/")
    page.get_by_role("button", name="English").click()
    page.context.close()


def _found(page: Page) -> Iterator[tuple[str, str]]:
    """Pages whose address the day decides: the first session that runs, and the first alert."""
    for name, where, link in (
        ("session", "/today/", ".chair a[href*='/session/']"),
        ("alert", "/alerts/", "main a[href*='/alerts/al_']"),
    ):
        page.goto(where)
        found = page.locator(link)
        if found.count():
            yield name, str(found.first.get_attribute("href"))


def _answering(page: Page, folder: Path, end: str) -> None:
    """The phone's page, by a link to the first questions that are due to anybody."""
    page.goto("/courses/")
    for address in [a.get_attribute("href") for a in page.locator("a.row-link").all()][:25]:
        page.goto(address or "/")
        link = page.locator("a[href*='/ask/']").first
        if link.count():
            link.click()
            page.locator("main form button").click()
            page.locator("#answer-link").click()
            _shoot(page, folder / f"answer-{end}.png")
            return


def _sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/people/sign-in/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.locator("main form button[type=submit]").click()


def _shoot(page: Page, to: Path) -> None:
    if "/session/" in page.url:
        page.locator("#timeline li").first.wait_for()
    page.screenshot(path=to, full_page="top" not in sys.argv)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    print(f"{to.name}{'  SIDEWAYS by ' + str(wide) if wide > 0 else ''}", flush=True)


if __name__ == "__main__":
    main()
