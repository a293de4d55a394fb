"""The patient's own pages on a phone: a passkey, no scripts at all, no network, and a stranger with the link."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PHONE, Clinic, sign_in
from tests.pages import without_keys

DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@contextmanager
def telephone(chromium: Browser, clinic: Clinic, **told: Any) -> Iterator[Page]:
    """A phone of its own that visits the clinic under its name: a passkey belongs to a name, never to a number."""
    address = clinic.address.replace("127.0.0.1", "localhost")
    context = chromium.new_context(base_url=address, viewport=PHONE, **{"has_touch": True, "locale": "en-US", **told})
    yield context.new_page()
    context.close()


def press(page: Page, words: str) -> None:
    """Presses the button that says this; the page that answers is open, so that nothing cuts the request off."""
    with page.expect_navigation():
        page.get_by_role("button", name=words).click()


def letters(clinic: Clinic) -> str:
    """What the demonstration's mail system has written so far."""
    return (clinic.home.parent / "log").read_text(errors="replace")


def code_for(clinic: Clinic, page: Page, words: str = "Type this code") -> str:
    """Asks for a code by e-mail and reads it in the letter."""
    before = len(re.findall(r"(?m)^\d{6}$", letters(clinic)))
    page.goto("/me/in/")
    page.locator("input[name=email]").fill("ada@unstuck.example")
    with page.expect_navigation():
        page.locator("form:has(input[name=email]) button").click()
    for _second in range(120):
        found = re.findall(r"(?m)^(\d{6})$", letters(clinic))
        if len(found) > before:
            return str(found[-1])
        time.sleep(0.5)
    raise AssertionError("no letter with a code came")


def test_a_passkey_opens_the_page(chromium: Browser, clinic: Clinic) -> None:
    """Ada makes a passkey on her phone, signs out, and comes back in with it alone; taken out, it opens nothing."""
    with telephone(chromium, clinic) as page:
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        sign_in(page, "ada", clinic.passwords["ada"])
        page.goto("/me/keys/")
        with page.expect_navigation():
            page.get_by_role("button", name="Make a passkey on this device").click()
        expect(page.get_by_role("button", name="Remove")).to_have_count(1)
        press(page, "Sign out on this device")
        page.goto("/me/in/")
        page.get_by_role("button", name="Use my passkey").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ada")
        page.goto("/me/keys/")
        press(page, "Remove")
        expect(page.get_by_role("button", name="Remove")).to_have_count(0)
        press(page, "Sign out on this device")
        page.goto("/me/in/")
        page.get_by_role("button", name="Use my passkey").click()
        expect(page.get_by_text("That did not work.")).to_be_visible()


def test_everything_but_passkeys_works_without_scripts(chromium: Browser, clinic: Clinic) -> None:
    """With scripts off: a code, the journal, sharing, a day, Spanish and signing out; no passkey is offered."""
    with telephone(chromium, clinic, java_script_enabled=False) as page:
        code = code_for(clinic, page)
        page.locator("input[name=code]").fill(code)
        press(page, "Open my page")
        expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ada")
        page.goto("/me/journal/")
        page.locator("textarea").fill("A page without scripts")
        press(page, "Keep this page")
        mine = page.locator("article").filter(has_text="A page without scripts")
        with page.expect_navigation():
            mine.get_by_role("button", name="Share", exact=True).click()
        expect(mine).to_contain_text("Shared with the people who treat you")
        mine.get_by_text("Take it out", exact=True).click()
        with page.expect_navigation():
            mine.get_by_role("button", name="Yes, take it out").click()
        expect(mine).to_have_count(0)
        page.goto("/me/days/")
        page.get_by_label("Hours of sleep").fill("7")
        press(page, "Keep this day")
        expect(page.locator("table")).to_contain_text("7 h")
        page.goto("/me/keys/")
        expect(page.get_by_role("button", name="Make a passkey on this device")).to_be_hidden()
        press(page, "Español")
        expect(page.get_by_role("heading", level=1)).to_have_text("Cómo entrar")
        press(page, "Cerrar sesión en este dispositivo")
        page.goto("/me/journal/")
        assert page.url.endswith("/me/in/?next=/me/journal/")


def test_a_stranger_with_the_link_reads_nothing(chromium: Browser, clinic: Clinic) -> None:
    """Ada opens a check-in and answers a part; another browser goes on with the link, and sees nothing of hers."""
    with telephone(chromium, clinic) as ada, telephone(chromium, clinic) as stranger:
        sign_in(ada, "ada", clinic.passwords["ada"])
        ada.goto("/me/")
        with ada.expect_navigation():
            ada.locator("form:has(button[name=occasion]) button").first.click()
        for scale in ada.locator(".scale").all():
            scale.locator("label").first.click()
        with ada.expect_navigation():
            ada.locator("main form button[type=submit]").first.click()
        stranger.goto(ada.url)
        expect(stranger.locator("main")).to_contain_text("Part 2 of 2")
        for hidden in ("Ada", "Ames", "ketamine", "Feder", "Karin"):
            assert hidden not in without_keys(stranger.content())
        assert stranger.locator("input:checked").count() == 0
        for page in ("", "journal/", "plan/", "curve/", "readers/"):
            stranger.goto(f"/me/{page}")
            assert "/me/in/" in stranger.url and "Ada" not in without_keys(stranger.content())


def test_the_exercises_open_without_a_network(chromium: Browser, clinic: Clinic) -> None:
    """Once opened, the exercises and the crisis number open again with the network gone."""
    with telephone(chromium, clinic) as page:
        page.goto("/me/calm/")
        expect(page.get_by_text("now opens without a signal")).to_be_visible()
        page.reload()
        page.context.set_offline(True)
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Exercises that calm")
        assert page.locator("#help a[href^='tel:']").count() >= 1
        assert page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") != "0px"


def test_the_plan_opens_without_a_network_only_where_it_was_kept(chromium: Browser, clinic: Clinic) -> None:
    """Nothing of the plan is on the device until Ada keeps a copy; then it opens offline, and she can take it off."""
    with telephone(chromium, clinic) as page:
        sign_in(page, "ada", clinic.passwords["ada"])
        page.goto("/me/plan/")
        page.goto("/me/calm/")
        expect(page.get_by_text("now opens without a signal")).to_be_visible()
        expect(page.locator("[data-plan-here]")).to_be_hidden()
        page.goto("/me/plan/")
        page.get_by_role("button", name="Keep a copy on this device").click()
        page.goto("/me/calm/")
        page.context.set_offline(True)
        page.reload()
        expect(page.locator("[data-plan-here]")).to_contain_text("Cold water on my hands.")
        page.get_by_role("button", name="Take the copy off this device").click()
        page.reload()
        expect(page.locator("[data-plan-here]")).to_be_hidden()


def test_a_check_in_takes_a_dozen_touches(chromium: Browser, clinic: Clinic) -> None:
    """From the first page to the thanks: one touch a question, one a screen, one to begin."""
    with telephone(chromium, clinic) as page:
        sign_in(page, "ada", clinic.passwords["ada"])
        page.goto("/me/")
        with page.expect_navigation():
            page.locator("form:has(button[name=occasion]) button").first.tap()
        touches = 1
        while "thanks" not in page.url:
            for scale in page.locator(".scale").all():
                scale.locator("label").first.tap()
                touches += 1
            with page.expect_navigation():
                page.locator("main form button[type=submit]").first.tap()
            touches += 1
        assert touches <= 12
