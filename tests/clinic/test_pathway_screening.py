"""Screening in the clinic: answers become facts, a prescriber signs, and a later answer can take the signature back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from tests.course_makers import adas_course
from tests.pathway_makers import all_clear, later, rules_signed
from tests.site_fixtures import PASSWORD
from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.pathway import screening
from unstuck.clinic.pathway.looked import screened
from unstuck.clinic.pathway.trauma import described
from unstuck.clinic.people.models import Account
from unstuck.core.accepting import Standing
from unstuck.core.screening import INDEX_TRAUMA, Finding, blocking
from unstuck.core.verdict import Verdict, verdict

pytestmark = pytest.mark.django_db
Cast = dict[str, Account]


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """Ada's course on its first day."""
    return adas_course(cast, at)


def sign(course: Course, cast: Cast, at: datetime, words: str = "", password: str = PASSWORD) -> None:
    """Cleo signs an acceptance."""
    decision = screening.Decision(screening.Decided.ACCEPT, frozenset(), words)
    screening.decide(course, decision, cast["cleo"], password, at)


def test_a_clear_person_is_accepted_by_a_signature(course: Course, cast: Cast, at: datetime) -> None:
    """With every answer in and nothing found, the signature opens the gate that was closed before it."""
    assert "accepted" in {rule.key for rule in verdict_now(course, at).unmet}
    all_clear(course, cast, at)
    assert blocking(screened(course, at).findings) == () and screened(course, at).standing is Standing.NEVER
    sign(course, cast, at)
    assert screened(course, at).standing is Standing.ACCEPTED
    assert "accepted" not in {rule.key for rule in verdict_now(course, at).unmet}
    assert [e.kind for e in entries(course.key)][-1] == "screening.decided"


def verdict_now(course: Course, at: datetime) -> Verdict:
    """The rules before the first infusion."""
    loaded = load(course)
    return verdict(loaded.protocol, loaded.state, "infusion", 1, at)


def test_silence_accepts_nobody(course: Course, cast: Cast, at: datetime) -> None:
    """Before anything was asked an acceptance is refused, and nothing is written."""
    rules_signed(cast["cleo"].key, at)
    before = len(entries(course.key))
    with pytest.raises(screening.StillOpen):
        sign(course, cast, at)
    assert len(entries(course.key)) == before


def test_a_wrong_password_signs_nothing_and_is_noted(course: Course, cast: Cast, at: datetime) -> None:
    """Somebody who does not prove who signs signs nothing."""
    all_clear(course, cast, at)
    with pytest.raises(screening.WrongPassword):
        sign(course, cast, at, password="guess")
    assert entries(course.key)[-1].kind == "screening.signature_refused"
    assert screened(course, at).standing is Standing.NEVER


def test_what_is_to_weigh_needs_its_mark_and_a_reason(course: Course, cast: Cast, at: datetime) -> None:
    """A relative contraindication is accepted only when it was marked as weighed and a reason was written."""
    all_clear(course, cast, at)
    screening.answer(course, [("person.cystitis", True)], Entry(cast["nia"].key, at, at))
    weighed = frozenset({"cystitis"})
    for decision in (
        screening.Decision(screening.Decided.ACCEPT, frozenset(), "years ago"),
        screening.Decision(screening.Decided.ACCEPT, weighed, " "),
    ):
        with pytest.raises(screening.StillOpen):
            screening.decide(course, decision, cast["cleo"], PASSWORD, at)
    screening.decide_as(course, screening.Decision(screening.Decided.ACCEPT, weighed, "years ago"), "a_x", at)
    assert screened(course, at).standing is Standing.ACCEPTED


def test_a_new_contraindication_takes_the_acceptance_back(course: Course, cast: Cast, at: datetime) -> None:
    """An answer that closes a rule after the signature closes the gate before a dose in the same act."""
    all_clear(course, cast, at)
    sign(course, cast, at)
    screening.answer(course, [("person.psychosis", True)], Entry(cast["nia"].key, later(at, 1), later(at, 1)))
    assert screened(course, later(at, 1)).standing is Standing.NOT_ACCEPTED
    assert entries(course.key)[-1].kind == "screening.taken_back"
    assert "accepted" in {rule.key for rule in verdict_now(course, later(at, 1)).unmet}


def test_the_index_trauma_is_fixed(course: Course, cast: Cast, at: datetime) -> None:
    """The event that scores are anchored to cannot be exchanged for another."""
    screening.answer(course, [("person.index_trauma", "item1")], Entry("a_x", at, at))
    screening.answer(course, [("person.index_trauma", "item1")], Entry("a_x", at, at))
    with pytest.raises(screening.TraumaIsFixed):
        screening.answer(course, [("person.index_trauma", "item2")], Entry("a_x", at, at))


def test_pages_in_a_browser(
    course: Course, cast: Cast, at: datetime, signed_in: Callable[[str], Client]
) -> None:  # fmt: skip
    """A nurse answers on the form, the prescriber signs, a sent form sent again states nothing twice."""
    nia, cleo = signed_in("nia"), signed_in("cleo")
    home = f"/pathway/{course.key}/screening/"
    assert b"still open" in nia.get(home).content
    form = {"entry": "e1", "a0": "normal", "d0": "2026-03-01", "words": ""}
    for _again in range(2):
        assert nia.post(f"{home}tests/ask/", form).status_code == 302
    assert sum(e.kind == "FactStated" for e in entries(course.key)) == 1
    assert nia.post(f"{home}tests/ask/", {"entry": "e2", "a0": "normal", "words": ""}).status_code == 409
    assert nia.post(f"{home}tests/ask/", {"entry": "e3", "words": ""}).status_code == 409
    assert nia.post(f"{home}decide/", {"decided": "accept", "password": PASSWORD}).status_code == 403
    assert cleo.post(f"{home}decide/", {"decided": "accept", "password": PASSWORD}).status_code == 409
    assert cleo.post(f"{home}decide/", {"decided": "decline", "words": "x", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("username", ["finn", "dev", "quinn", "ada", "otis", "alma", "eve"])
def test_screening_is_for_the_treating_team(
    course: Course, signed_in: Callable[[str], Client], username: str
) -> None:  # fmt: skip
    """Illnesses and medicines are shown to nobody outside the team."""
    browser = signed_in(username)
    for path in ("", "history/ask/"):
        assert browser.get(f"/pathway/{course.key}/screening/{path}").status_code == 403


def test_the_event_is_called_as_the_person_calls_it(
    course: Course, cast: Cast, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """A few words, kept apart; another wording leaves the first on record; a story and the front desk are refused."""
    nia, to = signed_in("nia"), f"/pathway/{course.key}/screening/event/"
    screening.answer(course, [(INDEX_TRAUMA, "item2")], Entry(cast["nia"].key, at, at))
    assert signed_in("finn").post(to, {"event": "the fire"}).status_code == 403
    for words in ("the fire", "the fire of 2014", "the fire of 2014"):
        assert nia.post(to, {"event": words}).status_code == 302
    assert nia.post(to, {"event": "x" * 301}).status_code == 409
    assert [one.words for one in described(course)] == ["the fire of 2014", "the fire"]
    page = nia.get(f"/pathway/{course.key}/screening/").content.decode()
    assert "the fire of 2014" in page and "Earlier words" in page and "Fire or blast" in page
    assert all("fire" not in entry.payload for entry in entries(course.key))


def test_scales_that_no_step_asks_have_a_way_in(
    demonstration: None, cast: Cast, at: datetime, signed_in: Callable[[str], Client], browser: Client
) -> None:
    """DES-II and DAST-10 are asked by a link of their own; once answered their rules are clear and no link is made."""
    course = adas_course(cast, at)
    home = f"/pathway/{course.key}/screening/"
    with clock.stopped(at):
        page = signed_in("nia").get(home).content.decode()
        assert page.count(f"/courses/{course.key}/rate/?") == 2  # the interview and C-SSRS are typed by staff
        made = signed_in("nia").post(f"{home}scales/").content.decode()
        link = re.search(r'id="answer-link" href="[^"]*(/a/[^"]+)"', made)
        assert link
        while "/thanks/" not in (told := answered(browser, link[1])):
            assert told == link[1]
        assert signed_in("nia").post(f"{home}scales/").status_code == 409
    found = {one.key: one.finding for one in screened(Course.objects.get(), at).findings}
    assert (found["high_dissociation"], found["drug_problems"]) == (Finding.CLEAR, Finding.CLEAR)


def answered(browser: Client, link: str) -> str:
    """Posts the lowest answer to each question of the screen; where it leads to."""
    names = re.findall(r'name="(item\d+)"', browser.get(link).content.decode())
    told = browser.post(link, dict.fromkeys(names, "0"))
    assert told.status_code == 302, told.content.decode()
    return str(told["Location"])


def test_something_new_to_weigh_takes_the_acceptance_back(course: Course, cast: Cast, at: datetime) -> None:
    """A medicine that a nurse enters after the signature waits for the prescriber; said again, nothing changes."""
    all_clear(course, cast, at)
    sign(course, cast, at)
    told, now = [("person.medicine.opioid", "taking")], later(at, 1)
    screening.answer(course, told, Entry(cast["nia"].key, now, now))
    assert screened(course, now).standing is Standing.NOT_ACCEPTED
    why = frozenset({"opioid"})
    decision = screening.Decision(screening.Decided.ACCEPT, why, "Small dose, held on the day.")
    screening.decide(course, decision, cast["cleo"], PASSWORD, now)
    screening.answer(course, told, Entry(cast["nia"].key, later(at, 2), later(at, 2)))
    assert screened(course, later(at, 2)).standing is Standing.ACCEPTED
