"""The session page without a network: entries wait, alarms go on, a reload loses nothing, two devices agree."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.http import HttpResponse
from playwright.sync_api import Page, Route, expect

from tests.course_makers import MINUTE
from tests.journeys.staff import *  # noqa: F403
from tests.session_makers import PLACE, in_progress
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.people.models import Account
from unstuck.clinic.session import views
from unstuck.core import events as ev

SAVED = "#timeline li:not([data-waiting])"  # the server has it; what waits here is marked

pytestmark = [pytest.mark.django_db(transaction=True)]


@dataclass
class Running:
    """Ada's infusion, begun at `began`, and the browser of the nurse on its page, its clock set to the clinic's."""

    course: Course
    began: datetime
    page: Page

    @property
    def address(self) -> str:
        return f"/session/{self.course.key}/{PLACE.step}/{PLACE.occurrence}/"

    def readings(self, name: str) -> list[float]:
        log = load(Course.objects.get(pk=self.course.pk)).state.log
        return [e.what.value for e in log if isinstance(e.what, ev.ReadingTaken) and e.what.name == name]


@pytest.fixture
def infusion(staff: Callable[[str], Page], at: datetime) -> Running:
    """The infusion runs since one minute, and the page is open."""
    cast = {account.username: account for account in Account.objects.all()}
    course, began = in_progress(cast, at)
    now = began + MINUTE
    clock.set_to(now)
    page = staff("nia")
    page.clock.install(time=now)
    page.clock.pause_at(now + timedelta(seconds=5))  # before the page is asked for, which may take longer than that
    running = Running(course, began, page)
    page.goto(running.address)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.reload()  # the page is now one that the worker keeps
    return running


def enter(page: Page, **values: float) -> None:
    """Types a set of readings and records it."""
    for name, value in values.items():
        page.fill(f"#r-{name}", f"{value:g}")
    page.click("#reading button[type=submit]")


def ahead(running: Running, minutes: float) -> None:
    """Both clocks go on; nobody waits."""
    clock.set_to(clock.read() + timedelta(minutes=minutes))
    running.page.clock.fast_forward(int(minutes * 60_000))


def test_a_reading_is_saved_by_the_servers_word(infusion: Running) -> None:
    """What is entered online is in the ledger, the fields are empty again, and nothing waits."""
    enter(infusion.page, systolic_mmhg=131, diastolic_mmhg=82)
    expect(infusion.page.locator(SAVED, has_text="131").first).to_be_visible()
    assert infusion.readings("systolic_mmhg")[-1] == 131
    assert infusion.page.input_value("#r-systolic_mmhg") == ""
    expect(infusion.page.locator("#device .banner")).to_have_count(0)


def test_an_entry_made_while_another_is_on_its_way_follows_it(infusion: Running) -> None:
    """The first answer is held back until a second reading is entered: both are saved, with no further touch."""
    held: list[Route] = []
    infusion.page.route("**/entries/", lambda route: held.append(route) if not held else route.continue_())
    enter(infusion.page, systolic_mmhg=131)
    expect(infusion.page.locator("#device")).to_contain_text("Waiting to send: 1")
    enter(infusion.page, pulse_per_min=88)
    expect(infusion.page.locator("#device")).to_contain_text("Waiting to send: 2")
    held[0].continue_()
    expect(infusion.page.locator("#device")).not_to_contain_text("Waiting")
    assert (infusion.readings("systolic_mmhg")[-1], infusion.readings("pulse_per_min")[-1]) == (131, 88)


def test_a_reading_entered_while_the_page_is_on_its_way_is_shown(
    infusion: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page after one reading comes only when the next is saved, and knows nothing of it: both come into sight."""
    let_go, render, late = Event(), views._page, iter([True])

    def renders(*told: Any) -> Any:
        answer = render(*told)
        if next(late, False):
            let_go.wait(20)
        return answer

    monkeypatch.setattr(views, "_page", renders)
    for values in ({"systolic_mmhg": 131.0}, {"pulse_per_min": 88.0}):
        with infusion.page.expect_response("**/entries/"):
            enter(infusion.page, **values)
    let_go.set()
    for words in ("131", "88"):
        expect(infusion.page.locator(SAVED, has_text=words).first).to_be_visible()


def test_a_page_that_did_not_come_is_asked_for_again(infusion: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading is saved and the page after it fails: five seconds later the page shows the reading all the same."""
    render, fails = views._page, iter([True])
    monkeypatch.setattr(views, "_page", lambda *told: HttpResponse(status=503) if next(fails, False) else render(*told))
    enter(infusion.page, systolic_mmhg=131)
    _comes_true(infusion.page, lambda: infusion.page.locator(SAVED, has_text="131").count() == 1)
    assert next(fails, False) is False


def test_half_an_hour_without_a_network_loses_nothing(infusion: Running) -> None:
    """Three readings made offline wait, survive a reload, and arrive once, each with its own time."""
    page, context = infusion.page, infusion.page.context
    context.set_offline(True)
    for waiting, (minutes, value) in enumerate(((1, 134), (10, 141), (10, 146)), 1):
        ahead(infusion, minutes)
        enter(page, systolic_mmhg=value, diastolic_mmhg=85)
        expect(page.locator("#device")).to_contain_text(f"Waiting to send: {waiting}")
    page.reload()
    expect(page.locator("#device")).to_contain_text("Waiting to send: 3")
    ahead(infusion, 10)
    context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator(SAVED, has_text="146").first).to_be_visible()
    assert infusion.readings("systolic_mmhg")[-3:] == [134, 141, 146]
    log = load(infusion.course).state.log
    waits = [e.recorded_at - e.observed_at for e in log if isinstance(e.what, ev.ReadingTaken)][-6:]
    assert max(waits) > timedelta(minutes=25)
    assert verify().sound


def test_an_overdue_reading_alarms_offline_within_two_seconds(infusion: Running) -> None:
    """The first reading is due ten minutes after the start: two seconds later the page says late, without a network."""
    page = infusion.page
    page.context.set_offline(True)
    ahead(infusion, 8.9)
    assert "next-late" not in (page.get_attribute("#next .next", "class") or "")
    ahead(infusion, 0.1 + 2 / 60)
    expect(page.locator("#next .next")).to_have_class(re.compile("next-late"))  # its clock stands still from here
    expect(page.locator("#next .next-kicker")).to_contain_text("Late")


def test_a_broken_limit_alarms_offline(infusion: Running) -> None:
    """A saturation of 86 entered offline shows what to do at once."""
    infusion.page.context.set_offline(True)
    enter(infusion.page, spo2_percent=86)
    expect(infusion.page.locator("#next .next")).to_contain_text("emergency team")
    expect(infusion.page.locator("#next .next")).to_have_class(re.compile("next-now"))


def test_two_devices_on_one_session_converge(infusion: Running, staff: Callable[[str], Page]) -> None:
    """What one tablet records stands on the other without a touch."""
    other = staff("cleo")
    other.goto(infusion.address)
    enter(infusion.page, pulse_per_min=97)
    expect(infusion.page.locator(SAVED, has_text="97").first).to_be_visible()
    expect(other.locator(SAVED, has_text="97").first).to_be_visible()


def test_a_tap_is_heard_while_the_page_is_brought_anew(infusion: Running, staff: Callable[[str], Page]) -> None:
    """What another tablet recorded comes while a finger is on *Pause*: the tap pauses, and then the page shows both."""
    page, other = infusion.page, staff("cleo")
    page.locator("[data-part=pump]").get_by_role("button", name="Pause").hover()
    other.goto(infusion.address)
    enter(other, pulse_per_min=97)
    expect(other.locator(SAVED, has_text="97").first).to_be_visible()
    page.mouse.down()
    with page.expect_response(lambda answer: answer.url.endswith(infusion.address)) as brought:
        ahead(infusion, 0.1)
    brought.value.finished()
    page.wait_for_timeout(300)
    expect(page.locator(SAVED, has_text="97")).to_have_count(0)
    page.mouse.up()
    expect(page.locator(SAVED, has_text="aused").first).to_be_visible()
    expect(page.locator(SAVED, has_text="97").first).to_be_visible()


def _comes_true(page: Page, claim: Callable[[], bool]) -> None:
    """Within half a minute of the page's clock, which runs on meanwhile, so that a beat follows a lost word."""
    for _ in range(300):
        if claim():
            return
        page.clock.run_for(100)
        page.wait_for_timeout(100)
    raise AssertionError("it did not come true within half a minute")


def test_a_hidden_page_says_that_nobody_watches(infusion: Running) -> None:
    """When the page is hidden its device is noted as not visible, so that the station can say so."""
    from unstuck.clinic.session.models import Watch

    _comes_true(infusion.page, lambda: Watch.objects.filter(visible=True).exists())
    infusion.page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden'});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    _comes_true(infusion.page, lambda: Watch.objects.filter(visible=False).exists())


def test_emergency_works_without_a_network(infusion: Running) -> None:
    """One tap offline: the call waits with its own time, and the page says so."""
    page = infusion.page
    page.context.set_offline(True)
    page.click("text=Emergency")
    expect(page.locator("#device")).to_contain_text("Waiting to send: 1")
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#next")).to_contain_text("Emergency")
    expect(page.locator("#device")).not_to_contain_text("Waiting")
    kinds = [type(e.what).__name__ for e in load(infusion.course).state.log][-2:]
    assert kinds == ["InfusionChanged", "Called"]


def test_a_half_typed_form_leaves_nothing(infusion: Running) -> None:
    """Figures that were typed and not recorded are in no record, and not in the fields after a reload."""
    infusion.page.fill("#r-systolic_mmhg", "150")
    before = len(load(infusion.course).state.log)
    infusion.page.reload()
    assert infusion.page.input_value("#r-systolic_mmhg") == ""
    assert len(load(infusion.course).state.log) == before


def no_room(page: Page, address: str) -> None:
    """The browser has no room for this site, as on a full tablet; its database does not heed that quota."""
    told = {"origin": address.removesuffix("/"), "quotaSize": 1}
    page.context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", told)
    full = "() => { throw new DOMException('full', 'QuotaExceededError'); }"
    page.add_init_script(f"IDBObjectStore.prototype.put = {full};")


def no_database(page: Page, _address: str) -> None:
    """The browser gives no database, as some do in a private window."""
    page.add_init_script("indexedDB.open = () => { throw new DOMException('not here', 'SecurityError'); };")


def no_answer(page: Page, _address: str) -> None:
    """The browser never says whether there is a database."""
    page.add_init_script("indexedDB.open = () => ({});")


@pytest.mark.parametrize("breaks", [no_room, no_database, no_answer])
def test_a_device_that_can_keep_nothing_says_so_and_loses_nothing(
    infusion: Running, staffed: str, breaks: Callable[[Page, str], None]
) -> None:
    """Readings go to the server at once; without a network they wait in the page, and alarms are raised there too."""
    page = infusion.page
    breaks(page, staffed)
    page.goto(infusion.address)
    said = page.locator("#device")
    for _twice in range(2):
        ahead(infusion, 0.1)  # the database's time to answer, and a turn of the page's own
    expect(said).to_contain_text("cannot keep anything")
    enter(page, systolic_mmhg=133, diastolic_mmhg=84)
    expect(page.locator(SAVED, has_text="133").first).to_be_visible()
    page.context.set_offline(True)
    enter(page, spo2_percent=70)
    expect(said).to_contain_text("in this open page alone")
    expect(page.locator("#alarms-local [data-alarm]").first).to_be_visible()
    page.context.set_offline(False)
    expect(said).not_to_contain_text("in this open page alone")
    assert (infusion.readings("systolic_mmhg")[-1], infusion.readings("spo2_percent")[-1]) == (133, 70)
