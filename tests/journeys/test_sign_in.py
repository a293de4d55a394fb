"""Everyone of the cast comes in, and nobody else does."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PHONE, Clinic, Visit, sign_in, sign_out

CAST = ["finn", "nia", "ben", "cleo", "otis", "dev", "quinn", "ada", "alma"]


@pytest.mark.parametrize("username", CAST)
def test_everyone_signs_in_and_out(visit: Visit, username: str) -> None:
    """With the printed password each role reaches a page of its own, and leaves it again."""
    page = visit(username)
    expect(page).not_to_have_url(re.compile("sign-in"))
    expect(page.locator("h1")).to_be_visible()
    sign_out(page)
    page.goto("/")
    expect(page).to_have_url(re.compile("/people/sign-in/"))


def test_wrong_password_stays_outside(visit: Visit, clinic: Clinic) -> None:
    """A wrong password leads nowhere and does not say which half was wrong."""
    page = visit()
    sign_in(page, "nobody", "wrong")
    expect(page).to_have_url(re.compile("/people/sign-in/"))
    assert "nobody" not in page.locator("main").inner_text()


def test_sign_in_fits_a_phone(visit: Visit) -> None:
    """On a screen 390 px wide nothing has to be scrolled sideways."""
    page = visit(viewport=PHONE)
    page.goto("/people/sign-in/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
