"""The clinic's view: every number opens to a list that has as many lines as it counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from tests.clinic.courses import enrolled, released, walk_on
from tests.pages import without_keys
from unstuck.clinic import clock
from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import append_events
from unstuck.clinic.measures import listing
from unstuck.clinic.measures.house import KINDS, house
from unstuck.clinic.measures.pages import house_page
from unstuck.clinic.people.models import Account
from unstuck.core import events as ev
from unstuck.core.session_events import SessionOpened

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


READERS = {
    "nia": 8,
    "ben": 8,
    "cleo": 8,
    "dev": 5,
    "quinn": 7,
}  # and how many tables' rows and counts each has at least
LINK = re.compile(r'<a[^>]*href="([^"]+)"[^>]*>(\d+)(?:<span class="hide">[^<]*</span>)?</a>')


def lines_behind(client: Client, link: str, of_alerts: bool) -> int:
    """How many lines the list has on all its pages, with those that are counted and not told to this reader."""
    lines, page = 0, client.get(link).content.decode()
    if of_alerts:
        return page.count('class="alert-words"')
    unlisted = re.search(r"(\d+) more are counted and not listed", page)
    while True:
        lines += page.count('<tr><th scope="row">')
        after = re.search(r'href="(\?[^"]+)">After<', page)
        if after is None:
            return lines + int(unlisted[1] if unlisted else 0)
        page = client.get(link.partition("?")[0] + unescape(after[1])).content.decode()


@pytest.mark.parametrize("who", READERS)
def test_every_number_opens_to_its_list(
    course: Course, at: datetime, cast: Cast, signed_in: Callable[[str], Client], who: str
) -> None:
    """For every reader: each count on the page is a link, and its list has as many lines, page by page, as it says."""
    others = [enrolled(course.release, at - 40 * DAY) for _ in range(2)]
    assert raise_alert("dose_silence", course.key, "clock", at, "dose:1") and others
    with clock.stopped(at), mock.patch.object(listing, "A_PAGE", 2):
        client = signed_in(who)
        page = client.get("/house/").content.decode()
        main = page[page.index("<main") :]
        numbers = [(unescape(to), int(told)) for to, told in LINK.findall(main)]
        assert len(numbers) > READERS[who]
        for to, told in numbers:
            assert lines_behind(client, to, to.startswith("/alerts/")) == told, to
        for cell in re.findall(r'<td class="num"[^>]*>(<a .*?)</td>', main):
            rest = re.sub(r"visits on \d+ chairs in \d+ days", "", LINK.sub("", cell))
            assert not re.search(r"\d", rest), cell


def test_lengths_of_sessions_are_the_same_number_too(course: Course, at: datetime, cast: Cast) -> None:
    """A blinded reader counts from check-in as everybody does, and is not told which course took how long."""
    dosed = queries.load(course).state.doses[0].observed_at
    checked_in, left = dosed - timedelta(minutes=30), dosed + timedelta(hours=2)
    whats = ((SessionOpened("infusion", 1, "chair_1", ("name",)), checked_in), (ev.Discharged("infusion"), left))
    events = [ev.Event(f"x{n}", course.key, t, t, "a", ev.Origin.SIMULATED, w) for n, (w, t) in enumerate(whats)]
    append_events(course.key, events, course.release.hash)
    houses = {who: house(cast[who], 13, at) for who in READERS}
    assert {KINDS["session_time"].measure(one).items[0].value for one in houses.values()} == {150.0}
    lists = {who: listing.behind(one, "session_time", listing.Asked(), UTC) for who, one in houses.items()}
    told = {who: (len(found.lines), found.unlisted) for who, found in lists.items() if found}
    assert told == {"nia": (1, 0), "cleo": (1, 0), "quinn": (1, 0), "ben": (0, 1), "dev": (0, 1)}


def test_outcomes_are_the_same_number_for_every_reader(
    course: Course, at: datetime, cast: Cast, signed_in: Callable[[str], Client]
) -> None:
    """Quality, who may see nobody's score, counts the same outcomes as the prescriber, and its list holds no score."""
    walk_on(course, "weekly", at - 20 * DAY)
    pages = {who: house_page(house(cast[who], 13, at)) for who in READERS}
    assert pages["cleo"].outcomes and {page.outcomes for page in pages.values()} == {pages["cleo"].outcomes}
    scored = next(one.row.opens for one in pages["cleo"].outcomes if one.row.unknown == 0)
    with clock.stopped(at):
        shown = {who: signed_in(who).get(f"/house/{scored}/").content.decode() for who in ("cleo", "quinn")}
    values = {who: re.findall(r'<td class="num"[^>]*>([^<]*)</td></tr>', page) for who, page in shown.items()}
    assert values["cleo"][0].isdecimal() and values["quinn"] and not re.search(r"\d", values["quinn"][0])


def test_what_the_numbers_say(course: Course, at: datetime, cast: Cast) -> None:
    """One booking that nobody came to, one dose with an effect that was not merely expected, none serious."""
    page = house_page(house(cast["cleo"], 13, at))
    assert (page.running[0].counted, page.running[0].total) == (1, 1)
    assert [(row.counted, row.total) for row in page.safety] == [(1, 1), (0, 1), (0, 1)]


def test_whom_safety_is_shown_to(course: Course, at: datetime, cast: Cast, signed_in: Callable[[str], Client]) -> None:
    """Research sees no safety and no such list; the blinded therapist sees the rate and not whose; quality no name."""
    with clock.stopped(at):
        assert "Not shown to you" in signed_in("dev").get("/house/").content.decode()
        assert signed_in("dev").get("/house/harms/").status_code == 404
        blinded = signed_in("ben").get("/house/harms/").content.decode()
        assert "1 more are counted and not listed" in blinded and "headache" not in blinded
        quality = signed_in("quinn").get("/house/harms/").content.decode()
        assert "headache" in quality and "Rosa" not in without_keys(quality)
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
