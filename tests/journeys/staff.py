"""A clinic with staff and nobody else, served from the test's own database, so that a journey can move its clock."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.test import override_settings
from django.urls import get_resolver
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.site_fixtures import CAST, PASSWORD, at, home, ledger_triggers
from unstuck.clinic import clock
from unstuck.clinic.people.actions import NewAccount, open_account
from unstuck.clinic.people.models import Role

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser's event loop runs beside the test's database

__all__ = ["at", "home", "ledger_triggers", "phone", "plain_http", "staff", "staffed"]


@pytest.fixture(scope="session", autouse=True)
def plain_http() -> Iterator[None]:
    """The test's server speaks plain HTTP on this machine; its middleware reads that when it starts.

    Its pages are imported before anybody asks for one: the first answer is then no slower than the others.
    """
    secure = {"SECURE_SSL_REDIRECT": False, "SESSION_COOKIE_SECURE": False, "CSRF_COOKIE_SECURE": False}
    with override_settings(**secure, SESSION_COOKIE_NAME="unstuck", CSRF_COOKIE_NAME="csrf"):
        assert get_resolver().url_patterns
        yield


@pytest.fixture
def staffed(live_server: Any, settings: Any, at: datetime) -> Iterator[str]:
    """The address of a demonstration with staff, its clock stopped at `at`."""
    settings.UNSTUCK_DEMO = True
    for name, roles in CAST.items():
        if Role.PATIENT not in roles:
            open_account(NewAccount(name, name.title(), roles, f"{name}@example.org", PASSWORD, None), "a_test", at)
    clock.set_to(at)
    server = Answering()
    yield live_server.url
    server.rests()
    clock.set_to(None)


class Answering:
    """How many requests the test's server is at work on."""

    def __init__(self) -> None:
        self._count, self._changed = 0, threading.Condition()
        request_started.connect(self._began)
        request_finished.connect(self._ended)

    def rests(self) -> None:
        """Waits until the server has nothing to do: what it does later would find another test's database."""
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, timeout=30)
        request_started.disconnect(self._began)
        request_finished.disconnect(self._ended)

    def _began(self, **_told: object) -> None:
        with self._changed:
            self._count += 1

    def _ended(self, **_told: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()


@pytest.fixture
def staff(chromium: Browser, staffed: str) -> Iterator[Callable[[str], Page]]:
    """Opens a browser of its own, signs a member of staff in and gives the page."""
    contexts = []

    def come_in(name: str) -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=staffed)
        contexts.append(context)
        page = context.new_page()
        page.goto("/people/sign-in/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", PASSWORD)
        with page.expect_navigation():
            page.click("main form button[type=submit]")
        expect(page).not_to_have_url(re.compile("sign-in"))
        return page

    yield come_in
    for context in contexts:
        leave(context)


def leave(context: BrowserContext) -> None:
    """Closes a browser after its pages have said their last word to the server, which would outlive the database."""
    context.set_offline(True)
    context.close()
    time.sleep(0.2)


@pytest.fixture
def phone(chromium: Browser, staffed: str) -> Iterator[Page]:
    """A phone of 390 px in which nobody has signed in."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, base_url=staffed, has_touch=True)
    yield context.new_page()
    context.close()
