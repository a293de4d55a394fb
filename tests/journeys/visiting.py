"""One dosing visit in a real browser, act by act: what staff tap and type, both clocks moved and never waited for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.clinic.stock import lot_of
from tests.site_fixtures import PASSWORD
from tests.walker import Walk, do_row, next_row, wishes
from unstuck.clinic import clock
from unstuck.clinic.course.actions import load_ghost
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.custody.models import Lot
from unstuck.clinic.custody.receiving import NewProduct
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.people.models import Account
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.session.queries import Live, Place, live
from unstuck.core import events as ev
from unstuck.core.calendar import companions
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol
from unstuck.core.screening import ACCEPTED
from unstuck.core.session import Phase
from unstuck.core.verdict import verdict

MINUTE = timedelta(minutes=1)
BORN = date(1984, 3, 14)
WEIGHT_KG, STEP_MIN = 70, 8.0
STEADY = {"systolic_mmhg": 122.0, "diastolic_mmhg": 76.0, "spo2_percent": 98.0, "resp_per_min": 14.0}
ROUNDS = 20  # of readings: more than any stay needs
HIGHEST = ("aldrete", "padss")  # scales on which much is good; on the others the lowest answer is
Staff = Callable[[str], Page]


@dataclass
class Visit:
    """A person who comes today for their first dose, and the browser of the nurse."""

    course: Course
    place: Place
    page: Page
    lot: Lot

    @property
    def address(self) -> str:
        return f"/session/{self.course.key}/{self.place.step}/{self.place.occurrence}/"

    @property
    def name(self) -> str:
        return str(self.course.person.name)

    @property
    def stands(self) -> Live:
        return live(self.course, self.place, clock.read())

    def unmet(self) -> list[str]:
        """Sentences of the rules before the dose that do not hold."""
        stands = self.stands.loaded
        rules = verdict(stands.protocol, stands.state, self.place.step, self.place.occurrence, clock.read()).rules
        return [rule.sentence for rule in rules if not rule.opens]

    @property
    def log(self) -> tuple[ev.Event, ...]:
        return tuple(load(self.course).state.log)

    def button(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def send(self, name: str) -> None:
        """Presses a button whose form asks for a page; that page is open, so that nothing cuts the request off."""
        with self.page.expect_navigation():
            self.button(name)

    def ahead(self, minutes: float) -> None:
        """Both clocks go on, in steps in which the open page is heard, so that nobody is signed out as idle."""
        while minutes > 0:
            step = min(STEP_MIN, minutes)
            clock.set_to(clock.read() + timedelta(minutes=step))
            with self.page.expect_response(lambda answer: "/state/" in answer.url):
                self.page.clock.fast_forward(int(step * 60_000))
            minutes -= step

    def saved(self, words: str) -> None:
        """Waits until the server's own line says it, and nothing waits on the device."""
        expect(self.page.locator("#timeline li:not([data-waiting])", has_text=words).first).to_be_visible()

    # Acts, in the order of a visit

    def check_room(self) -> None:
        self.page.goto("/session/room/")
        for name in ("oxygen", "suction", "rescue_drugs"):
            self.page.check(f"input[name={name}][value=yes]")
        self.send("Record the check")

    def check_in(self) -> None:
        self.page.goto(self.address)
        self.page.check("input[name=name_said]")
        self.page.fill("#born", BORN.isoformat())
        self.page.select_option("#chair", index=1)
        self.send("Check in")
        self.saved("Checked in by name and date of birth")

    def read(self, pulse: int, **values: float) -> None:
        """A whole round; the pulse tells it from other rounds."""
        values = {**STEADY, "moaas": 5, **values, "pulse_per_min": pulse}
        for name, value in values.items():
            self.page.fill(f"#r-{name}", f"{value:g}")
        self.page.click("#reading button[type=submit]")
        self.saved(f"pulse {pulse} ")
        expect(self.page.locator("#r-pulse_per_min")).to_have_value("")

    def rate(self, instrument: str) -> None:
        self.page.goto(f"{self.address}rate/{instrument}/")
        for item in self.page.locator("fieldset.picks:not([data-after])").all():
            choices = sorted(item.locator("input").all(), key=lambda one: float(one.get_attribute("value") or 0))
            choices[-1 if instrument in HIGHEST else 0].check()
        self.send("Record for")
        expect(self.page.locator("#next")).to_be_visible()
        assert self.page.locator("#errors").all_inner_texts() == []
        self.saved("rated")

    def find_out(self, page: Page | None = None) -> None:
        """Answers every fact that the page asks for as the rules want it."""
        page, wanted = page or self.page, wished(self.stands)
        for name in [one.get_attribute("value") or "" for one in page.locator("input[name=fact]").all()]:
            answer = page.locator(f"input[name='said:{name}'][value={'yes' if wanted.get(name, True) else 'no'}]")
            page.locator("label", has=answer).click()
            expect(answer).to_be_checked()
        with page.expect_response(lambda answer: answer.url.endswith("/entries/")):  # earlier lines say "yes" as well
            page.get_by_role("button", name="Record what was found").click()
        expect(page.locator("#timeline li:not([data-waiting])", has_text=": yes").first).to_be_visible()

    def choose(self) -> None:
        self.page.get_by_text("Touch, recording, grounding").click()
        for name in ("touch", "recording", "grounding"):
            self.page.select_option(f"select[name={name}]", index=1)
        self.button("Lock these choices")
        self.saved("Choices locked")

    def order(self, page: Page, amount: str, unit: str, cap: str, minutes: str = "") -> None:
        """The prescriber signs on a screen of their own."""
        page.goto(self.address)
        for field, typed in (("#o-a", amount), ("#o-c", cap), ("#o-m", minutes), ("#o-h", "4"), ("#o-p", PASSWORD)):
            page.fill(field, typed)
        page.check(f"input[name=unit][value='{unit}']")
        with page.expect_navigation():
            page.get_by_role("button", name="Sign for").click()
        expect(page.locator("#timeline")).to_contain_text("Order signed")

    def check(self, units: str, second: str = "cleo") -> None:
        """The nurse checks, then a colleague on the same tablet under their own name."""
        self.page.goto(self.address)
        self.page.fill("#g-l", self.lot.code)
        self.page.fill("#g-u", units)
        self.send("I checked this")
        expect(self.page.get_by_text("First check done")).to_be_visible()
        self.page.fill("#c-l", self.lot.code)
        self.page.fill("#c-u", units)
        self.page.get_by_text("Sign here as the second person").click()
        self.page.fill("#c-n", second)
        self.page.fill("#c-p", PASSWORD)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="I checked this").last.click()
        expect(self.page.get_by_text("Two people have checked")).to_be_visible()

    def give(self) -> None:
        self.send("Give to")
        self.saved("Dose begun")

    def hand_over(self, to: str, theirs: Page) -> None:
        """The chair goes to a colleague, who goes on in their own browser."""
        self.page.get_by_text("Hand the chair over").click()
        self.page.select_option("#t-t", label=to)
        self.send("Hand over")
        self.saved("Chair handed over")
        self.page.context.set_offline(True)
        self.page = theirs
        theirs.clock.install(time=clock.read())
        theirs.goto(self.address)

    def part(self, number: int, units: int) -> None:
        self.page.get_by_text("Next part of the dose").click()
        self.page.fill("#p-n", str(number))
        self.page.fill("#p-u", str(units))
        self.send("This part was given")


def up_to_give(visit: Visit, staff: Staff, units: str, minutes: str = "") -> None:
    """Room, check-in, readings, scales, facts, an order of 0.5 mg/kg and two checks; then the dose begins."""
    visit.check_room()
    visit.check_in()
    visit.read(59, weight_kg=WEIGHT_KG)
    for instrument in ("cssrs_screen", "cadss"):
        visit.rate(instrument)
    visit.find_out()
    visit.choose()
    prescriber = staff("cleo")
    prescriber.goto(visit.address)
    visit.find_out(prescriber)
    visit.order(prescriber, "0.5", "mg/kg", "50", minutes)
    prescriber.context.set_offline(True)
    visit.check(units)
    assert visit.unmet() == []
    expect(visit.page.get_by_text("All met")).to_be_visible()
    visit.give()


def watched(visit: Visit) -> None:
    """Whatever the plan asks for is read when it is due, until the stay is over."""
    for number in range(ROUNDS):
        said = visit.stands.session
        if said.phase is Phase.LEAVING:
            return
        moments = [d.by for d in said.due if "systolic_mmhg" in d.readings] or [said.stay_until]
        assert moments[0] is not None
        visit.ahead(max(1.0, (min(m for m in moments if m) - clock.read()) / timedelta(minutes=1)))
        visit.read(60 + number)
    raise AssertionError(f"the stay never ends: {visit.stands.session.phase} {visit.stands.session.due}")


def leaves(visit: Visit) -> None:
    """Scores and facts after the dose are found out one by one; only then the door opens."""
    visit.page.goto(visit.address)
    with visit.page.expect_navigation():  # readable, and refused
        visit.page.get_by_role("button", name=f"{visit.name} leaves for home").dispatch_event("click")
    expect(visit.page.locator("#errors")).to_contain_text("Nothing was saved")
    visit.page.goto(visit.address)
    visit.read(58)
    for instrument in ("cssrs_screen", "cadss", "aldrete", "padss"):
        visit.rate(instrument)
    visit.find_out()
    expect(visit.page.get_by_text("May leave", exact=True)).to_be_visible()
    visit.send(f"{visit.name} leaves for home")
    expect(visit.page.locator("#next")).to_contain_text("This session is over")


def wished(stands: Live) -> dict[str, ev.Value]:
    """What makes the rules of this moment hold, by fact."""
    protocol = stands.loaded.protocol
    rules = [gate.rule for gate in protocol.gates]
    rules += [protocol.monitoring.discharge] if protocol.monitoring and protocol.monitoring.discharge else []
    return {**dict(pair for rule in rules for pair in wishes(rule, True)), "person.pregnancy_possible": False}


def coming(staff: Staff, protocol: str, step: str, product: NewProduct, at: datetime) -> Visit:
    """Ada on the morning of her first dose by that protocol: the session after it is booked, nobody checked her in."""
    cast = {account.username: account for account in Account.objects.all()}
    plan = load_protocol(protocol)
    release_as(plan, cast["cleo"].key, at - timedelta(days=60))
    walked = _walked(plan, step, at - timedelta(days=50))
    ada = register_person(Identity("Ada Ames", BORN), "a_test", at, simulated=True)
    course = load_ghost(walked.events, ada, walked.now)
    clock.set_to(walked.now)
    lot = lot_of(product, cast, walked.now)
    page = staff("nia")
    page.clock.install(time=walked.now)
    return Visit(course, Place(step, 1), page, lot)


def _walked(plan: Protocol, step: str, start: datetime) -> Walk:
    """The course with everything before that step done, half an hour before it."""
    here = Walk(plan, start, random.Random(3), key="c_visit")
    arm = plan.arms[0].key if plan.arms else None
    here.add(ev.Enrolled(plan.key, plan.version, plan.hash, arm))
    here.add(ev.ReadingTaken("weight_kg", float(WEIGHT_KG)))
    while (row := next_row(here)) is not None and row.step != step:
        here.now = max(here.now + MINUTE, row.target or here.now)
        assert do_row(here, row), row
    here.add(ev.FactStated(ACCEPTED, True))  # a prescriber's signature, on a page of its own
    here.now += 30 * MINUTE
    for one in companions(plan, here.course, 1, here.now, ZoneInfo("UTC")):
        middle = one.opens + (one.closes - one.opens) / 2
        here.add(ev.VisitBooked(one.step, one.occurrence, middle, "room"))
    return here
