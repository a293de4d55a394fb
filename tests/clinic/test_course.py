"""Courses in the clinic: what is written, what is refused, and who sees what."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.clinic.courses import enrolled, released, walk_on
from tests.course_makers import open_gates
from tests.pages import without_keys
from unstuck.clinic import clock
from unstuck.clinic.course import actions, queries
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.people.models import Text
from unstuck.core import events as ev
from unstuck.core.conditions import Truth
from unstuck.core.course import replay
from unstuck.core.refusals import DoseAboveCap, Refusal
from unstuck.core.verdict import verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(at, settings):
    settings.UNSTUCK_DEMO = True
    return enrolled(released("feder_2021", at), at)


def entry(at, words="", id=""):
    return actions.Entry("a_test", at, at, words, id)


def test_enrolment_pins_the_hash(course):
    """The course's first entry names the hash of the text that was signed."""
    first = queries.events_of(course)[0]
    assert first.what.protocol_hash == course.release.hash == queries.load(course).protocol.hash


def test_a_refused_event_leaves_nothing(course, at):
    """A dose before its gates is refused by the core's name, and neither ledger nor texts have grown."""
    before = ledger.length(course.key)
    given = ev.DoseGiven("infusion", 1, "ketamine", "iv_infusion", 35, 70, 40, "ketamine")
    with pytest.raises(Refusal):
        actions.write(course, given, entry(at, "because"))
    assert ledger.length(course.key) == before and not Text.objects.exists()


def test_words_stay_outside_the_ledger(course, at):
    """A reason in words is kept apart, bound by a keyed hash; the entry holds a code."""
    actions.write(course, ev.StepSkipped("consent", 1, "ill"), entry(at, "Rosa has the flu"))
    last = ledger.entries(course.key)[-1]
    assert "flu" not in last.payload and last.text_mac == Text.objects.get().mac


def test_a_second_tap_is_one_entry(course, at):
    """The same form sent twice writes one event."""
    for _tap in range(2):
        actions.write(course, ev.FactStated("person.fasted", True), entry(at, id="form-1"))
    assert len(queries.events_of(course)) == 2


def test_ten_times_the_dose_is_refused(course, at):
    """With every gate open, ten times the planned dose is refused and the planned one is taken."""
    then = walk_on(course, "dosing_day", at)
    open_gates(course, "a_test", then)
    actions.write(course, ev.ReadingTaken("weight_kg", 70.0), entry(then))
    regimen = queries.load(course).protocol.regimen("study_drug", "ketamine")
    given = ev.DoseGiven("infusion", 1, regimen.drug, regimen.route.value, 35, 70, 40, regimen.key)
    with pytest.raises(DoseAboveCap):
        actions.write(course, replace(given, amount_mg=350.0), entry(then + timedelta(minutes=20)))
    state = actions.write(course, given, entry(then + timedelta(minutes=20)))
    assert len(state.doses) == 1


def test_demo_wording_opens_no_gate_for_a_real_person(at, settings):
    """In real use a score of our own labels is in the record and leaves its gate unknown."""
    settings.UNSTUCK_DEMO = False
    real = enrolled(released("feder_2021", at), at)
    low = ev.AssessmentCompleted("cssrs_screen", "1", "demo", (), (("risk", "none"),), for_care=False)
    state = actions.write(real, low, entry(at))
    protocol = queries.load(real).protocol
    rules = verdict(protocol, state, "infusion", 1, at).rules
    asked = [rule.truth for rule in rules if "C-SSRS" in rule.sentence]
    assert len(state.assessments) == 1 and asked == [Truth.UNKNOWN]


def test_export_replays_to_the_same_state(course, at, signed_in):
    """The exported events replay to the state that the clinic has."""
    with clock.stopped(walk_on(course, "infusion", at)):
        answer = signed_in("cleo").get(f"/courses/{course.key}/events.jsonl")
    assert answer.status_code == 200
    events = [ev.from_dict(json.loads(line)) for line in answer.content.splitlines()]
    loaded = queries.load(course)
    assert replay(loaded.protocol, events) == loaded.state


@pytest.fixture
def page(course, at, signed_in):
    """Reads the course page as a member of the cast after a first dose."""
    then = walk_on(course, "weekly", at)

    def read(name):
        with clock.stopped(then):
            answer = signed_in(name).get(f"/courses/{course.key}/")
        return answer.status_code, answer.content.decode()

    return read


@pytest.mark.parametrize(
    ("name", "status", "sees", "never"),
    [
        ("cleo", 200, ("Rosa Lindqvist", "ketamine 35 mg", "reliable"), ()),
        ("nia", 200, ("Rosa Lindqvist", "May ", "Record"), ("Pass a gate",)),
        ("finn", 200, ("Rosa Lindqvist", "Book a visit"), ("ketamine 35 mg", "points since", "By cluster", "Met<")),
        ("dev", 200, ("points since",), ("Rosa", "ketamine 35 mg", "Record a dose")),
        ("quinn", 403, (), ("Rosa",)),
        ("eve", 403, (), ("Rosa",)),
        ("ada", 403, (), ("Rosa",)),
    ],
)
def test_each_role_sees_its_part(page, name, status, sees, never):
    """The prescriber sees all, the front desk no clinical value, research no name and no dose, others nothing."""
    code, html = page(name)
    assert code == status
    assert [words for words in sees if words not in html] == []
    assert [words for words in never if words in without_keys(html)] == []


def test_reading_is_an_entry(course, at, signed_in):
    """Opening a course is written in its chain under the reader's pseudonym."""
    signed_in("cleo").get(f"/courses/{course.key}/")
    last = ledger.entries(course.key)[-1]
    assert last.kind == "record.read"


def test_a_form_shows_the_refusal(course, at, signed_in):
    """Who passes a gate that nobody may pass sees why, and nothing is saved."""
    form = {"entry": "x1", "observed": "2026-03-02T09:00", "step": "infusion:1", "gate": "weighed_today", "reason": "x"}
    with clock.stopped(at):
        answer = signed_in("cleo").post(f"/courses/{course.key}/record/override/", form)
    assert answer.status_code in (400, 409)
    assert "Nothing was saved" in answer.content.decode()
    assert len(queries.events_of(course)) == 1


def test_enrolment_in_the_browser(at, settings, signed_in):
    """The front desk registers a person and lands on the course, pinned to the signed version."""
    settings.UNSTUCK_DEMO = False
    release = released("feder_2021", at)
    form = {"name": "Tunde Adeyemi", "born_on": "1980-05-01", "plan": f"{release.pk}:by-lot"}
    with clock.stopped(at):
        answer = signed_in("finn").post("/courses/new/", form, follow=True)
    assert "Tunde Adeyemi" in answer.content.decode()
    assert queries.everyone().get().release == release
