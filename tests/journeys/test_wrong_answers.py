"""A server, or what stands before it, that answers something else than the page asked for: nothing is told falsely."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.clinic.live import seated
from tests.journeys.staff import *  # noqa: F403
from tests.journeys.test_session_harm import help_link
from tests.journeys.test_session_offline import SAVED, Running, ahead, enter, infusion
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.core.session_events import Called, MeasureTaken

__all__ = ["infusion"]

pytestmark = [pytest.mark.django_db(transaction=True)]
Staff = Callable[[str], Page]


def maintenance(route: Route) -> None:
    """What a proxy says of a server that is down, as if it were the answer."""
    route.fulfill(status=200, content_type="text/html", body="<html><body><p>Back soon.</p></body></html>")


def busy(route: Route) -> None:
    """What a proxy says that limits requests."""
    route.fulfill(status=429, content_type="application/json", body='{"error": "too many requests"}')


def counted(running: Running, kind: type) -> int:
    return sum(isinstance(e.what, kind) for e in load(Course.objects.get(pk=running.course.pk)).state.log)


def test_a_page_in_place_of_the_answer_is_no_connection(infusion: Running) -> None:
    """The session page then says that it is offline, keeps what is entered and raises alarms by itself, from its first
    moment on; when the server answers again everything arrives."""
    page, all_of_it = infusion.page, re.compile(r"/(state|entries|watch)/$")
    page.context.route(all_of_it, maintenance)
    page.goto(infusion.address)
    expect(page.locator("#device")).to_contain_text("Offline since")
    enter(page, spo2_percent=70)
    expect(page.locator("#device")).to_contain_text("Waiting to send: 1")
    expect(page.locator("#alarms-local [data-alarm]").first).to_be_visible()
    page.context.unroute(all_of_it)
    ahead(infusion, 0.2)
    expect(page.locator(SAVED, has_text="70").first).to_be_visible()
    expect(page.locator("#device")).not_to_contain_text("Offline")


def test_one_entry_that_the_server_cannot_take_holds_up_no_other(infusion: Running) -> None:
    """A batch with it is answered by an error; the readings made before and after it are saved all the same."""
    page = infusion.page

    def fails(route: Route) -> None:
        told = json.loads(route.request.post_data or "{}")
        bad = any("61" in entry["what"]["fields"].get("pulse_per_min", []) for entry in told["entries"])
        route.fulfill(status=500, content_type="text/html", body="<h1>Server Error</h1>") if bad else route.continue_()

    page.context.set_offline(True)
    for pulse in (81, 61, 82):
        enter(page, pulse_per_min=pulse)
    expect(page.locator("#device")).to_contain_text("Waiting to send: 3")
    page.route("**/entries/", fails)
    page.context.set_offline(False)
    ahead(infusion, 0.1)
    expect(page.locator("#device")).to_contain_text("Waiting to send: 1")
    assert set(infusion.readings("pulse_per_min")[-2:]) == {81, 82}


def test_a_double_tap_is_one_entry(infusion: Running) -> None:
    """A measure whose button is tapped twice in one go was taken once; the same one taken again later is told again."""
    page = infusion.page
    page.get_by_text("Measure or rescue medicine").click()
    form = page.locator("form", has=page.locator("#m-w"))
    for times in (1, 2):
        page.select_option("#m-w", index=1)
        with page.expect_response(lambda answer: answer.url.endswith("/entries/")):
            form.locator("button[type=submit]").dblclick()
        ahead(infusion, 0.1)
        expect(page.locator("#device")).not_to_contain_text("Waiting")
        expect(page.locator("#device .banner-refused")).to_have_count(0)
        assert counted(infusion, MeasureTaken) == times


@pytest.mark.parametrize("answer", [maintenance, busy])
def test_nobody_is_said_to_come_who_was_not_called(
    infusion: Running, phone: Page, answer: Callable[[Route], None]
) -> None:
    """The person's device takes nothing for a receipt but the clinic's own page, and no error for "somebody came"."""
    phone.clock.install()
    phone.goto(help_link(infusion.page))
    ours, said = f"{phone.url}**", phone.locator("#call-said")
    phone.route(ours, answer)
    phone.click("#call-button")
    expect(said).to_contain_text("No connection")
    assert counted(infusion, Called) == 0
    phone.unroute(ours)
    phone.clock.run_for(2_000)
    expect(said).to_contain_text("Somebody was called")
    phone.route(ours, answer)
    phone.clock.run_for(5_000)
    expect(said).to_contain_text("No connection")
    assert counted(infusion, Called) == 1


def test_a_page_in_place_of_the_board_is_no_board(staff: Staff) -> None:
    """What is no board is not shown as one; the board that was stays, and says since when it has heard nothing."""
    seated(2, "")
    page = staff("nia")
    page.goto("/today/")
    page.route("**/today/**", maintenance)
    page.clock.install()
    page.clock.fast_forward(20_000)
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("#board-now")).to_have_count(1)
