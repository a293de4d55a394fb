"""The clinic's view: every number opens to a list that has as many lines as it counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.clinic.courses import enrolled, released, walk_on
from unstuck.clinic import clock
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.measures.house import house
from unstuck.clinic.measures.pages import behind, house_page
from unstuck.clinic.people.models import Account
from unstuck.core import events as ev

Cast = dict[str, Account]
DAY = timedelta(days=1)


@pytest.fixture
def course(settings: Any, request: pytest.FixtureRequest, at: datetime) -> Course:
    """A blinded course after its first dose, with an effect, a missed booking and a closed questionnaire."""
    settings.UNSTUCK_DEMO = True
    request.getfixturevalue("cast")
    made = enrolled(released("ketamine_pe", at), at - 40 * DAY)
    walk_on(made, "infusion", at - 40 * DAY)
    dosed = queries.load(made).state.doses[0].observed_at
    for what in (ev.AdverseEventNoted("headache", 2, dose=1), ev.VisitBooked("pe_after_infusion", 1, dosed + 2 * DAY)):
        write(made, what, Entry("a_test", dosed + DAY, dosed + DAY))
    return made


def test_every_number_opens_to_its_list(
    course: Course, at: datetime, cast: Cast, signed_in: Callable[[str], Client]
) -> None:
    """Each link of the page opens, and where the page says "n of m" its list has m lines of which n count."""
    with clock.stopped(at):
        cleo = signed_in("cleo")
        page = cleo.get("/house/").content.decode()
        links = set(re.findall(r'href="(/house/[\w.]+/\?weeks=13)"', page))
        assert len(links) > 7
        assert {cleo.get(link).status_code for link in links} == {200}
        here = house(cast["cleo"], 13, at)
        shown = house_page(here)
        for row in (*shown.running, *shown.safety, *(one.row for one in shown.outcomes)):
            found = behind(here, row.opens, clock.zone())
            assert found and not found.unlisted
            if told := re.fullmatch(r"(\d+) of (\d+)", row.of):
                assert (sum(line.counts for line in found.lines), len(found.lines)) == tuple(map(int, told.groups()))


def test_what_the_numbers_say(course: Course, at: datetime, cast: Cast) -> None:
    """One booking that nobody came to, one dose with an effect that was not merely expected, none serious."""
    page = house_page(house(cast["cleo"], 13, at))
    assert [row.of for row in page.running[:1]] == ["1 of 1"]
    assert [row.of for row in page.safety] == ["1 of 1", "0 of 1", "0 of 1"]


def test_whom_safety_is_shown_to(course: Course, at: datetime, cast: Cast, signed_in: Callable[[str], Client]) -> None:
    """Research sees no safety and no such list; the blinded therapist sees the rate and not whose; quality no name."""
    with clock.stopped(at):
        assert "Not shown to you" in signed_in("dev").get("/house/").content.decode()
        assert signed_in("dev").get("/house/harms/").status_code == 404
        blinded = signed_in("ben").get("/house/harms/").content.decode()
        assert "1 more are counted and not listed" in blinded and "headache" not in blinded
        quality = signed_in("quinn").get("/house/harms/").content.decode()
        assert "headache" in quality and "Rosa" not in quality
        assert {n for n in cast if signed_in(n).get("/house/").status_code == 200} == {
            "nia",
            "ben",
            "cleo",
            "dev",
            "quinn",
        }


def test_a_name_that_is_no_measure_is_not_found(
    course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """An unknown list is 404, and a period that is not offered falls back to thirteen weeks."""
    with clock.stopped(at):
        assert signed_in("cleo").get("/house/nothing/").status_code == 404
        assert "The last 13 weeks" in signed_in("cleo").get("/house/?weeks=99").content.decode()
