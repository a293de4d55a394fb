"""Pictures of a running demonstration: `tools/screenshots.py URL SIGN_INS.json FOLDER [docs] [THEMES] [WIDTHS]`.

With `docs` those of docs/pictures.md are taken, what a screen shows at first; otherwise every page as a whole.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS, THEMES, COLOURS = (390, 820, 1440), ("light", "dark", "dim"), 256
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
    "quinn": (("house", "/house/"), ("audit", "/audit/"), ("glass", "/privacy/demo-011/open/")),
    "nia": (("training", "/training/"),),
    "alma": (("accounts", "/people/accounts/"),),
}
"""By whom, and the name and address of each page."""
OWN = ("", "journal", "plan", "days", "curve", "summary", "readers", "agreed", "calm", "keys")
FINDS = (
    ("session", "/today/", ".chair a[href*='/session/']"),
    ("alert", "/alerts/", "main a[href*='/alerts/al_']"),
)
DOCS = frozenset(
    [
        "today-1440-light",
        "today-1440-dim",
        "today-820-light",
        "today-820-dim",
        "session-1440-light",
        "session-1440-dim",
        "session-820-light",
        "session-820-dim",
        "course-1440-light",
        "course-390-dark",
        "protocol-1440-light",
        "evidence-1440-light",
        "screening-1440-light",
        "screening-390-dark",
        "arrive-820-light",
        "consent-820-light",
        "consent-390-dark",
        "calendar-1440-light",
        "calendar-390-light",
        "day-820-light",
        "therapy-1440-light",
        "therapy-390-dark",
        "notes-820-dim",
        "alerts-1440-light",
        "alert-390-dark",
        "deciding-1440-light",
        "deciding-390-light",
        "house-1440-light",
        "house-390-light",
        "training-820-light",
        "audit-1440-light",
        "glass-820-light",
        "answer-390-light",
        "own-390-light",
        "own-390-dark",
        "own_check_in-390-light",
        "own_journal-390-dark",
        "own_curve-390-light",
        "own_readers-390-light",
        "own_calm-390-dim",
        "own_plan-390-light",
        "own_agreed-390-light",
    ]
)
"""Name, width and theme of each picture in docs/img that this tool takes."""
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Signs in as each role and takes each page in each width and theme; for the documents only the wanted ones."""
    url, sign_ins, folder = sys.argv[1].rstrip("/"), json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for theme in [word for word in sys.argv[4:] if word in THEMES] or THEMES:
            for width in [int(word) for word in sys.argv[4:] if word.isdigit()] or WIDTHS:
                for who, pages in PAGES.items():
                    if _wants(width, theme, [*pages, *FINDS, ("answer", "")]):
                        _tour(_visitor(browser, url, theme, width), who, sign_ins[who], folder, f"{width}-{theme}")
            if _wants(WIDTHS[0], theme, [(f"own_{name}" if name else "own", "") for name in (*OWN, "check_in")]):
                _own(_visitor(browser, url, theme, WIDTHS[0]), sign_ins["ada"], folder, theme)
        browser.close()


def _wants(width: int, theme: str, pages: Sequence[tuple[str, ...]]) -> bool:
    return "docs" not in sys.argv or any(f"{page[0]}-{width}-{theme}" in DOCS for page in pages)


def _tour(page: Page, who: str, password: str, folder: Path, end: str) -> None:
    """What one member of staff sees."""
    _sign_in(page, who, password)
    for name, path in (*PAGES[who], *(_found(page) if who == "cleo" else ())):
        if "docs" not in sys.argv or f"{name}-{end}" in DOCS:
            page.goto(path)
            _shoot(page, folder / f"{name}-{end}.png")
    if who == "finn" and ("docs" not in sys.argv or f"answer-{end}" in DOCS):
        _answering(page, folder, end)
    page.context.close()


def _visitor(browser: Browser, url: str, theme: str, width: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": HEIGHTS[width]}, base_url=url)
    context.add_cookies([{"name": "unstuck_theme", "value": theme, "url": url}])
    return context.new_page()


def _own(page: Page, password: str, folder: Path, theme: str) -> None:
    """The patient's own pages on a phone, and a check-in in Spanish."""
    _sign_in(page, "ada", password)
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
    """The page as a small picture; for the documents what a screen shows at first, and only the wanted ones."""
    if "docs" in sys.argv and to.stem not in DOCS:
        return
    if "/session/" in page.url:
        page.locator("#timeline li").first.wait_for()
    taken = page.screenshot(full_page="docs" not in sys.argv)
    Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(to, optimize=True)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    print(f"{to.name}{'  SIDEWAYS by ' + str(wide) if wide > 0 else ''}", flush=True)


if __name__ == "__main__":
    main()
