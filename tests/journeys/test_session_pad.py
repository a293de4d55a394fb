"""The number keys beside the fields: large, on the hand's side, typing where one is, filling in nothing themselves."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.staff import *  # noqa: F403
from tests.journeys.test_session_offline import Running, infusion  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True)]
SIZES = "[...document.querySelectorAll('#reading .pad [data-key]')].map(k => k.getBoundingClientRect())"
EMPTY = "[...document.querySelectorAll('#reading .slot input')].every(field => field.value === '')"
LEAST_PX, WINDOWS = 60, ((390, 844), (1440, 900), (820, 1180))


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.locator(f"#reading .pad [data-key='{key}']").click()


def test_a_reading_is_typed_with_the_keys_offline(infusion: Running) -> None:  # noqa: F811
    """The first empty field is taken, Next goes on, Back takes one back, and the device's own keypad stays shut."""
    page = infusion.page
    page.context.set_offline(True)
    assert page.evaluate(EMPTY)
    press(page, "1 4 8 back 9")
    assert page.input_value("#r-systolic_mmhg") == "149"
    assert page.evaluate("document.activeElement.id + document.activeElement.inputMode") == "r-systolic_mmhgnone"
    press(page, "next 9 1 . 5 .")
    assert page.input_value("#r-diastolic_mmhg") == "91.5"
    press(page, "clear")
    assert (
        page.input_value("#r-diastolic_mmhg") == "" and page.get_attribute("#r-systolic_mmhg", "inputmode") == "decimal"
    )
    page.locator("#reading button[type=submit]").click()
    expect(page.locator("#device")).to_contain_text("Waiting to send: 1")
    assert page.evaluate(EMPTY)
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#device")).not_to_contain_text("Waiting")
    assert infusion.readings("systolic_mmhg")[-1] == 149


def test_keys_are_large_and_lie_on_the_chosen_side(infusion: Running) -> None:  # noqa: F811
    """Every key is at least 60 px both ways; the other hand's side is one tap, and this device remembers it."""
    page = infusion.page
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.focus("#r-systolic_mmhg")  # on a phone the keys open with the field, where its own keypad would
        assert all(min(size["width"], size["height"]) >= LEAST_PX for size in page.evaluate(SIZES))
    assert _is_right(page)
    page.get_by_role("button", name="Keys to the left hand").first.click()
    assert not _is_right(page)
    page.reload()
    expect(page.get_by_role("button", name="Keys to the right hand").first).to_be_visible()
    assert not _is_right(page)


def _is_right(page: Page) -> bool:
    where = "(name) => document.querySelector(name).getBoundingClientRect().left"
    return bool(page.evaluate(where, "#reading .pad") > page.evaluate(where, "#reading .slots"))
