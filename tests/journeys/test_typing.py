"""Somebody who types for long stays signed in; somebody whose session ended while nothing was typed is told so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.staff import *  # noqa: F403
from tests.session_makers import in_progress
from unstuck.clinic import clock
from unstuck.clinic.people.models import Account

pytestmark = [pytest.mark.django_db(transaction=True)]
WORDS, WARNED = "textarea", "[data-signed-out]"


@pytest.fixture
def notes(staff: Callable[[str], Page], at: datetime) -> Page:
    """Ben's own notes on Ada's course, the page's clock set to the clinic's."""
    course, _began = in_progress({account.username: account for account in Account.objects.all()}, at)
    page = staff("ben")
    page.clock.install(time=clock.read())
    page.goto(f"/therapy/{course.key}/notes/")
    return page


def type_after(page: Page, minutes: int, words: str) -> None:
    """Both clocks go on, then a word is typed, of which the server hears."""
    clock.set_to(clock.read() + timedelta(minutes=minutes))
    page.clock.fast_forward(minutes * 60_000)
    with page.expect_response(lambda answer: answer.url.endswith("/people/typing/")):
        page.locator(WORDS).press_sequentially(words)


def test_a_note_written_for_an_hour_is_sealed(notes: Page) -> None:
    """The idle minutes are half an hour; the note is there after an hour of typing now and then."""
    for _quarter in range(4):
        type_after(notes, 15, "more ")
    expect(notes.locator(WARNED)).to_be_hidden()
    with notes.expect_navigation():
        notes.get_by_role("button", name="Seal the note").click()
    expect(notes.locator("article")).to_contain_text("more more more more")


def test_who_comes_back_too_late_is_told_before_sending(notes: Page) -> None:
    """After forty minutes without a word the page says that the session is over, and keeps what was written."""
    notes.locator(WORDS).fill("before the call")
    type_after(notes, 40, " and after")
    expect(notes.locator(WARNED)).to_be_visible()
    expect(notes.locator(WORDS)).to_have_value("before the call and after")
