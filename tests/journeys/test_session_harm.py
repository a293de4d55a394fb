"""The moments at which a session's software harms people, in a real browser: each is prevented or caught."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.course_makers import MINUTE, up_to_readings
from tests.journeys.conftest import until
from tests.journeys.staff import *  # noqa: F403
from tests.journeys.test_session_offline import SAVED, Running, ahead, enter, infusion
from tests.session_makers import PLACE, check_in, checked, ordered, ready, running, vial
from tests.site_fixtures import PASSWORD
from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry, enrol
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.models import Sitting
from unstuck.clinic.session.queries import live
from unstuck.core import events as ev
from unstuck.core.session_events import AlarmAnswered, Called

__all__ = ["infusion"]

pytestmark = [pytest.mark.django_db(transaction=True)]
Staff = Callable[[str], Page]
COUNT_ANSWERS = """() => {
  const json = Response.prototype.json;
  window.answers = 0;
  Response.prototype.json = function () {
    return json.call(this).then((told) => ((window.answers += 1), told));
  };
}"""


def cast_now() -> dict[str, Account]:
    return {account.username: account for account in Account.objects.all()}


def log_of(course: Course) -> tuple[ev.Event, ...]:
    return tuple(load(Course.objects.get(pk=course.pk)).state.log)


def address(course: Course) -> str:
    return f"/session/{course.key}/{PLACE.step}/{PLACE.occurrence}/"


@pytest.fixture
def ready_to_give(staff: Staff, at: datetime) -> tuple[Course, datetime]:
    """Ada in chair 1, her dose ordered and checked by two people, not given."""
    cast = cast_now()
    ada = register_person(Identity("Ada Ames", date(1984, 3, 14)), "a_test", at, simulated=True)
    course, now = ready(cast, at, ada)
    check_in(course, cast, now)
    ordered(course, cast, now)
    checked(course, cast, vial(cast, now), now)
    clock.set_to(now + MINUTE)
    return course, now + MINUTE


def test_a_double_tap_from_two_tabs_is_one_dose(staff: Staff, ready_to_give: tuple[Course, datetime]) -> None:
    """Two tabs offer the same dose; both are tapped, one of them twice: one dose begins and both show it."""
    course, _now = ready_to_give
    one = staff("nia")
    two = one.context.new_page()
    two.route("**/state/", lambda route: route.abort())  # it has not heard of the first tap when it is tapped itself
    for tab in (one, two):
        tab.goto(address(course))
        expect(tab.get_by_role("button", name="Give to Ada Ames, chair 1")).to_be_visible()
    with one.expect_navigation():
        one.get_by_role("button", name="Give to Ada Ames, chair 1").dblclick()
    expect(one.locator("#pump")).to_be_visible()
    with two.expect_navigation():
        two.evaluate("document.querySelector('form[data-once]').submit()")
    expect(two.locator("#pump")).to_be_visible()
    assert [type(e.what).__name__ for e in log_of(course)].count("DoseGiven") == 1
    expect(two.locator("#timeline li", has_text="Dose begun")).to_have_count(1)


def test_the_wrong_person_is_not_checked_in(staff: Staff, at: datetime) -> None:
    """Somebody who says another date of birth, or only a name, is not checked in; nothing of the try is kept."""
    cast = cast_now()
    ada = register_person(Identity("Ada Ames", date(1984, 3, 14)), "a_test", at, simulated=True)
    course, now = ready(cast, at, ada)
    clock.set_to(now)
    page = staff("nia")
    before = len(log_of(course))
    for born, words in (("1961-01-02", "not this person's"), ("", "two identifiers")):
        page.goto(address(course))
        page.check("input[name=name_said]")
        page.fill("#born", born)
        page.select_option("#chair", index=1)
        with page.expect_navigation():
            page.get_by_role("button", name="Check in Ada Ames").click()
        expect(page.locator("#errors")).to_contain_text(words)
    assert len(log_of(course)) == before and not Sitting.objects.exists()
    page.fill("#born", "1984-03-14")
    page.check("input[name=name_said]")
    page.select_option("#chair", index=1)
    page.get_by_role("button", name="Check in Ada Ames").click()
    expect(page.locator(".who")).to_contain_text("14 Mar 1984")
    assert Sitting.objects.count() == 1


def test_an_entry_of_one_session_never_lands_in_another(infusion: Running, at: datetime) -> None:
    """A reading that waits for Ada stays Ada's while the same tablet shows Bo, and is sent when her page is open."""
    page, now = infusion.page, clock.read()
    bo = register_person(Identity("Bo Berg", date(1970, 5, 6)), "a_test", at, simulated=True)
    cast = cast_now()
    entry = Entry(cast["finn"].key, at, at)
    other = enrol(bo, infusion.course.release, "ketamine", entry)
    up_to_readings(other, cast, at)
    check_in(other, cast, now, "chair_2")
    page.context.set_offline(True)
    enter(page, systolic_mmhg=177)
    expect(page.locator("#device")).to_contain_text("Waiting to send")
    page.context.set_offline(False)
    page.route("**/entries/", lambda route: route.abort())
    page.goto(address(other))
    page.unroute("**/entries/")
    expect(page.locator(".who")).to_contain_text("Bo Berg")
    page.clock.run_for(10_000)
    expect(page.locator("body")).not_to_contain_text("177")
    page.goto(infusion.address)
    expect(page.locator(SAVED, has_text="177").first).to_be_visible()
    expect(page.locator("#device")).not_to_contain_text("Waiting")
    assert infusion.readings("systolic_mmhg")[-1] == 177
    assert not [e for e in log_of(other) if isinstance(e.what, ev.ReadingTaken) and e.what.value == 177]


def test_nothing_clinical_is_filled_in(infusion: Running) -> None:
    """Old values stand beside the fields and never in them; an untouched form records nothing."""
    page = infusion.page
    enter(page, systolic_mmhg=133)
    expect(page.locator(SAVED, has_text="133").first).to_be_visible()
    page.reload()
    fields = page.locator("#reading input[type=text], #reading input:not([type])")
    values = [fields.nth(n).input_value() for n in range(fields.count())]
    assert len(values) >= 7 and set(values) == {""}
    expect(page.locator(".slot", has=page.locator("#r-systolic_mmhg"))).to_contain_text("133")
    before = len(log_of(infusion.course))
    page.click("#reading button[type=submit]")
    expect(page.locator("#device")).to_contain_text("Nothing was entered")
    assert len(log_of(infusion.course)) == before


def test_what_cannot_be_a_reading_is_said_at_once(infusion: Running) -> None:
    """A pulse of 8 or a pressure of 1330 never leaves the form, also without a network."""
    page = infusion.page
    page.context.set_offline(True)
    for name, typed in (("pulse_per_min", "8"), ("systolic_mmhg", "1330"), ("spo2_percent", "9o")):
        page.fill(f"#r-{name}", typed)
        page.click("#reading button[type=submit]")
        assert page.evaluate("name => document.getElementById(name).validity.customError", f"r-{name}")
        page.fill(f"#r-{name}", "")
    expect(page.locator("#device")).not_to_contain_text("Waiting")


def test_a_reload_in_the_middle_of_an_infusion_keeps_its_count(infusion: Running) -> None:
    """Paused offline after ten minutes, reloaded offline: paused it is, 10 of 40 mg, and the server agrees later."""
    page = infusion.page
    page.context.set_offline(True)
    ahead(infusion, 10 - 1 - 5 / 60)  # the page opened one minute in, and five seconds went by
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    ahead(infusion, 15)
    page.reload()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.locator("[data-pump=given]")).to_have_text(re.compile(r"9\.9|10\.[01]"))  # a second is 0.02 mg
    expect(page.locator("[data-pump=end]")).to_have_text("paused")
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator(SAVED, has_text="Infusion paused").first).to_be_visible()
    expect(page.locator("#device")).not_to_contain_text("Waiting")
    run = live(infusion.course, PLACE, clock.read()).session.run
    assert run is not None and run.given_mg(clock.read()) == pytest.approx(10.0, abs=0.15)


def test_an_alarm_is_taken_without_a_network(infusion: Running) -> None:
    """A saturation of 86 offline offers its alarm on the device; who takes it there has taken it, at that time."""
    page = infusion.page
    page.context.set_offline(True)
    enter(page, spo2_percent=86)
    card = page.locator("#alarms-local [data-alarm=oxygen_emergency]")
    card.get_by_role("button", name="I take it").click()
    expect(card.get_by_role("button", name="Looked again")).to_be_visible()
    ahead(infusion, 20)
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#device")).not_to_contain_text("Waiting")
    answers = [e for e in log_of(infusion.course) if isinstance(e.what, AlarmAnswered)]
    assert [e.what.alarm for e in answers] == ["oxygen_emergency"]
    assert (answers[0].recorded_at - answers[0].observed_at).total_seconds() > 15 * 60


def test_nobodys_entry_is_sent_under_another_name(infusion: Running, staffed: str) -> None:
    """What Nia entered waits while Cleo is signed in on the tablet, and is written under Nia's name later."""
    page, context = infusion.page, infusion.page.context
    context.route("**/entries/", lambda route: route.abort())  # surer than "offline"
    enter(page, pulse_per_min=111)
    expect(page.locator("#device")).to_contain_text("Waiting to send: 1")
    cookies = context.cookies()
    page.goto("about:blank")
    context.clear_cookies()
    context.unroute("**/entries/")
    sign_in(page, "cleo")
    page.goto(infusion.address)
    expect(page.locator("#device")).to_contain_text("Entries of a colleague wait here: 1")
    page.clock.run_for(10_000)
    assert 111 not in infusion.readings("pulse_per_min")
    page.goto("about:blank")
    context.clear_cookies()
    context.add_cookies(cookies)
    page.goto(infusion.address)
    expect(page.locator(SAVED, has_text="111").first).to_be_visible()
    [event] = [e for e in log_of(infusion.course) if isinstance(e.what, ev.ReadingTaken) and e.what.value == 111]
    assert event.actor == cast_now()["nia"].key


def sign_in(page: Page, name: str) -> None:
    page.goto("/people/sign-in/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("main form button[type=submit]")
    assert "sign-in" not in page.url


def test_signing_out_empties_the_device(infusion: Running) -> None:
    """After sign-out no page and no state of a person is kept on the tablet; offline it shows none."""
    page = infusion.page
    assert page.evaluate("caches.open('unstuck-session-v1').then(c => c.keys()).then(k => k.length)") > 0
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    assert "/sign-in/" in page.url
    until(page, "caches.keys().then(k => k.length === 0)")
    until(  # after the pages the device forgets the states
        page,
        """() => new Promise((done) => { const asked = indexedDB.open('unstuck-session');
        asked.onsuccess = () => { const all = asked.result.transaction('kept').objectStore('kept').getAllKeys();
          all.onsuccess = () => { asked.result.close(); done(all.result.length === 0); }; }; })""",
    )
    page.context.set_offline(True)
    with pytest.raises(Exception, match="net::ERR"):
        page.goto(infusion.address)


def test_a_clock_that_is_off_is_shown_and_due_times_are_the_servers(infusion: Running) -> None:
    """A tablet five minutes ahead says so; what is due is counted on the server's clock, also offline."""
    page = infusion.page
    page.clock.fast_forward(5 * 60_000)
    page.clock.run_for(20_000)
    expect(page.locator("#device")).to_contain_text("The clock of this device is 5 min")
    assert "next-late" not in (page.get_attribute("#next .next", "class") or "")
    enter(page, pulse_per_min=88)
    expect(page.locator(SAVED, has_text="88").first).to_be_visible()
    page.context.set_offline(True)
    page.clock.fast_forward(8 * 60_000)
    expect(page.locator("#next .next-kicker")).to_have_text("Next")
    page.clock.fast_forward(62_000)  # ten minutes and two seconds after the dose, for the server
    expect(page.locator("#next .next-kicker")).to_contain_text("Late")  # its clock stands still from here


def help_link(page: Page) -> str:
    """The nurse makes the help signal for the person's device; its address."""
    with page.expect_navigation():
        page.get_by_role("button", name="Help signal for the person's device").click()
    return str(page.locator("a", has_text="Open it on this device").get_attribute("href"))


def test_help_is_called_when_the_network_comes_back(infusion: Running, phone: Page) -> None:
    """A tap on the person's device without a network says so at once, and calls as soon as it can; once."""
    phone.goto(help_link(infusion.page))
    phone.context.set_offline(True)
    phone.locator("#call-button").tap()
    expect(phone.locator("[data-when=lost]")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.locator("[data-when=yes]")).to_be_visible()
    phone.locator("#call-button").tap()
    infusion.page.goto(infusion.address)
    expect(infusion.page.locator("#next .next")).to_contain_text("The person calls: go there now")
    assert len([e for e in log_of(infusion.course) if isinstance(e.what, Called)]) == 1


def test_an_answer_from_before_a_call_does_not_say_that_somebody_came(infusion: Running, phone: Page) -> None:
    """The device asks, the person taps, the call arrives, and only then comes the answer to what was asked before."""
    held: list[tuple[Route, APIResponse]] = []
    phone.route("**/now/", lambda route: held.append((route, route.fetch())))
    phone.clock.install(time=clock.read())
    phone.clock.pause_at(clock.read() + MINUTE)
    phone.goto(help_link(infusion.page))
    phone.evaluate(COUNT_ANSWERS)
    phone.clock.run_for(5_000)
    while not held:
        phone.wait_for_timeout(50)
    phone.locator("#call-button").tap()
    expect(phone.locator("[data-when=yes]")).to_be_visible()
    route, before = held[0]
    route.fulfill(response=before)
    until(phone, "window.answers > 0")
    expect(phone.locator("#call-said")).to_have_text("Somebody was called.")


def test_two_taps_show_the_timed_steps_of_an_emergency_offline(infusion: Running) -> None:
    """One tap offline stops the dose and opens the steps; what is touched keeps its own time, and who came is kept."""
    page = infusion.page
    page.context.set_offline(True)
    page.get_by_role("button", name="Emergency", exact=True).click()
    expect(page.locator("#emergency")).to_be_visible()
    expect(page.get_by_role("button", name="Stop for good")).to_be_hidden()
    ahead(infusion, 2)
    oxygen = page.locator("#emergency [data-rescue=oxygen_given]")
    expect(oxygen).to_contain_text("late, by 1:30")
    oxygen.get_by_role("button").click()
    expect(oxygen).to_contain_text(re.compile(r"done 2:0\d"))
    ahead(infusion, 1)
    page.select_option("#em-w", "emergency_team")
    page.locator("#emergency").get_by_role("button", name="They are here").click()
    expect(page.locator("#came")).to_contain_text(re.compile(r"The emergency team 3:0\d"))
    expect(page.locator("#emergency")).to_be_visible()
    ahead(infusion, 1)
    page.locator("#emergency").get_by_text("The emergency is over").click()
    page.get_by_role("button", name="It is over").click()
    expect(page.locator("#emergency")).to_be_hidden()
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#device")).not_to_contain_text("Waiting")
    told = [(type(e.what).__name__, e.observed_at) for e in log_of(infusion.course)][-5:]
    assert [name for name, _at in told] == ["InfusionChanged", "Called", "MeasureTaken", "CallAnswered", "MeasureTaken"]
    assert [round((when - told[0][1]) / MINUTE) for _name, when in told] == [0, 0, 2, 3, 4]


def test_a_running_chair_shows_its_session_only(staff: Staff, at: datetime) -> None:
    """An address of a session that the protocol does not have shows no person's page and takes no entry."""
    cast = cast_now()
    ada = register_person(Identity("Ada Ames", date(1984, 3, 14)), "a_test", at, simulated=True)
    course, now = running(cast, at, ada)
    clock.set_to(now)
    page = staff("nia")
    page.goto(f"/session/{course.key}/infusion/9/")
    expect(page.locator("h1")).to_contain_text("There is no such session")
