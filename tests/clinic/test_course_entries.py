"""Recording in a course over HTTP: who may, what is refused, and what the ledger then holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from tests.course_makers import DAY, adas_course, up_to_dose
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.views import KINDS
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people.models import Account, Text
from unstuck.clinic.people.texts import is_genuine, text_of

SignedIn = Callable[[str], Client]
EXPORT = [("cleo", 200), ("nia", 200), ("ben", 403), ("finn", 403), ("dev", 403), ("ada", 403)]


@pytest.fixture
def course(cast: dict[str, Account], at: datetime, settings: Any) -> Course:
    """Ada, enrolled in feder_2021 in a demonstration."""
    settings.UNSTUCK_DEMO = True
    return adas_course(cast, at)


@pytest.fixture
def ready(course: Course, cast: dict[str, Account], at: datetime) -> Any:
    """Ada's course at the instant at which the first dose may start."""
    start = up_to_dose(course, cast, at)
    with clock.stopped(start):
        yield start


def post(client: Client, course: Course, kind: str, **fields: object) -> Any:
    observed = clock.read().strftime("%Y-%m-%dT%H:%M")
    return client.post(f"/courses/{course.key}/record/{kind}/", {"entry": "e1", "observed": observed, **fields})


def kinds_of(course: Course) -> list[str]:
    return [type(event.what).__name__ for event in ledger.events(course.key)]


MAY = {
    "cleo": set(KINDS),
    "nia": set(KINDS) - {"override", "end"},
    "ben": set(KINDS) - {"override", "end"},
    "finn": set(),
    "dev": set(),
    "ada": set(),
    "quinn": set(),
}


@pytest.mark.parametrize("username", MAY)
@pytest.mark.parametrize("kind", KINDS)
def test_who_may_record_what(signed_in: SignedIn, course: Course, username: str, kind: str) -> None:
    """Each kind of entry is open to those whose work it is, and its form is shown to nobody else."""
    status = signed_in(username).get(f"/courses/{course.key}/record/{kind}/").status_code
    assert status == (200 if kind in MAY[username] else 403)


def test_nothing_is_filled_in_for_you(signed_in: SignedIn, course: Course, ready: datetime) -> None:
    """The form of readings opens with no value in its fields."""
    page = signed_in("nia").get(f"/courses/{course.key}/record/reading/").content.decode()
    for name in ("weight_kg", "systolic_mmhg"):
        field = page.split(f'name="{name}"')[1].split(">")[0]
        assert "value=" not in field


def test_a_dose_has_no_form_outside_its_session(signed_in: SignedIn, course: Course, ready: datetime) -> None:
    """Neither a dose nor leaving can be typed into the course: both belong to the session with its order and checks."""
    for kind in ("dose", "discharge"):
        assert signed_in("nia").get(f"/courses/{course.key}/record/{kind}/").status_code == 404


def test_what_has_not_happened_is_not_recorded(signed_in: SignedIn, course: Course, ready: datetime) -> None:
    """A time in the future is refused on the form."""
    tomorrow = (ready + DAY).strftime("%Y-%m-%dT%H:%M")
    answer = post(signed_in("nia"), course, "fact", name="person.fasted", value="yes", observed=tomorrow)
    assert answer.status_code == 409
    assert "lies in the future" in answer.content.decode()


def test_reason_of_an_override_is_erasable(signed_in: SignedIn, course: Course, ready: datetime) -> None:
    """The words of an override lie in an erasable row bound by its hash; the ledger holds none of them."""
    words = "Pressure taken by hand, agreed with the person"
    answer = post(signed_in("cleo"), course, "override", step="infusion:1", gate="pressure_before", reason=words)
    assert answer.status_code == 302
    entry = Entry.objects.get(chain=course.key, kind="GateOverridden")
    kept = text_of(entry.text_mac)
    assert kept is not None
    assert kept.body == words
    assert is_genuine(kept)
    assert not any("Pressure taken" in payload for payload in Entry.objects.values_list("payload", flat=True))


def test_override_shows_as_a_departure(signed_in: SignedIn, course: Course, ready: datetime) -> None:
    """A gate that was passed by name stands among the departures of the course."""
    post(signed_in("cleo"), course, "override", step="infusion:1", gate="pressure_before", reason="by hand")
    page = signed_in("cleo").get(f"/courses/{course.key}/").content.decode()
    assert "passed by a named person" in page


def test_skip_and_end(signed_in: SignedIn, course: Course, ready: datetime) -> None:
    """A step is skipped with its words kept apart, and the course ended; then it asks for nothing."""
    cleo = signed_in("cleo")
    skip = post(cleo, course, "skip", entry="s", step="infusion:1", code="person_asked", reason="on holiday")
    assert skip.status_code == 302
    assert post(cleo, course, "end", entry="x", ending="withdrew").status_code == 302
    assert kinds_of(course)[-2:] == ["StepSkipped", "CourseEnded"]
    assert Text.objects.get().body == "on holiday"
    course.refresh_from_db()
    assert course.ended_at is not None
    assert "asks for nothing" in cleo.get(f"/courses/{course.key}/").content.decode()


def test_a_stop_needs_its_reason_in_words(signed_in: SignedIn, course: Course, ready: datetime) -> None:
    """Without a reason a course is not stopped; with one, whoever decides reads it, and it stays erasable."""
    cleo = signed_in("cleo")
    assert post(cleo, course, "end", entry="x", ending="stopped_harm", reason=" ").status_code == 409
    assert "CourseEnded" not in kinds_of(course)
    assert post(cleo, course, "end", entry="x", ending="stopped_harm", reason="pressure").status_code == 302
    page = cleo.get(f"/pathway/{course.key}/deciding/").content.decode()
    assert "Stopped: harm" in page and "pressure" in page and Text.objects.get().body == "pressure"


@pytest.mark.parametrize(("username", "status"), EXPORT)
def test_who_may_export(signed_in: SignedIn, course: Course, username: str, status: int) -> None:
    """Events hold doses and arm: in a blinded course only care that is not blinded takes them out."""
    assert signed_in(username).get(f"/courses/{course.key}/events.jsonl").status_code == status
