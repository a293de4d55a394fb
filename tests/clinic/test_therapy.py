"""Structured therapy in the clinic: recorded with the visit, tied to its dose, and read by whom it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.clinic.courses import enrolled, released, walk_on
from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people.actions import erase_person
from unstuck.clinic.people.models import Account
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.therapy import structures
from unstuck.clinic.therapy.actions import NoDoseSaid, Told, list_item, record_session
from unstuck.clinic.therapy.listing import items
from unstuck.core.errors import Complaint
from unstuck.core.events import StepHeld
from unstuck.core.protocol import Expose, Integrate
from unstuck.core.protocol_file import canonical_text, load_protocol, parse_protocol
from unstuck.core.therapy_course import sessions_of
from unstuck.core.therapy_events import TherapyRecorded
from unstuck.core.therapy_file import library_therapies

pytestmark = pytest.mark.usefixtures("demonstration")

Cast = dict[str, Account]
HOUR = timedelta(hours=1)


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """A course of ketamine with prolonged exposure, after its first infusion."""
    made = enrolled(released("ketamine_pe", at), at - timedelta(days=30))
    walk_on(made, "infusion", at - timedelta(days=30))
    return made


def after_dose(course: Course) -> datetime:
    """The middle of the window after the first dose."""
    return queries.load(course).state.doses[0].observed_at + timedelta(hours=48)


def told(cycle: int = 1, **more: object) -> Told:
    return Told("pe_after_infusion", 1, 90, cycle, **more)  # type: ignore[arg-type]


def test_a_session_is_held_and_recorded_together(cast: Cast, course: Course) -> None:
    """One act writes the visit and its structure; the chart's summary is erasable; the same form again is harmless."""
    when = after_dose(course)
    pe = structures.known()["pe"]
    entry = Entry(cast["ben"].key, when, when + HOUR, "Came on her own. Plan stays.", "f" * 32)
    for _twice in range(2):
        state = record_session(course, pe, told(figures=(("imaginal_peak", 80.0),)), entry)
    assert ("pe_after_infusion", 1) in state.done
    assert [(e.what.number, e.what.cycle) for e in sessions_of(state)] == [(1, 1)]  # type: ignore[union-attr]
    assert "Came on her own" not in "".join(e.payload for e in entries(course.key))


def test_a_session_after_a_dose_belongs_to_that_dose(cast: Cast, course: Course) -> None:
    """The plan ties the session to its dose; another number, and none, are refused, and nothing is written."""
    when = after_dose(course)
    for cycle in (0, 2):
        with pytest.raises(NoDoseSaid):
            record_session(course, structures.known()["pe"], told(cycle), Entry(cast["ben"].key, when, when))
    assert ("pe_after_infusion", 1) not in queries.load(course).state.done


def test_a_figure_out_of_range_writes_nothing(cast: Cast, course: Course) -> None:
    """A distress of 800 is refused with its range, and the visit is not held either."""
    when = after_dose(course)
    with pytest.raises(Complaint, match="0 to 100"):
        record_session(
            course, structures.known()["pe"], told(figures=(("imaginal_peak", 800.0),)),
            Entry(cast["ben"].key, when, when),
        )  # fmt: skip
    assert not sessions_of(queries.load(course).state)


def test_the_form_records_what_was_typed(cast: Cast, course: Course, signed_in: Callable[[str], Client]) -> None:
    """An item is listed, the form asks for it, and the page shows session, figure, item and summary afterwards."""
    when = after_dose(course)
    browser = signed_in("ben")
    with clock.stopped(when):
        listed = {"entry": "a" * 32, "words": "The supermarket on Saturday"}
        assert browser.post(f"/therapy/{course.key}/list/pe/situation/", listed).status_code == 302
        address = f"/therapy/{course.key}/pe_after_infusion/1/pe/"
        form = browser.get(address).content.decode()
        assert "The supermarket on Saturday: Distress now" in form and 'value="80"' not in form
        sent = {
            "entry": "b" * 32,
            "observed": when.strftime("%Y-%m-%dT%H:%M"),
            "minutes": "90",
            "cycle": "1",
            "figure-imaginal_peak": "80",
            "choice-homework_set": ["listen", "breathing"],
            "rating-situation.1-suds": "65",
            "summary": "Symptoms as before; plan stays.",
        }
        assert browser.post(address, sent | {"figure-imaginal_peak": "800"}).status_code == 409
        assert browser.post(address, sent).status_code == 302
        page = browser.get(f"/therapy/{course.key}/").content.decode()
    for words in ("Highest distress <b", "65", "Listen to the recording, Breathing", "Symptoms as before", "dose 1"):
        assert words in page


def test_who_reads_therapy(cast: Cast, course: Course, signed_in: Callable[[str], Client]) -> None:
    """Therapist and prescriber open the page; nurse, front desk, research and nobody's Eve do not."""
    answers = {name: signed_in(name).get(f"/therapy/{course.key}/").status_code for name in cast}
    assert {name for name, code in answers.items() if code == 200} == {"ben", "cleo"}
    assert {code for name, code in answers.items() if name not in ("ben", "cleo")} == {403}


def test_a_ladder_stands_from_the_least_to_the_most(cast: Cast, course: Course) -> None:
    """Situations are shown by their first rating, whatever the order they were named in; the unrated one is last."""
    pe, when = structures.known()["pe"], after_dose(course)
    for n, words in enumerate(("Crowds", "The bridge at night", "The shop")):
        list_item(course, pe, "situation", Entry(cast["ben"].key, when, when, words, str(n) * 32))
    ratings = (("situation.1", "suds", 90.0), ("situation.3", "suds", 30.0))
    record_session(course, pe, told(ratings=ratings), Entry(cast["ben"].key, when, when, "", "f" * 32))
    loaded = queries.load(course)
    assert [one.key for one in items(loaded.state, pe, {})] == ["situation.3", "situation.1", "situation.2"]


def test_erasing_empties_the_words_of_lists(cast: Cast, course: Course, at: datetime) -> None:
    """After erasing the person the list keeps its codes and figures and has lost its words."""
    pe, when = structures.known()["pe"], after_dose(course)
    list_item(course, pe, "situation", Entry(cast["ben"].key, when, when, "Her brother's house"))
    erase_person(course.person, "a_alma", at)
    page = "".join(e.payload for e in entries(course.key))
    assert "situation.1" in page and "brother" not in page


def test_a_site_describes_its_own_kind(home: Path) -> None:
    """A file in the data folder gives a structure to the site's own therapy; without it the general one serves."""
    activity = Expose("site:drama", 60)
    assert [one.key for one in structures.fitting(activity)] == ["general"]
    (home / "therapies").mkdir()
    text = 'key = "drama"\nversion = "1"\ntitle = "Drama"\nsummary = "Ours."\nfits = ["expose site:drama"]\n'
    (home / "therapies" / "drama.toml").write_text(text + 'sources = ["unstuck_choice"]\n')
    assert [one.key for one in structures.fitting(activity)] == ["drama"]


def test_a_session_that_was_held_keeps_its_time(cast: Cast, course: Course, signed_in: Callable[[str], Client]) -> None:
    """Recorded days after it was held, the form has the day and the minutes of the visit and its one dose, not now."""
    when = after_dose(course)
    write(course, StepHeld("pe_after_infusion", 1, 85), Entry(cast["ben"].key, when, when))
    with clock.stopped(when + timedelta(days=5)):
        form = signed_in("ben").get(f"/therapy/{course.key}/pe_after_infusion/1/pe/").context["form"]
    held = when.astimezone(clock.zone()).replace(second=0, microsecond=0, tzinfo=None)
    assert (form["observed"].initial, form["minutes"].initial, form["cycle"].initial) == (held, "85", "1")


def held_as(kind: str, at: datetime) -> Course:
    """The course of ketamine with its therapy session of that kind, after the first infusion."""
    library = load_protocol("ketamine_pe")
    what, _space, name = kind.partition(" ")
    activity = Integrate(name, 60) if what == "integrate" else Expose(name, 60)
    steps = tuple(replace(s, activity=activity) if s.key == "pe_after_infusion" else s for s in library.steps)
    text = canonical_text(replace(library, steps=steps))
    made = enrolled(release_as(parse_protocol(text, "changed"), "a_test", at), at - timedelta(days=30))
    walk_on(made, "infusion", at - timedelta(days=30))
    return made


KINDS = {one.key: one.fits[0] for one in library_therapies() if one.key != "general"} | {"general": "expose site:ours"}


@pytest.mark.parametrize("key", sorted(KINDS))
def test_every_kind_is_recorded_from_its_page(
    cast: Cast, at: datetime, signed_in: Callable[[str], Client], key: str
) -> None:
    """Each kind of therapy, a site's own too: every list takes an item, every figure, choice and rating is typed into
    the form that the page leads to, and the page then shows number, dose, each figure, each rating and the summary."""
    course, structure = held_as(KINDS[key], at), structures.known()[key]
    when, browser = after_dose(course), signed_in("ben")
    with clock.stopped(when):
        for n, each in enumerate(structure.lists):
            listed = {"entry": f"{n}" * 32, "words": f"Item fieldmark {n}"}
            assert browser.post(f"/therapy/{course.key}/list/{key}/{each.key}/", listed).status_code == 302
        page = browser.get(f"/therapy/{course.key}/").content.decode()
        address = f"/therapy/{course.key}/pe_after_infusion/1/{key}/"
        assert address in page
        fields = browser.get(address).context["form"].fields
        sent: dict[str, Any] = {"entry": "b" * 32, "observed": when.strftime("%Y-%m-%dT%H:%M"), "minutes": "60"}
        sent |= {"cycle": "1", "summary": "Summary fieldmark"}
        figures = {
            name: field.max_value - 0.25 for name, field in fields.items() if name.startswith(("figure", "rating"))
        }
        choices = {name: field.choices[-1][0] for name, field in fields.items() if name.startswith("choice")}
        assert browser.post(address, sent | figures | choices).status_code == 302
        page = browser.get(f"/therapy/{course.key}/").content.decode()
    recorded = sessions_of(queries.load(course).state, key)[0].what
    assert isinstance(recorded, TherapyRecorded)
    assert len(recorded.figures) == len(structure.figures) and len(recorded.choices) == len(structure.choices)
    assert len(recorded.ratings) == sum(len(each.measures) for each in structure.lists)
    shown = ["Summary fieldmark", "dose 1", *(f"{scale.label} <b" for scale in structure.figures)]
    shown += [f"Item fieldmark {n}" for n, _each in enumerate(structure.lists)]
    assert [words for words in shown if words not in unescape(page)] == []
