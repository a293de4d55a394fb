"""What every page shares: the light of the screen, the menu by role, pages of errors, nothing foreign or inline."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

pytestmark = pytest.mark.django_db
Browser = Callable[[str], Client]


@pytest.mark.parametrize("theme", ["light", "dark", "dim"])
def test_a_page_is_served_in_the_chosen_light(browser: Client, theme: str) -> None:
    """The choice is kept in a cookie that only the server reads, and the next page comes with it: no flash."""
    answer = browser.post("/theme/", {"theme": theme, "back": "/people/sign-in/"})
    cookie = answer.cookies["unstuck_theme"]
    assert (answer["Location"], cookie.value) == ("/people/sign-in/", theme)
    assert cookie["httponly"] and cookie["secure"]
    assert f'data-theme="{theme}"' in browser.get("/people/sign-in/").content.decode()


def test_an_unknown_light_and_a_foreign_address_are_refused(browser: Client) -> None:
    """No cookie is kept for a light that there is not, and nobody is sent to another site."""
    answer = browser.post("/theme/", {"theme": "disco", "back": "https://elsewhere.example/"})
    assert (answer["Location"], "unstuck_theme" in answer.cookies) == ("/", False)
    assert "data-theme" not in browser.get("/people/sign-in/").content.decode()


def test_a_patient_comes_to_the_own_pages(signed_in: Browser) -> None:
    """The first page leads a patient to their own, which have a menu of their own."""
    assert signed_in("ada").get("/")["Location"] == "/me/"


@pytest.mark.parametrize(
    ("username", "menu"),
    [
        (
            "nia",
            ["Today", "Alerts", "People", "Drug stock", "Protocols", "Evidence", "The house", "Training", "Monitors"],
        ),
        ("finn", ["Today", "Alerts", "People", "Protocols", "Evidence", "Training"]),
        ("dev", ["People", "Protocols", "Evidence", "The house", "Training"]),
        ("otis", ["Alerts", "Drug stock", "Protocols", "Evidence", "Training"]),
        ("quinn", ["Drug stock", "Protocols", "Evidence", "Visits told", "The house", "Training", "Audit"]),
        ("alma", ["Protocols", "Evidence", "Training", "Audit", "Accounts", "Chairs", "Monitors"]),
        ("eve", []),
    ],
)
def test_the_menu_has_what_the_role_may_open(signed_in: Browser, username: str, menu: list[str]) -> None:
    """Nobody is shown a door that is closed to them."""
    nav = re.search(r'<nav class="nav".*?</nav>', signed_in(username).get("/").content.decode(), re.S)
    assert nav and re.findall(r">([^<>\n]+)</a>", nav[0]) == menu


PAGES = [("nia", "/today/"), ("cleo", "/protocols/"), ("cleo", "/protocols/feder_2021/"), ("quinn", "/audit/")]


@pytest.mark.parametrize(("username", "address"), [*PAGES, ("eve", "/today/"), ("nia", "/nowhere/")])
def test_a_page_holds_nothing_foreign_or_inline(signed_in: Browser, username: str, address: str) -> None:
    """No inline style or script, nothing loaded from another host: the strict policy has nothing to block."""
    answer: Any = signed_in(username).get(address)
    page = answer.content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']?(?:https?:)?//", page)
    assert 'class="skip"' in page and "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_errors_outside_of_any_page_look_like_the_rest(name: str) -> None:
    """They need no request and no database, and say that nothing was saved."""
    page = render_to_string(name)
    assert "unstuck.css" in page and "Nothing was saved" in page
