"""The whole way, by the whole cast: one person from a file to a booster decision, another to a well-documented stop."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.clinic.courses import released
from tests.journeys.staff import at, home, ledger_triggers, plain_http, staff, staffed
from tests.pathway_makers import evidence_signed, interviewed, rules_signed
from tests.site_fixtures import PASSWORD
from tests.walker import Walk, do_row, next_row
from unstuck.clinic import clock
from unstuck.clinic.course import actions, queries
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import append_events
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.people.models import Account
from unstuck.core import events as ev

__all__ = ["at", "home", "ledger_triggers", "plain_http", "staff", "staffed"]

pytestmark = [pytest.mark.django_db(transaction=True)]
PLAN = "induction_maintenance"
DAY = timedelta(days=1)
Staff = Callable[[str], Page]


@dataclass
class Score:
    """Every questionnaire answered with this total, whatever was asked."""

    total: int

    def randint(self, low: int, high: int) -> int:
        return self.total


def go(course: Course, until: tuple[str, int], total: int, most: int = 40) -> datetime:
    """Treats the person as planned until that visit is done, every scale at `total`; the instant after it."""
    loaded = queries.load(Course.objects.get(pk=course.pk))
    here = Walk(loaded.protocol, clock.read(), Score(total), loaded.state, key=course.key)  # type: ignore[arg-type]
    here.ids = itertools.count(len(loaded.state.log))
    here.add(ev.ReadingTaken("weight_kg", 70.0))
    while most and until not in here.course.done:
        most -= 1
        row = next_row(here, frozenset({"decision"}))  # the prescriber decides in the browser
        assert row is not None, f"nothing leads to {until}"
        here.now = max(here.now + timedelta(minutes=1), row.target or here.now)
        if not do_row(here, row):
            here.add(ev.StepSkipped(row.step, row.occurrence, "site"))
    with transaction.atomic():
        append_events(course.key, here.events, loaded.protocol.hash)
        actions.refresh(course, loaded.protocol, here.course, here.now)
    clock.set_to(here.now + timedelta(minutes=1))
    return clock.read()


def arrive(page: Page, given: str, family: str) -> Course:
    """The front desk reads a file, compares it with the person, and enrols."""
    patient = {"resourceType": "Patient", "name": [{"given": [given], "family": family}], "birthDate": "1984-03-14"}
    page.goto("/pathway/arrive/")
    file = {"name": "p.json", "mimeType": "application/json", "buffer": json.dumps(patient).encode()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the file").click()
    expect(page.locator("input[name=name]")).to_have_value(f"{given} {family}")
    page.get_by_role("button", name="Enrol").click()
    expect(page.locator("h1")).to_have_text(f"{given} {family}")
    return Course.objects.get(person__name=f"{given} {family}")


def screen(page: Page, course: Course, today: str) -> None:
    """The nurse asks everything: nothing is there, nothing is taken, CPT was finished, all tests are of today."""
    answers = {"trauma": "item1", "history": "no", "prior": "none", "medicines": "no", "tests": "normal"}
    for part, value in answers.items():
        page.goto(f"/pathway/{course.key}/screening/{part}/ask/")
        for choice in page.locator("select").all():
            choice.select_option(value)
        if part == "prior":
            page.get_by_label("Cognitive processing therapy").select_option("adequate_not")
        for day in page.locator("input[type=date]").all() if part == "tests" else []:
            day.fill(today)
        page.get_by_role("button", name=re.compile("Record for")).click()
        page.wait_for_url("**/screening/")


def decide(page: Page, course: Course) -> None:
    """The prescriber accepts, signed with the password."""
    page.goto(f"/pathway/{course.key}/screening/")
    page.select_option("select[name=decided]", "accept")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name=re.compile("Sign for")).click()


def consent(page: Page, course: Course) -> None:
    """The therapist writes down a goal and witnesses the signature."""
    page.goto(f"/pathway/{course.key}/consent/")
    page.fill("input[name=goal]", "Sleep through the night")
    page.get_by_role("button", name="Add this goal").click()
    expect(page.locator("main")).to_contain_text("Sleep through the night")
    for sentence in page.locator("input[name=confirmed]").all():
        sentence.check()
    page.select_option("select[name=identity]", "passport")
    page.fill("input[name=name]", Course.objects.get(pk=course.pk).person.name)
    page.get_by_role("button", name=re.compile("consents")).click()
    expect(page.locator(".next-what")).to_have_text("Given")


def book(page: Page, course: Course, place: str, chair: str = "", talk_after: timedelta | None = None) -> None:
    """The front desk books a visit at the proposed time; a dose in a chair, with the talk that belongs to it."""
    page.goto(f"/pathway/{course.key}/plan/{place}/")
    if chair:
        page.select_option("select[name=chair]", chair)
    if talk_after is not None:
        starts = datetime.fromisoformat(page.input_value("input[name=starts]"))
        page.fill("input[name=talk]", (starts + talk_after).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name=re.compile("Book for")).click()


def ready(staff: Staff, course: Course, now: datetime) -> None:
    """Screened, accepted, consented: what each of the team does before a first dose."""
    screen(staff("nia"), course, now.date().isoformat())
    cleo = staff("cleo")
    decide(cleo, course)
    expect(cleo.locator("#errors")).to_contain_text("Still open")  # nobody has interviewed yet
    interviewed(course, Account.objects.get(username="ben").key, now)
    decide(cleo, course)
    expect(cleo.locator(".next-what")).to_have_text("Accepted for treatment")
    consent(staff("ben"), course)


@pytest.fixture
def house(staff: Staff, at: datetime) -> Any:
    """A protocol in use, its evidence signed, and the consent signed by the prescriber on its page."""
    release = released(PLAN, at)
    evidence_signed(Account.objects.get(username="cleo").key, at, PLAN)
    rules_signed(Account.objects.get(username="cleo").key, at)
    cleo = staff("cleo")
    cleo.goto(f"/pathway/consent/{PLAN}/")
    expect(cleo.locator("main")).to_contain_text("No authority has approved it")
    cleo.fill("input[name=password]", PASSWORD)
    cleo.get_by_role("button", name="Sign this text for use").click()
    expect(cleo.locator("main")).to_contain_text("1-")
    return release


def test_from_a_file_to_a_booster_decision(staff: Staff, house: Any, at: datetime) -> None:
    """Enrolled, screened, accepted, consented, booked, treated, better, worse again: the booster decision."""
    finn = staff("finn")
    course = arrive(finn, "Rosa", "Lindqvist")
    finn.goto(f"/pathway/{course.key}/plan/induction/1/")
    book(finn, course, "induction/1", "chair_1")
    expect(finn.locator("#errors")).to_contain_text("missing or too old")  # no test has been entered
    ready(staff, course, at)
    book(finn, course, "induction/1", "chair_1", timedelta(hours=48))
    finn.wait_for_url("**/plan/")
    other = arrive(finn, "Bea", "Berg")
    screen(staff("nia"), other, at.date().isoformat())
    book(finn, other, "induction/1", "chair_1")
    expect(finn.locator("#errors")).to_contain_text("The chair is booked")
    go(course, ("baseline", 1), 50)
    go(course, ("response_confirmed", 1), 25)
    clock.set_to(go(course, ("weekly", 8), 45) + 20 * DAY)
    cleo = staff("cleo")  # weeks have passed: nobody is signed in any more
    cleo.goto(f"/pathway/{course.key}/deciding/")
    expect(cleo.locator(".next-what")).to_have_text("Decide on a booster")
    expect(cleo.locator("main")).to_contain_text("50 → 45 (-5)")
    cleo.get_by_role("link", name=re.compile("Decide:.*What next")).click()
    cleo.select_option("select[name=decision]", "go_on")
    cleo.get_by_role("button", name=re.compile("Record for")).click()
    cleo.goto(f"/pathway/{course.key}/deciding/")
    expect(cleo.locator("main")).to_contain_text("What next: Go on")
    for name in ("dev", "quinn", "otis"):
        assert staff(name).request.get(f"/pathway/{course.key}/screening/").status == 403
    assert verify().sound


def test_to_a_well_documented_stop(staff: Staff, house: Any, at: datetime) -> None:
    """Three doses move nothing: the rule says stop, the prescriber does, and the family doctor is told by a release."""
    course = arrive(staff("finn"), "Omar", "Haddad")
    ready(staff, course, at)
    go(course, ("baseline", 1), 50)
    clock.set_to(go(course, ("induction", 3), 49) + DAY)
    cleo = staff("cleo")
    cleo.goto(f"/pathway/{course.key}/deciding/")
    expect(cleo.locator(".next-kicker")).to_have_text("A rule of the plan says stop")
    cleo.get_by_role("link", name=re.compile("worth going on")).click()
    cleo.select_option("select[name=decision]", "stop")
    cleo.get_by_role("button", name=re.compile("Record for")).click()
    cleo.goto(f"/courses/{course.key}/record/end/")
    cleo.select_option("select[name=ending]", "stopped_no_response")
    cleo.get_by_role("button", name=re.compile("Record for")).click()
    cleo.goto(f"/pathway/{course.key}/deciding/")
    expect(cleo.locator("main")).to_contain_text("Is it worth going on?: Stop")
    cleo.fill("input[name=to]", "Dr Reed, family practice")
    cleo.fill("input[name=until]", (clock.read() + 30 * DAY).date().isoformat())
    cleo.select_option("select[name=identity]", "known_to_staff")
    cleo.get_by_role("button", name=re.compile("allows this")).click()
    link = cleo.get_by_role("link", name=re.compile("Summary .PDF.")).get_attribute("href")
    page = PdfReader(BytesIO(cleo.request.get(str(link)).body())).pages[0].extract_text()
    said = re.sub(r"\s+", " ", page)
    for words in (
        "Omar Haddad",
        "For Dr Reed",
        "Doses: 3",
        "from 50 to 49",
        "does not show that the treatment made it",
    ):
        assert words in said
    quinn = staff("quinn")
    quinn.goto("/audit/")
    for words in ("ended the plan", "made the one-page outcome"):
        expect(quinn.locator("main")).to_contain_text(words)
    assert verify().sound
