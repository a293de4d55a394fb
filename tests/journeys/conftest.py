"""A clinic served as a user would serve it, and a real browser to visit it with.

The browser is the one that UNSTUCK_CHROMIUM names, else a Chromium on PATH. Each test has contexts of its own, and
ends with the claim that no page had a script error or asked for anything that its security policy refuses.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

import tests.site_fixtures  # noqa: F401 (sets Django up before a journey imports the clinic)

READY_WITHIN_S = 300
PATIENCE_MS = 120_000  # what must come may come late on a busy machine
expect.set_options(timeout=PATIENCE_MS)
DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Visit = Callable[..., Page]


def until(page: Page, expression: str, arg: Any = None) -> None:
    """Waits until the page's own script finds it so.

    Playwright's `wait_for_function` asks again by `eval`, which the clinic's security policy refuses: it fails on
    whatever is not so at once.
    """
    end = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(expression, arg):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


@dataclass(frozen=True)
class Clinic:
    """A demonstration being served: its address, its data folder, and the password of each member of the cast."""

    address: str
    home: Path
    passwords: dict[str, str]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """SQLite in a file, as a site has it: server and test have connections of their own, which wait for each other."""
    told = connections["default"].settings_dict
    if "sqlite" in told["ENGINE"]:
        folder = tempfile.TemporaryDirectory(prefix="unstuck-journeys-")
        told["TEST"] = {**told.get("TEST", {}), "NAME": str(Path(folder.name) / "journeys.sqlite3")}
        yield
        folder.cleanup()
    else:
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    path = os.environ.get("UNSTUCK_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        pytest.skip("no Chromium on PATH; install one or set UNSTUCK_CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        browser.new_context = _patient(browser.new_context)  # type: ignore[method-assign]
        yield browser
        browser.close()


def _patient(new_context: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    """Makes contexts whose pages wait as long for an answer as `expect` does."""

    def made(**told: Any) -> BrowserContext:
        context = new_context(**told)
        context.set_default_timeout(PATIENCE_MS)
        return context

    return made


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """`unstuck serve --demo` in a data folder of its own."""
    home, address = tmp_path_factory.mktemp("clinic") / "home", f"http://127.0.0.1:{_free_port()}"
    command = [sys.executable, "-m", "unstuck", "serve", "--demo", "--port", address.rpartition(":")[2]]
    with (home.parent / "log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | {"UNSTUCK_HOME": str(home)}, stdout=log, stderr=log)
    try:
        _wait_for(f"{address}/health/", server, home.parent / "log")
        yield Clinic(address, home, json.loads((home / "sign-ins.json").read_text(encoding="utf-8")))
    finally:
        server.terminate()
        server.wait(timeout=600)


@pytest.fixture
def visit(chromium: Browser, clinic: Clinic) -> Iterator[Visit]:
    """`visit("cleo")` is a page in which Cleo has signed in; `visit()` one in which nobody has; `viewport=PHONE`."""
    faults: list[str] = []
    contexts = []

    def visit(username: str | None = None, viewport: ViewportSize = DESK) -> Page:
        contexts.append(chromium.new_context(base_url=clinic.address, viewport=viewport))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on("console", lambda said: faults.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        if username:
            sign_in(page, username, clinic.passwords[username])
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []


def sign_in(page: Page, username: str, password: str) -> None:
    """Fills in the form for signing in, as a person would; the page that answers is open."""
    page.goto("/people/sign-in/")
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(password)
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()


def sign_out(page: Page) -> None:
    """Presses the button in the head of each page; to go elsewhere at once would stop the request on its way."""
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (URLError, OSError):
            if server.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the clinic did not start: {log.read_text(errors='replace')}")
            time.sleep(0.2)
