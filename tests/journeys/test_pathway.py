"""The whole way, by the whole cast, each in a browser: one person to a booster decision, one to a documented stop."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from django.db import transaction
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.clinic.stock import VIAL, lot_of
from tests.journeys import acting
from tests.journeys.acting import Team, press, team
from tests.journeys.staff import at, home, ledger_triggers, plain_http, staffed
from tests.journeys.visiting import WEIGHT_KG, Visit, leaves, up_to_give, watched
from tests.pathway_makers import evidence_signed, interviewed, rules_signed
from tests.site_fixtures import PASSWORD
from tests.walker import Walk, do_row, next_row
from unstuck.clinic import clock
from unstuck.clinic.course import actions, queries
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import append_events
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.people.models import Account
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.session.queries import Place
from unstuck.core import events as ev
from unstuck.core.protocol_file import load_protocol
from unstuck.core.protocol_writer import content_hash

__all__ = ["at", "home", "ledger_triggers", "plain_http", "staffed", "team"]

pytestmark = [pytest.mark.django_db(transaction=True)]
PLAN = "induction_maintenance"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IN_BROWSERS = frozenset({"decision", "response_confirmed", "end_interview"})


@dataclass
class Score:
    """Every questionnaire answered with this total, whatever was asked."""

    total: int

    def randint(self, low: int, high: int) -> int:
        return self.total


def go(course: Course, until: tuple[str, int], total: int, most: int = 60) -> None:
    """Brings the plan forward until that visit is done, every scale at `total`; the clock stands just after it."""
    loaded = queries.load(Course.objects.get(pk=course.pk))
    here = Walk(loaded.protocol, clock.read(), Score(total), loaded.state, key=course.key)  # type: ignore[arg-type]
    here.ids = itertools.count(len(loaded.state.log))
    here.add(ev.ReadingTaken("weight_kg", float(WEIGHT_KG)))
    while most and until not in here.course.done:
        most -= 1
        row = next_row(here, IN_BROWSERS)
        assert row is not None, f"nothing leads to {until}"
        here.now = max(here.now + timedelta(minutes=1), row.target or here.now)
        if not do_row(here, row):
            here.add(ev.StepSkipped(row.step, row.occurrence, "site"))
    assert until in here.course.done
    with transaction.atomic():
        append_events(course.key, here.events, loaded.protocol.hash)
        actions.refresh(course, loaded.protocol, here.course, here.now)
    clock.set_to(here.now + timedelta(minutes=1))


@pytest.fixture
def house(team: Team, at: datetime) -> None:
    """A protocol in use that blinds the rater, its evidence signed, and the consent signed by the prescriber."""
    plan = replace(load_protocol(PLAN), blinded=("research",))
    cleo = Account.objects.get(username="cleo").key
    release_as(replace(plan, hash=content_hash(plan)), cleo, at)
    evidence_signed(cleo, at, PLAN)
    rules_signed(cleo, at)
    page = team.at("cleo", f"/pathway/consent/{PLAN}/")
    expect(page.locator("main")).to_contain_text("No authority has approved it")
    page.fill("input[name=password]", PASSWORD)
    press(page, "Sign this text for use")
    expect(page.locator("main")).to_contain_text("1-")


def from_first_contact_to_baseline(team: Team, course: Course, at: datetime) -> None:
    """Screened, consented, interviewed by the rater, accepted by the prescriber, and the first curve's first point."""
    acting.book(team, course, "induction/1", "chair_1")
    expect(team.pages["finn"].locator("#errors")).to_contain_text("missing or too old")  # no test has been entered
    acting.screen(team, course, at.date().isoformat())
    expect(acting.decide(team, course).locator("#errors")).to_contain_text("Still open")  # nobody has interviewed yet
    acting.consent(team, course, "Sleep through the night")
    acting.answer(team.phone, acting.link_for(team, course, "screening:1"), 0)
    acting.answer(team.phone, acting.scales_of_screening(team, course), 0)
    acting.rate(team, "dev", course, "baseline_interview:1", caps5=3)
    expect(acting.decide(team, course).locator(".next-what")).to_have_text("Accepted for treatment")
    acting.answer(team.phone, acting.link_for(team, course, "baseline:1"), 3, weeks=0)


def first_dose(team: Team, course: Course) -> None:
    """Prepared, booked with its integration, checked on the day, given at the chair, and gone home."""
    acting.held(team, "ben", course, "preparation:1", minutes="50")
    starts = acting.book(team, course, "induction/1", "chair_1", timedelta(hours=48))
    team.pages["finn"].wait_for_url("**/plan/")
    clock.set_to(starts.replace(tzinfo=clock.zone()) - HOUR)
    for name in ("nia", "ben"):  # there is no earlier weight, so two people read the scale
        acting.weigh(team, name, course, "dosing_day:1", WEIGHT_KG)
    acting.rate(team, "nia", course, "dosing_day:1")
    cast = {account.username: account for account in Account.objects.all()}
    lot = lot_of(VIAL, cast, clock.read())
    tablet = team.come("nia")
    tablet.clock.install(time=clock.read())
    visit = Visit(course, Place("induction", 1), tablet, lot)
    up_to_give(visit, team.come, "3.5", "40")
    watched(visit)
    leaves(visit)
    for name in ("nia", "cleo"):  # their tablets stay at the chair
        team.come(name)


def after_the_dose(team: Team, course: Course) -> None:
    """The call, the check-in and a page of the journal on the phone, the talk, and a note that nobody else reads."""
    clock.set_to(clock.read() + 20 * HOUR)
    acting.held(team, "nia", course, "next_day:1", minutes="10")
    clock.set_to(clock.read() + 3 * HOUR)
    acting.at_home(team.phone, "rosa@example.org")
    acting.check_in(team.phone)
    acting.journal(team.phone, "The corridor was only a corridor")
    clock.set_to(clock.read() + 24 * HOUR)
    acting.talk(team, course, "integration/1", "Slept well, goes out alone", "My own thoughts on the hour")


def to_an_outcome(team: Team, course: Course) -> None:
    """The other doses are brought forward; the rater interviews, the person answers, the prescriber sees a response."""
    go(course, ("induction", 4), 30)
    go(course, ("weekly", 4), 25)
    acting.rate(team, "dev", course, "end_interview:1", caps5=1)
    acting.held(
        team, "cleo", course, "response_confirmed:1", decision="go_on", reason="Works again; boosters agreed on"
    )


def test_from_a_file_to_a_booster_decision(team: Team, house: None, at: datetime) -> None:
    """First contact, screening, consent, baseline, a dose at the chair, therapy, check-in, outcome, loss: a booster."""
    course = acting.arrive(team, "Rosa", "Lindqvist")
    from_first_contact_to_baseline(team, course, at)
    first_dose(team, course)
    after_the_dose(team, course)
    to_an_outcome(team, course)
    go(course, ("weekly", 9), 50)
    clock.set_to(clock.read() + 14 * DAY)
    page = team.at("cleo", f"/pathway/{course.key}/deciding/")
    expect(page.locator(".next-what")).to_have_text("Decide on a booster")
    expect(page.locator("main")).to_contain_text("60 → 50 (-10)")
    acting.held(team, "cleo", course, "decision:1", decision="go_on", reason="One booster, as agreed in April")
    page = team.at("cleo", f"/pathway/{course.key}/deciding/")
    expect(page.locator("main")).to_contain_text("What next: Go on")
    expect(page.locator("main")).to_contain_text("One booster, as agreed in April")
    seen_by_the_others(team, course)
    assert verify().sound


def seen_by_the_others(team: Team, course: Course) -> None:
    """The person sees who read; the rater no dose and no name; quality the acts; Eve, and whoever need not, nothing."""
    acting.at_home(team.phone, "rosa@example.org")
    team.phone.goto("/me/readers/")
    for name in ("Nia", "Cleo", "Ben"):
        expect(team.phone.locator("main")).to_contain_text(name)
    rater = team.at("dev", f"/courses/{course.key}/")
    expect(rater.locator("main")).to_contain_text("Not shown to you")
    for hidden in ("Lindqvist", "35 mg", "corridor", "My own thoughts"):
        assert hidden not in rater.content()
    quality = team.at("quinn", f"/audit/?chain={course.key}")
    expect(quality.locator("main")).to_contain_text("Cleo read the page “deciding”")
    eve = team.at("eve", "/")
    team.opened.discard("/")
    assert {path for path in team.opened if eve.request.get(path).status != 403} == set()
    theirs = [path for path in team.opened if path.startswith("/pathway/c_")]
    for name in ("dev", "quinn"):
        assert [path for path in theirs if team.pages[name].request.get(path).status != 403] == []


def treated_without_change(team: Team, course: Course, at: datetime) -> None:
    """Screened, accepted and consented in browsers; three doses, which move nothing, are brought forward."""
    acting.screen(team, course, at.date().isoformat())
    interviewed(course, Account.objects.get(username="ben").key, at)
    acting.decide(team, course)
    acting.consent(team, course, "Ride the bus")
    go(course, ("baseline", 1), 50)
    go(course, ("induction", 3), 49)
    clock.set_to(clock.read() + DAY)


def test_to_a_well_documented_stop(team: Team, house: None, at: datetime) -> None:
    """Three doses move nothing: the rule says stop, the prescriber does and says why, others are told by a release."""
    course = acting.arrive(team, "Omar", "Haddad")
    treated_without_change(team, course, at)
    acting.at_home(team.phone, "omar@example.org")
    acting.safety_plan(team.phone, signs="I stop answering the telephone", people="My brother Sami")
    page = team.at("cleo", f"/pathway/{course.key}/deciding/")
    expect(page.locator(".next-kicker")).to_have_text("A rule of the plan says stop")
    acting.held(team, "cleo", course, "futility:1", decision="stop", reason="No change after three doses")
    page = team.at("cleo", f"/courses/{course.key}/record/end/")
    page.select_option("select[name=ending]", "stopped_no_response")
    press(page, "Record for")
    expect(page.locator("#errors")).to_contain_text("A stop needs its reason in words")
    page.fill("textarea[name=reason]", "Exposure therapy with Ben from Monday; Dr Reed goes on with the tablets")
    press(page, "Record for")
    page = team.at("cleo", f"/pathway/{course.key}/deciding/")
    expect(page.locator(".next-what")).to_have_text("Stopped: no response")
    for words in (
        "Is it worth going on?: Stop",
        "No change after three doses",
        "Exposure therapy with Ben from Monday",
    ):
        expect(page.locator("main")).to_contain_text(words)
    expect(team.at("ben", f"/own/{course.key}/shared/").locator("main")).to_contain_text("My brother Sami")
    handed_over(team, course)
    team.phone.goto("/me/")
    expect(team.phone.locator(".next-what")).to_have_text("Your course here has ended")
    assert verify().sound


def handed_over(team: Team, course: Course) -> None:
    """The family doctor is told by a release that the person signed; quality sees it."""
    page = team.at("cleo", f"/pathway/{course.key}/deciding/")
    page.fill("input[name=to]", "Dr Reed, family practice")
    page.fill("input[name=until]", (clock.read() + 30 * DAY).date().isoformat())
    page.select_option("select[name=identity]", "known_to_staff")
    press(page, "allows this")
    link = page.get_by_role("link", name=re.compile("Summary .PDF.")).get_attribute("href")
    text = PdfReader(BytesIO(page.request.get(str(link)).body())).pages[0].extract_text()
    said = re.sub(r"\s+", " ", text)
    told = ("Omar Haddad", "For Dr Reed", "Doses: 3", "from 50 to 49", "has ended: stopped: no response")
    for words in (*told, "does not show that the treatment made it"):
        assert words in said
    quality = team.at("quinn", "/audit/")
    for words in ("ended the plan", "made the one-page outcome"):
        expect(quality.locator("main")).to_contain_text(words)
