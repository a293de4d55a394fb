"""What a person is told at the end: the own summary, everybody who can read what, and no dead end at the doors."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from tests.clinic.access_world import BLINDED, made
from tests.course_makers import DAY, adas_course, give_dose, tell, up_to_dose
from tests.site_fixtures import over_tls
from unstuck.clinic import clock
from unstuck.clinic.course.forms import HARMS as CODES
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.messages.models import Message
from unstuck.clinic.pathway import disclosure
from unstuck.clinic.pathway.consents import Identity
from unstuck.clinic.people.models import Account
from unstuck.clinic.portal.summary import HARMS, _between
from unstuck.core import events as ev

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]


@pytest.fixture
def treated(cast: dict[str, Account], at: datetime, settings: Any) -> tuple[Course, datetime]:
    """Ada, treated openly: her PCL-5 was 60 and is 38, and she was sick once; with the instant of looking."""
    settings.UNSTUCK_DEMO = True
    course = adas_course(cast, at)
    Course.objects.filter(pk=course.pk).update(blinded=False)
    start = up_to_dose(course, cast, at)
    give_dose(course, cast, start)
    weekly = ev.AssessmentCompleted("pcl5_week", "1", "sha256:x", (), (("total", 38.0),), for_care=True)
    tell(course, weekly, cast["ada"].key, start + 5 * DAY)
    tell(course, ev.AdverseEventNoted("nausea", 1), cast["nia"].key, start + 5 * DAY)
    return course, start + 8 * DAY


def text(page: bytes) -> str:
    """The words of a PDF of one page, with single spaces."""
    reader = PdfReader(BytesIO(page))
    assert len(reader.pages) == 1
    return re.sub(r"\s+", " ", reader.pages[0].extract_text())


def test_a_person_reads_the_own_outcome_with_its_uncertainty(
    treated: tuple[Course, datetime], signed_in: SignedIn
) -> None:
    """Page and PDF say what changed, between which figures it may lie, what is missing, and what it cannot show."""
    course, moment = treated
    ada = signed_in("ada")
    with clock.stopped(moment):
        shown = ada.get("/me/summary/").content.decode()
        answer = ada.get("/me/summary/page.pdf")
    for part in ("from 60 to 38", "come down by anything from 7 to 37 points", "more than chance explains", "Nausea: 1",
                 "does not show that the treatment made it"):  # fmt: skip
        assert part in shown and part in text(answer.content)
    assert "40 mg" not in shown and "Ada Ames" in text(answer.content)
    (made_by,) = {e.actor for e in entries(course.key) if e.kind == "summary.made"}
    assert made_by == Account.objects.get(username="ada").key


def test_it_is_spanish_for_who_reads_spanish(treated: tuple[Course, datetime], signed_in: SignedIn) -> None:
    """Not a sentence of the English page is left, on the page or on the paper."""
    ada = signed_in("ada")
    with clock.stopped(treated[1]):
        words = {"HTTP_ACCEPT_LANGUAGE": "es-MX"}
        shown, paper = ada.get("/me/summary/", **words), ada.get("/me/summary/page.pdf", **words)
    for said in (shown.content.decode(), text(paper.content)):
        assert "pasaron de 60 a 38" in said and "Náuseas: 1" in said
        assert not re.search(r"\b(the|what|your|answers?|chance)\b", said.split("<main")[-1].split("</main")[0])


@pytest.mark.parametrize(("low", "high", "said"), [
    (-37.0, -7.0, "come down by anything from 7 to 37"),
    (3.0, 33.0, "gone up by anything from 3 to 33"),
    (-25.0, 5.0, "from 25 points lower to 5 points higher"),
])  # fmt: skip
def test_the_span_of_a_change_is_said_in_words(low: float, high: float, said: str) -> None:
    """A fall, a rise, and what may be either, each with its two ends."""
    assert said in _between(low, high)


def test_nothing_in_it_unmasks_a_trial(at: datetime, settings: Any) -> None:
    """Where the arm is hidden from the person, doses and harms are left out, and the page says why."""
    settings.UNSTUCK_DEMO = True
    world = made(at, BLINDED)
    with clock.stopped(world.at):
        shown = world.browser("own").get("/me/summary/").content.decode()
    assert "stays hidden until it ends" in shown and "Unwanted effects" not in shown and "Doses:" not in shown


def test_every_harm_that_staff_can_note_has_words_for_the_person() -> None:
    """No code of the record reaches the person's page."""
    assert set(HARMS) == set(CODES)


def test_who_outside_may_be_told_stands_on_the_persons_page(
    treated: tuple[Course, datetime], cast: dict[str, Account], signed_in: SignedIn
) -> None:
    """A signed release shows with its last day until it is taken back; before and after it says that nobody may."""
    course, moment = treated
    ada = signed_in("ada")

    def page() -> str:
        return ada.get("/me/readers/").content.decode()

    with clock.stopped(moment):
        assert "Nobody, unless you sign" in page()
        until = moment.date() + timedelta(days=30)
        act = disclosure.allow(course, "Dr Grey, Elm Street", until, Identity("passport"), cast["nia"].key, moment)
        assert "Dr Grey, Elm Street" in page() and str(until.day) in page()
        disclosure.revoke(course, act, cast["nia"].key, moment)
        assert "Nobody, unless you sign" in page()


def test_every_kind_of_what_is_kept_has_its_readers(treated: tuple[Course, datetime], signed_in: SignedIn) -> None:
    """Name, screening, consent, therapy, danger, shared and private pages, feedback, the history and private notes."""
    with clock.stopped(treated[1]):
        page = signed_in("ada").get("/me/readers/").content.decode()
    for kind in ("Your name", "Illnesses, medicines", "What you agreed to, and your goals", "What therapy came to",
                 "An answer that tells of danger", "plan and log that you share", "Pages that you do not share",
                 "How you found a visit", "Who did and read what", "Private notes of a therapist"):  # fmt: skip
        assert kind in page
    assert "is told at once" in page and "within 24 hours" in page and "within 72 hours" in page


def test_a_forgotten_password_is_no_dead_end_for_a_patient(cast: dict[str, Account]) -> None:
    """Ada, staff and a stranger see the same page, with the patients' door on it; only staff gets a letter."""
    pages = set()
    for address in ("ada@example.org", "cleo@example.org", "nobody@example.org"):
        browser = over_tls()
        browser.post("/people/password/", {"email": address})
        pages.add(re.sub(r"csrf\S+|value=\S+", "", browser.get("/people/password/sent/").content.decode()))
    (page,) = pages
    assert 'href="/me/in/"' in page and "you have no password" in page
    assert [m.to for m in Message.objects.all()] == ["cleo@example.org"]


def test_an_invitation_speaks_the_language_that_staff_chose(
    treated: tuple[Course, datetime], signed_in: SignedIn
) -> None:
    """A person who reads Spanish is invited in Spanish, before having opened anything."""
    course, moment = treated
    with clock.stopped(moment):
        signed_in("finn").post(f"/own/{course.key}/", {"act": "invite", "language": "es"})
    letter = Message.objects.get(purpose="invite")
    assert "Su página ya está lista" in letter.body and letter.subject == "Su página"


def test_the_course_of_the_record_is_the_one_of_the_summary(treated: tuple[Course, datetime]) -> None:
    """The figures are the clinicians' own: the same first and last score of the record."""
    seen = [e.what for e in load(treated[0]).state.assessments if getattr(e.what, "instrument", "") == "pcl5_week"]
    assert [dict(w.scores)["total"] for w in seen] == [60.0, 38.0]  # type: ignore[union-attr]
