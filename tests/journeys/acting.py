"""What each of the cast does around the doses, each in a browser of their own; the clock is moved, never waited for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, ViewportSize, expect

from tests.journeys.staff import leave
from tests.site_fixtures import PASSWORD
from unstuck.clinic.course.models import Course
from unstuck.clinic.messages.models import Message

DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
SIGN_IN = "/people/sign-in/"
ANSWERS = {"trauma": "item1", "history": "no", "prior": "none", "medicines": "no", "tests": "normal"}
FILL = """told => document.querySelectorAll('main form fieldset').forEach(asked => {
    const boxes = [...asked.querySelectorAll('input')], kind = boxes[0].name.split('.')[0];
    const choice = kind in told ? told[kind] : told.all, picks = boxes.filter(box => box.type == 'radio');
    if (picks.length) picks[Math.min(choice, picks.length - 1)].click();
    else if (boxes[0].type == 'number') boxes[0].value = choice;
    else boxes[0].click();
})"""
"""Answers each question with the choice of that number, or of the instrument whose name begins the field's."""


@dataclass
class Team:
    """Everybody's browser by name, and every address that staff opened in one."""

    chromium: Browser
    address: str
    pages: dict[str, Page] = field(default_factory=dict)
    left: list[Page] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)

    def at(self, name: str, path: str) -> Page:
        """The page of that member of staff at that address; signed in (again) where the door asks."""
        page = self.pages.get(name) or self._arrives(name, DESK)
        page.goto(path)
        if SIGN_IN in page.url:
            page.fill("input[name=username]", name)
            page.fill("input[name=password]", PASSWORD)
            page.click("main form button[type=submit]")
            page.wait_for_url(lambda url: SIGN_IN not in url)
            page.goto(path)
        self.opened.add(path)
        return page

    def come(self, name: str) -> Page:
        """A fresh browser of that member of staff, such as the tablet at the chair."""
        if name in self.pages:
            self.left.append(self.pages.pop(name))
        return self.at(name, "/")

    @property
    def phone(self) -> Page:
        """The patient's phone, 390 pixels wide."""
        return self.pages.get("patient") or self._arrives("patient", PHONE)

    def _arrives(self, name: str, size: ViewportSize) -> Page:
        context = self.chromium.new_context(viewport=size, base_url=self.address, has_touch=size is PHONE)
        self.pages[name] = context.new_page()
        return self.pages[name]


@pytest.fixture
def team(chromium: Browser, staffed: str) -> Iterator[Team]:
    """Nobody has come in yet."""
    one = Team(chromium, staffed)
    yield one
    for page in (*one.pages.values(), *one.left):
        leave(page.context)


def press(page: Page, words: str) -> None:
    """Presses the button that says this; the page that answers is open, so that nothing cuts the request off."""
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile(words)).first.click()


def lands(page: Page, address: str) -> None:
    """The form was taken and led on; else the test says what the page refused."""
    try:
        page.wait_for_url(address, timeout=5_000)
    except TimeoutError:
        raise AssertionError(page.locator(".errors").all_inner_texts()) from None


# First contact and screening


def arrive(team: Team, given: str, family: str) -> Course:
    """The front desk reads a file, compares it with the person, enrols, and invites them to pages of their own."""
    told = [{"system": "email", "value": f"{given.lower()}@example.org"}]
    patient = {"resourceType": "Patient", "name": [{"given": [given], "family": family}], "birthDate": "1984-03-14"}
    page = team.at("finn", "/pathway/arrive/")
    file = {
        "name": "p.json",
        "mimeType": "application/json",
        "buffer": json.dumps(patient | {"telecom": told}).encode(),
    }
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    press(page, "Read the file")
    expect(page.locator("input[name=name]")).to_have_value(f"{given} {family}")
    press(page, "Enrol")
    expect(page.locator("h1")).to_have_text(f"{given} {family}")
    course = Course.objects.get(person__name=f"{given} {family}")
    page = team.at("finn", f"/own/{course.key}/")
    press(page, "Invite by e-mail")
    expect(page.locator("main")).to_contain_text(f"Gets in by code to {given.lower()}@example.org")
    return course


def screen(team: Team, course: Course, today: str) -> None:
    """The nurse asks everything: nothing is there, nothing is taken, CPT was finished, all tests are of today."""
    for part, value in ANSWERS.items():
        page = team.at("nia", f"/pathway/{course.key}/screening/{part}/ask/")
        for choice in page.locator("select").all():
            choice.select_option(value)
        if part == "prior":
            page.get_by_label("Cognitive processing therapy").select_option("adequate_not")
        for day in page.locator("input[type=date]").all() if part == "tests" else []:
            day.fill(today)
        press(page, "Record for")
        lands(page, "**/screening/")


def decide(team: Team, course: Course) -> Page:
    """The prescriber signs an acceptance with the password; the page that answers."""
    page = team.at("cleo", f"/pathway/{course.key}/screening/")
    page.select_option("select[name=decided]", "accept")
    page.fill("input[name=password]", PASSWORD)
    press(page, "Sign for")
    return page


def consent(team: Team, course: Course, goal: str) -> None:
    """The therapist writes down a goal; the person reads, marks each sentence and signs on the therapist's screen."""
    page = team.at("ben", f"/pathway/{course.key}/consent/")
    page.fill("input[name=goal]", goal)
    press(page, "Add this goal")
    expect(page.locator("main")).to_contain_text(goal)
    for sentence in page.locator("input[name=confirmed]").all():
        sentence.check()
    page.select_option("select[name=identity]", "passport")
    page.fill("input[name=name]", Course.objects.get(pk=course.pk).person.name)
    press(page, "consents")
    expect(page.locator(".next-what")).to_have_text("Given")


# Questions


def link_for(team: Team, course: Course, step: str) -> str:
    """The front desk makes the link to the questions of a step."""
    page = team.at("finn", f"/courses/{course.key}/ask/?step={step}")
    press(page, "Make the link")
    return str(page.locator("#answer-link").get_attribute("href"))


def scales_of_screening(team: Team, course: Course) -> str:
    """The nurse makes the link to the scales that the rules of screening read."""
    page = team.at("nia", f"/pathway/{course.key}/screening/")
    press(page, "Make a link to the person's scales")
    return str(page.locator("#answer-link").get_attribute("href"))


def answer(phone: Page, link: str, choice: int, **others: int) -> None:
    """The person answers each question behind the link with that choice; `others` by a word of a screen's heading."""
    phone.goto(link)
    _answer_on(phone, choice, **others)


def _answer_on(phone: Page, choice: int, **others: int) -> None:
    while "/thanks/" not in phone.url:
        heading = phone.locator("h1").inner_text()
        phone.evaluate(FILL, {"all": next((n for word, n in others.items() if word in heading), choice)})
        with phone.expect_navigation():
            phone.locator("main form button[type=submit]").first.tap()


def rate(team: Team, name: str, course: Course, step: str, **choices: int) -> None:
    """A clinician or the rater types interviews, every item of an instrument with its choice, else with the lowest."""
    page = team.at(name, f"/courses/{course.key}/rate/?step={step}")
    page.evaluate(FILL, {"all": 0, **choices})
    press(page, "Record for")
    lands(page, f"**/courses/{course.key}/")


# Visits


def book(team: Team, course: Course, place: str, chair: str = "", talk_after: timedelta | None = None) -> datetime:
    """The front desk books a visit at the proposed time; a dose in a chair, with the talk that belongs to it."""
    page = team.at("finn", f"/pathway/{course.key}/plan/{place}/")
    starts = datetime.fromisoformat(page.input_value("input[name=starts]"))
    if chair:
        page.select_option("select[name=chair]", chair)
    if talk_after is not None:
        page.fill("input[name=talk]", (starts + talk_after).strftime("%Y-%m-%dT%H:%M"))
    press(page, "Book for")
    return starts


def held(team: Team, name: str, course: Course, place: str, **told: str) -> None:
    """A visit took place, or a review was decided: written on the form of the course."""
    page = team.at(name, f"/courses/{course.key}/record/held/?step={place}")
    for field_name, value in told.items():
        box = page.locator(f"[name={field_name}]")
        box.select_option(value) if field_name == "decision" else box.fill(value)
    press(page, "Record for")
    lands(page, f"**/courses/{course.key}/")


def weigh(team: Team, name: str, course: Course, step: str, weight_kg: float) -> None:
    """A member of staff writes down what the scale shows."""
    page = team.at(name, f"/courses/{course.key}/record/reading/?step={step}")
    page.fill("input[name=weight_kg]", f"{weight_kg:g}")
    press(page, "Record for")
    lands(page, f"**/courses/{course.key}/")


def talk(team: Team, course: Course, place: str, summary: str, note: str) -> None:
    """The therapist keeps a session of integration in its structure, and seals a note that nobody else reads."""
    page = team.at("ben", f"/therapy/{course.key}/{place}/kap_integration/")
    page.fill("input[name=minutes]", "50")
    page.select_option("select[name=cycle]", "1")
    for box, value in (("session_before", "60"), ("session_after", "35")):
        page.fill(f"input[name=figure-{box}]", value)
    page.fill("textarea[name=summary]", summary)
    press(page, "Record for")
    lands(page, f"**/therapy/{course.key}/")
    expect(page.locator("main")).to_contain_text(summary)
    page = team.at("ben", f"/therapy/{course.key}/notes/")
    page.fill("textarea[name=words]", note)
    press(page, "Seal the note")
    expect(page.locator("article")).to_contain_text(note)


# The person's own pages


def at_home(phone: Page, email: str) -> None:
    """The person opens their own pages with the code of a letter."""
    phone.goto("/me/in/")
    phone.fill("input[name=email]", email)
    with phone.expect_navigation():
        phone.locator("form:has(input[name=email]) button").tap()
    code = Message.objects.filter(purpose="code").latest("pk").body[:6]
    phone.fill("input[name=code]", code)
    with phone.expect_navigation():
        phone.get_by_role("button", name="Open my page").tap()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Hello")


def check_in(phone: Page, choice: int = 0) -> None:
    """The person answers the check-in that waits on their page."""
    phone.goto("/me/")
    with phone.expect_navigation():
        phone.locator("form:has(button[name=occasion]) button").first.tap()
    _answer_on(phone, choice)


def safety_plan(phone: Page, **words: str) -> None:
    """The person writes their safety plan and shares it with the people who treat them."""
    phone.goto("/me/plan/?write")
    for name, told in words.items():
        phone.fill(f"textarea[name={name}]", told)
    phone.check("input[name=share]")
    with phone.expect_navigation():
        phone.get_by_role("button", name="Keep my plan").tap()
    expect(phone.locator("[data-plan]")).to_contain_text("Shared with the people who treat you")


def journal(phone: Page, words: str) -> None:
    """The person writes a page for nobody else."""
    phone.goto("/me/journal/")
    phone.fill("textarea[name=words]", words)
    with phone.expect_navigation():
        phone.get_by_role("button", name="Keep this page").tap()
    expect(phone.locator("article")).to_contain_text("Only you")
