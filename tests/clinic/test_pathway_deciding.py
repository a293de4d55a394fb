"""Deciding on in the clinic: the rules' answers on a page, releases of information, and the one-page outcome."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from tests.course_makers import adas_course, give_dose, tell, up_to_dose
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.pathway import disclosure
from unstuck.clinic.pathway.consents import Identity
from unstuck.clinic.pathway.deciding_views import summary_of
from unstuck.clinic.pathway.summary_pdf import Audience, Heading, pdf
from unstuck.clinic.people.models import Account
from unstuck.core import events as ev

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]
DAY = timedelta(days=1)
Cast = dict[str, Account]


@pytest.fixture
def treated(cast: Cast, at: datetime) -> Course:
    """Ada after her first infusion: PCL-5 was 60 and is 38."""
    course = adas_course(cast, at)
    start = up_to_dose(course, cast, at)
    give_dose(course, cast, start)
    tell(course, score(38), cast["ada"].key, start + 5 * DAY)
    return course


def score(total: float) -> ev.AssessmentCompleted:
    """A weekly PCL-5 with that total, on official wording."""
    return ev.AssessmentCompleted("pcl5_week", "1", "sha256:x", (), (("total", total),), for_care=True)


def words(page: bytes) -> str:
    """The words of a PDF of one page, with single spaces."""
    reader = PdfReader(BytesIO(page))
    assert len(reader.pages) == 1
    return re.sub(r"\s+", " ", reader.pages[0].extract_text())


def heading(course: Course, at: datetime, audience: Audience, to: str = "") -> Heading:
    """The page of Ada in that audience's words."""
    return Heading(course.person.name, "", "The clinic", at, clock.zone(), audience, to)


@pytest.mark.parametrize("audience", list(Audience))
def test_one_page_with_its_uncertainty(treated: Course, cast: Cast, at: datetime, audience: Audience) -> None:
    """For every reader it is one page with the change, its interval, what is missing, and what it does not show."""
    page = pdf(summary_of(load(treated), at + 8 * DAY), heading(treated, at, audience, "Dr Grey"))
    said = words(page)
    for part in ("from 60 to 38", "between -37 and -7", "are missing", "does not show that the treatment made it"):
        assert part in said
    assert page == pdf(summary_of(load(treated), at + 8 * DAY), heading(treated, at, audience, "Dr Grey"))


def test_amounts_are_for_clinicians(treated: Course, cast: Cast, at: datetime) -> None:
    """The person's page counts the doses; amounts in mg stand on the clinicians' pages."""
    summary = summary_of(load(treated), at + 8 * DAY)
    assert "40 mg" not in words(pdf(summary, heading(treated, at, Audience.PATIENT)))
    assert "ketamine 40 mg" in words(pdf(summary, heading(treated, at, Audience.PRESCRIBER)))


def test_a_hidden_arm_does_not_leave_the_clinic(treated: Course, cast: Cast, at: datetime) -> None:
    """Where the plan hides the arm, a clinician outside reads that there were doses and not of which drug."""
    summary = summary_of(load(treated), at + 8 * DAY)
    said = words(pdf(summary, replace(heading(treated, at, Audience.OTHERS, "Dr Grey"), masked=True)))
    assert "ketamine 40 mg" not in said and "Doses: 1" in said and "stays hidden" in said


def test_after_a_gap_the_first_thing_is_to_screen_again(treated: Course, signed_in: Callable[[str], Client]) -> None:
    """Ninety-one days after the last dose the page says so on top, and leads to screening."""
    dosed = load(treated).state.doses[-1].observed_at
    for days, top in ((80, "Go on as planned"), (91, "Screen again before the next dose")):
        with clock.stopped(dosed + days * DAY):
            page = signed_in("cleo").get(f"/pathway/{treated.key}/deciding/")
            assert page.context["page"].verdict == top
            assert page.context["page"].screen_again is (days > 90)


def test_nothing_leaves_without_a_release(
    treated: Course, cast: Cast, signed_in: Callable[[str], Client]
) -> None:  # fmt: skip
    """A clinician outside is told only by a release that stands; revoked, expired or unknown ones open nothing."""
    with clock.stopped(clock.read()):  # the release ends with this day, which may end meanwhile
        _released(treated, cast, signed_in("cleo"), clock.read())


def _released(treated: Course, cast: Cast, cleo: Client, at: datetime) -> None:
    home = f"/pathway/{treated.key}/summary/others.pdf"
    assert cleo.get(home).status_code == 403
    act = disclosure.allow(treated, "Dr Grey, 1 High Street", at.date(), Identity.KNOWN, cast["ben"].key, at)
    answer = cleo.get(f"{home}?release={act}")
    assert answer.status_code == 200 and "Dr Grey, 1 High Street" in words(answer.content)
    assert entries(treated.key)[-1].kind == "summary.made"
    assert not disclosure.allowed(treated)[0].stands(at.date() + DAY)
    disclosure.revoke(treated, act, cast["ben"].key, at)
    assert cleo.get(f"{home}?release={act}").status_code == 403
    with pytest.raises(disclosure.NotReleased):
        disclosure.allow(treated, "x", at.date() - DAY, Identity.KNOWN, cast["ben"].key, at)


def test_a_release_ends_with_the_sites_own_day(treated: Course, cast: Cast, settings: Any) -> None:
    """At 20:00 on 31 December in Los Angeles that day is not over; at 9:00 on 1 January in Auckland it is."""
    eve = datetime(2027, 12, 31).date()
    settings.TIME_ZONE = "America/Los_Angeles"
    late = datetime(2028, 1, 1, 4, 0, tzinfo=UTC)
    assert disclosure.allow(treated, "Dr Grey", eve, Identity.KNOWN, cast["ben"].key, late)
    settings.TIME_ZONE = "Pacific/Auckland"
    early = datetime(2027, 12, 31, 20, 0, tzinfo=UTC)
    with pytest.raises(disclosure.NotReleased):
        disclosure.allow(treated, "Dr Grey", eve, Identity.KNOWN, cast["ben"].key, early)


def test_pages(treated: Course, signed_in: Callable[[str], Client]) -> None:
    """The team sees the rules' answers and writes releases; whoever must not know the arm sees none of it."""
    nia = signed_in("nia")
    home = f"/pathway/{treated.key}/deciding/"
    page = nia.get(home).content.decode()
    assert "60 → 38 (-22)" in page and "between -37 and -7" in page
    day = (clock.read() + 30 * DAY).date().isoformat()
    form = {"to": "Dr Grey", "until": day, "identity": "passport"}
    assert nia.post(f"{home}release/", {**form, "identity": ""}).status_code == 409
    assert nia.post(f"{home}release/", form).status_code == 302
    (one,) = disclosure.allowed(treated)
    assert nia.post(f"{home}release/", {"revoke": one.act}).status_code == 302
    assert disclosure.allowed(treated)[0].revoked
    for name in ("ben", "finn", "dev", "ada", "eve"):
        assert signed_in(name).get(home).status_code == 403
        assert signed_in(name).get(f"/pathway/{treated.key}/summary/prescriber.pdf").status_code == 403
