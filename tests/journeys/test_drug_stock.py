"""The drug stock in a real browser: nobody wastes alone, and an account can ask for more than a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Clinic, Visit, sign_in, sign_out

STEP = timedelta(seconds=30)


def fill_waste(page: Page, amount: str) -> None:
    """The waste form of the first lot of ketamine 100 mg/mL."""
    page.goto("/stock/")
    page.get_by_role("link", name=re.compile("Ketamine 100")).first.click()
    page.get_by_role("link", name="Waste from this lot").click()
    page.locator("select[name=number]").select_option(index=1)
    page.locator("input[name=amount]").fill(amount)
    page.locator("select[name=reason]").select_option("broken")


def second(page: Page, name: str, password: str) -> None:
    """The second person types at the same page and the form is sent."""
    page.locator("input[name=second_username]").fill(name)
    page.locator("input[name=second_password]").fill(password)
    page.get_by_role("button", name="Waste it").click()


def on_hand(page: Page) -> str:
    """What the list says of that lot."""
    page.goto("/stock/")
    return page.get_by_role("row", name=re.compile("Ketamine 100")).locator("td.n b").first.inner_text()


def test_waste_is_not_witnessed_by_oneself(chromium: Browser, clinic: Clinic) -> None:
    """Nia's own name and right password are refused; with Otis the balance falls, and both names stand there."""
    page = chromium.new_context(base_url=clinic.address).new_page()  # its refusal, a 422, is an error to the console
    sign_in(page, "nia", clinic.passwords["nia"])
    before = on_hand(page)
    fill_waste(page, "0.5")
    second(page, "nia", clinic.passwords["nia"])
    expect(page.locator(".errors")).to_contain_text("their own act")
    assert on_hand(page) == before
    fill_waste(page, "0.5")
    second(page, "otis", clinic.passwords["otis"])
    expect(page.locator("tbody tr", has_text="Otis Oaks").first).to_contain_text("-0.5 mL")
    assert float(on_hand(page).split()[0]) == float(before.split()[0]) - 0.5
    page.context.close()


@pytest.fixture
def without_factor(visit: Visit) -> Iterator[None]:
    """At the end the administrator takes the second factor off again, as for somebody who lost everything."""
    yield
    page = visit("alma")
    page.goto("/people/accounts/")
    page.get_by_role("button", name="Remove the second factor Dev Dale").click()
    expect(page.get_by_role("button", name="Remove the second factor Dev Dale")).to_have_count(0)


def code(page: Page, digits: str) -> None:
    """The code after the password; the page that answers is open."""
    page.locator("input[name=code]").fill(digits)
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()


@pytest.mark.usefixtures("without_factor")
def test_a_second_factor_from_setting_up_to_signing_in(visit: Visit, clinic: Clinic) -> None:
    """Dev sets it up and keeps the recovery codes; then the password alone no longer signs in, and a code does."""
    page = visit("dev")
    page.get_by_role("link", name="Second factor of my account").click()
    page.get_by_text("I cannot scan it").click()
    app = pyotp.TOTP(page.locator(".key-letters").inner_text().replace(" ", ""))
    code(page, app.at(datetime.now(UTC)))
    expect(page.locator(".codes li")).to_have_count(10)
    codes = page.locator(".codes li").all_inner_texts()
    assert len(set(codes)) == 10
    with page.expect_navigation():
        page.get_by_role("link", name="I have kept them").click()
    sign_out(page)
    for shown in (lambda: app.at(datetime.now(UTC) + STEP), lambda: codes[0]):  # the app's present code was used above
        sign_in(page, "dev", clinic.passwords["dev"])
        expect(page.locator("h1")).to_have_text("Enter your code")
        page.goto("/courses/")
        expect(page).to_have_url(re.compile("sign-in"))
        sign_in(page, "dev", clinic.passwords["dev"])
        code(page, shown())
        expect(page).not_to_have_url(re.compile("sign-in"))
        sign_out(page)
