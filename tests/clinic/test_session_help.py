"""The person's help signal: one tap calls, names nobody, and ends with the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.course_makers import MINUTE
from tests.pages import without_keys
from tests.session_makers import PLACE, Cast, by, running
from unstuck.clinic import clock
from unstuck.clinic.course.queries import load
from unstuck.clinic.session import actions
from unstuck.clinic.session.models import HelpLink, Sitting
from unstuck.clinic.session.queries import live
from unstuck.core import events as ev
from unstuck.core.session_events import CallAnswered, Called

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]
SignedIn = Callable[[str], Client]


@pytest.fixture
def chair(cast: Cast, at: Any) -> Any:
    """Ada's running session, the instant, and the address of her signal."""
    course, now = running(cast, at)
    token = actions.make_help_link(Sitting.objects.get(), cast["nia"].key, now)
    with clock.stopped(now + MINUTE):
        yield course, now + MINUTE, f"/h/{token}/"


def calls(course: Any) -> list[ev.Event]:
    return [e for e in load(course).state.log if isinstance(e.what, Called)]


def test_one_tap_calls_and_a_second_shows_the_first(chair: Any, browser: Client) -> None:
    """A tap without a script is an open call; taps while it is open add nothing; the ledger's actor is the person."""
    course, now, address = chair
    for entry in ("tap-000001", "tap-000001", "tap-000002"):
        page = browser.post(address, {"entry": entry}).content.decode()
        assert "Somebody was called" in page
    [event] = calls(course)
    assert (event.actor, event.what.by) == (course.person.key, "patient")
    assert [c.by for c in live(course, PLACE, now).session.calls] == ["patient"]


def test_after_somebody_came_a_tap_calls_again(chair: Any, browser: Client, cast: Cast) -> None:
    """A call that was answered is over; the next tap is a call of its own."""
    course, now, address = chair
    browser.post(address, {"entry": "tap-000001"})
    from_nia = CallAnswered("infusion", 1, calls(course)[0].what.call, cast["nia"].key)
    with clock.stopped(now + MINUTE):
        actions.write_all(course, [(from_nia, by(cast["nia"], now + MINUTE))])
        assert browser.get(f"{address}now/").json() == {"called": False}
    with clock.stopped(now + 2 * MINUTE):
        browser.post(address, {"entry": "tap-000003"})
        assert browser.get(f"{address}now/").json() == {"called": True}
    assert len(calls(course)) == 2


def test_the_page_names_nobody(chair: Any, browser: Client) -> None:
    """Neither name, course, chair, drug nor any reading stands on the page or in its answers."""
    course, _now, address = chair
    told = browser.get(address).content.decode() + browser.get(f"{address}now/").content.decode()
    assert course.key not in told and course.person.key not in told
    told = without_keys(told).lower().replace("page-call", "")
    assert [word for word in ("ada", "ames", "chair", "ketamine", "mg", "infusion") if word in told] == []


def test_a_link_ends_with_its_session(chair: Any, browser: Client, cast: Cast) -> None:
    """After leaving, and for a made-up token, nothing is called and the page says so."""
    course, now, address = chair
    actions.leave(course, PLACE, ev.Leaving.TRANSFER, by(cast["nia"], now))
    assert browser.post(address, {"entry": "tap-000001"}).status_code == 404
    assert browser.get("/h/guessed-token/").status_code == 404
    assert browser.get(f"{address}now/").status_code == 404
    assert calls(course) == []


def test_staff_make_the_link_and_its_secret_is_not_kept(chair: Any, signed_in: SignedIn) -> None:
    """The page shows the link as address and picture; the database holds a hash alone; the front desk makes none."""
    course, _now, _address = chair
    there = f"/session/{course.key}/infusion/1/help-link/"
    page = signed_in("nia").post(there).content.decode()
    token = page.split("/h/")[1].split("/")[0]
    assert "<svg" in page and not HelpLink.objects.filter(token_hash=token).exists()
    assert actions.sitting_of(token) == Sitting.objects.get()
    assert signed_in("finn").post(there).status_code == 403
