"""Pictures of a running demonstration: `python tools/screenshots.py URL SIGN_INS.json FOLDER [THEMES] [top]`.

With `top` only what a screen shows at first is taken, as for docs/img; otherwise the whole page.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = (390, 820, 1440)
STATION = (("today", "/today/"), ("wall", "/today/wall/"), ("alerts", "/alerts/"))
WAY = (
    ("screening", "/pathway/demo-004/screening/"),
    ("consent", "/pathway/demo-054/consent/"),
    ("calendar", "/pathway/demo-011/plan/"),
    ("deciding", "/pathway/demo-054/deciding/"),
)
HOUSE = (("house", "/house/"), ("training", "/training/"))
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Signs in as each role and takes each page in each width and theme."""
    url, sign_ins, folder = sys.argv[1].rstrip("/"), json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
    themes = sys.argv[4].split(",") if len(sys.argv) > 4 else ["light", "dark", "dim"]
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for theme in themes:
            for width in WIDTHS:
                _tour(browser, url, sign_ins, folder, theme, width)
            _own(browser, url, sign_ins, folder, theme)
        browser.close()


def _own(browser: Browser, url: str, sign_ins: dict[str, str], folder: Path, theme: str) -> None:
    """The patient's own pages on a phone, and a check-in in Spanish."""
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}, base_url=url)
    context.add_cookies([{"name": "unstuck_theme", "value": theme, "url": url}])
    page = context.new_page()
    page.goto("/people/sign-in/")
    _sign_in(page, "ada", sign_ins["ada"])
    for name in ("", "curve", "journal", "readers"):
        page.goto(f"/me/{name}/".replace("//", "/"))
        _shoot(page, folder / f"own{'_' * bool(name)}{name}-390-{theme}.png")
    page.goto("/me/")
    page.get_by_role("button", name="Español").click()
    page.locator("button[name=occasion]").first.click()
    _shoot(page, folder / f"own_check_in-390-{theme}.png")
    context.close()


def _tour(browser: Browser, url: str, sign_ins: dict[str, str], folder: Path, theme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 1000})
    context.add_cookies([{"name": "unstuck_theme", "value": theme, "url": url}])
    page = context.new_page()
    page.goto(f"{url}/people/sign-in/")
    _shoot(page, folder / f"sign_in-{width}-{theme}.png")
    _sign_in(page, "cleo", sign_ins["cleo"])
    for name, path in (*STATION, *HOUSE, ("people", "/courses/"), ("protocols", "/protocols/"), *WAY):
        page.goto(url + path)
        _shoot(page, folder / f"{name}-{width}-{theme}.png")
    page.goto(f"{url}/protocols/feder_2021/")
    _shoot(page, folder / f"protocol-{width}-{theme}.png")
    page.goto(f"{url}/evidence/feder_2021/")
    _shoot(page, folder / f"evidence-{width}-{theme}.png")
    _session(page, url, folder / f"session-{width}-{theme}.png")
    page.goto(f"{url}/courses/demo-007/")
    _shoot(page, folder / f"course-{width}-{theme}.png")
    _answering(page, url, folder, f"{width}-{theme}")
    context.close()


def _session(page: Page, url: str, path: Path) -> None:
    """The first session that runs now, from the board."""
    page.goto(f"{url}/today/")
    address = page.locator(".chair a[href*='/session/']").first.get_attribute("href")
    page.goto(url + (address or "/"))
    page.wait_for_timeout(1500)
    _shoot(page, path)


def _answering(page: Page, url: str, folder: Path, end: str) -> None:
    """The phone's page, by a link to the first questions that are due to anybody."""
    page.goto(f"{url}/courses/")
    for address in [a.get_attribute("href") for a in page.locator("a.row-link").all()][:25]:
        page.goto(url + (address or "/"))
        link = page.locator("a[href*='/ask/']").first
        if link.count():
            link.click()
            page.locator("main form button").click()
            page.locator("#answer-link").click()
            _shoot(page, folder / f"answer-{end}.png")
            return


def _sign_in(page: Page, name: str, password: str) -> None:
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.locator("main form button[type=submit]").click()


def _shoot(page: Page, to: Path) -> None:
    page.screenshot(path=to, full_page="top" not in sys.argv)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    print(f"{to.name}{'  SIDEWAYS by ' + str(wide) if wide > 0 else ''}")


if __name__ == "__main__":
    main()
