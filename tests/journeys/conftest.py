"""A real browser on a real server: the staff of the cast, and headless Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.site_fixtures import CAST, PASSWORD, at, home, ledger_triggers

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright runs an event loop beside the test's database

from playwright.sync_api import Browser, Page, sync_playwright

from unstuck.clinic import clock
from unstuck.clinic.people.actions import NewAccount, open_account
from unstuck.clinic.people.models import Role

__all__ = ["at", "home", "ledger_triggers"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "the journeys need Chromium: apt-get install chromium"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def clinic(live_server: Any, settings: Any, at: Any) -> Iterator[str]:
    """The address of a demonstration clinic with staff and nobody else, its clock stopped at `at`."""
    settings.UNSTUCK_DEMO = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = False
    for name, roles in CAST.items():
        if Role.PATIENT not in roles:
            open_account(NewAccount(name, name.title(), roles, f"{name}@example.org", PASSWORD, None), "a_test", at)
    clock.set_to(at)
    yield live_server.url
    clock.set_to(None)


@pytest.fixture
def sign_in(chromium: Browser, clinic: str) -> Iterator[Any]:
    """Opens a browser of its own, signs somebody in and gives the page."""
    contexts = []

    def go(name: str, width: int = 1440) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=clinic)
        contexts.append(context)
        page = context.new_page()
        page.goto("/people/sign-in/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit]")
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.fixture
def phone(chromium: Browser, clinic: str) -> Iterator[Page]:
    """A phone of 390 px in which nobody has signed in."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, base_url=clinic, has_touch=True)
    yield context.new_page()
    context.close()
