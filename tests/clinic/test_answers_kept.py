"""What is answered is neither lost, nor made up, nor answered back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from tests.clinic.courses import enrolled, released, walk_on
from unstuck.clinic import clock
from unstuck.clinic.assessment import actions
from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course.actions import Entry, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.core import events as ev

pytestmark = pytest.mark.django_db
BASELINE = actions.Place("baseline", 1)
INTERVIEW = "baseline_interview:1"


@pytest.fixture
def course(at: datetime, settings: Any) -> Course:
    settings.UNSTUCK_DEMO = True
    return enrolled(released("feder_2021", at), at)


@pytest.fixture
def ready(course: Course, at: datetime) -> datetime:
    """The instant at which the baseline questionnaires can be answered."""
    return walk_on(course, "baseline_interview", at)


def fill(link: Link, value: float) -> None:
    for number in range(1, 21):
        actions.keep_answers(link, "pcl5_week", {f"item{number}": value}, 4, link.made_at)


def test_answers_come_in_where_the_step_was_skipped_meanwhile(course: Course, ready: datetime, browser: Client) -> None:
    """Staff skip the step while the person answers: the answers enter without a step, and the page tells nothing."""
    signed = actions.make_link(course, BASELINE, "a_test", ready)
    link = actions.find_link(signed, ready)
    fill(link, 1.0)
    Link.objects.update(page=99)
    write(course, ev.StepSkipped("baseline", 1, "ill"), Entry("a_test", ready, ready))
    with clock.stopped(ready):
        answer = browser.post(f"/a/{signed}/")
    assert (answer.status_code, answer["Location"]) == (302, "/a/thanks/")
    kept = [e.what for e in load(course).state.assessments]
    assert [(k.instrument, k.step, dict(k.scores)["total"]) for k in kept if k.instrument == "pcl5_week"] == [
        ("pcl5_week", None, 20)
    ]


def test_no_link_to_a_closed_step(course: Course, at: datetime) -> None:
    """Before consent there is nothing to ask, and staff read why."""
    with pytest.raises(actions.NotNow, match="Consent"):
        actions.make_link(course, BASELINE, "a_test", at)


def test_no_link_to_a_step_that_is_done(course: Course, at: datetime) -> None:
    """Questions that were answered are not sent again."""
    after = walk_on(course, "baseline", at)
    with pytest.raises(actions.NotNow, match="done or skipped"):
        actions.make_link(course, BASELINE, "a_test", after)


@pytest.mark.parametrize("value", ["9", "-1", "nan", "inf", "x", "1.5", "1e400"])
def test_what_is_no_answer_is_not_taken(course: Course, ready: datetime, browser: Client, value: str) -> None:
    """A value outside the choices is treated as not answered, and asked once more."""
    signed = actions.make_link(course, BASELINE, "a_test", ready)
    with clock.stopped(ready):
        answer = browser.post(f"/a/{signed}/", {"item1": value})
    assert answer.status_code == 200
    assert "no answer yet" in answer.content.decode()
    assert not Link.objects.get().waiting.exists()


@pytest.fixture
def two_scales(course: Course, ready: datetime) -> str:
    """A link that asks the PCL-5 first and the PHQ-9 after it: the items of both have the same keys."""
    made = actions.Made("a_test", ready, ready + actions.GOOD_FOR)
    return actions.make_free_link(course, ["pcl5_week", "phq9"], made)[1]


def send(browser: Client, signed: str, screen: str, items: range, value: int, **more: str) -> Any:
    return browser.post(
        f"/a/{signed}/", {"screen": screen, **{f"item{number}": str(value) for number in items}, **more}
    )


def test_a_page_left_behind_answers_its_own_questions(ready: datetime, two_scales: str, browser: Client) -> None:
    """Whoever goes back with the browser's own button changes that answer, and none of the questionnaire after it."""
    groups = [("0", range(1, 6)), ("1", range(6, 8)), ("2", range(8, 15)), ("3", range(15, 21))]
    with clock.stopped(ready):
        for number, items in groups:
            send(browser, two_scales, f"pcl5_week:{number}", items, 2)
        send(browser, two_scales, "pcl5_week:0", range(1, 6), 3)
        link = actions.find_link(two_scales, ready)
        page = browser.get(f"/a/{two_scales}/").content.decode()
    assert actions.waiting(link, "phq9") == {}
    assert sum(actions.waiting(link, "pcl5_week").values()) == 2 * 15 + 3 * 5  # type: ignore[arg-type]
    assert 'name="screen" value="pcl5_week:1"' in page


def test_going_back_keeps_what_was_chosen(ready: datetime, two_scales: str, browser: Client) -> None:
    """An answer that was given before the button back is kept, and an unknown page changes nothing."""
    with clock.stopped(ready):
        send(browser, two_scales, "pcl5_week:0", range(1, 6), 2)
        send(browser, two_scales, "pcl5_week:1", range(6, 7), 4, back="1")
        send(browser, two_scales, "pcl5_month:1", range(6, 8), 0)
        link = actions.find_link(two_scales, ready)
    assert (link.page, actions.waiting(link, "pcl5_week")["item6"]) == (0, 4)


def test_two_taps_send_one_sheet(course: Course, ready: datetime) -> None:
    """Two requests that both found the link open write the answers once; the second is told, and keeps nothing."""
    signed = actions.make_link(course, BASELINE, "a_test", ready)
    first, second = actions.find_link(signed, ready), actions.find_link(signed, ready)
    fill(first, 1.0)
    actions.finish(first, ready)
    with pytest.raises(actions.LinkGone):
        actions.keep_answers(second, "pcl5_week", {"item1": 4}, 1, ready)
    with pytest.raises(actions.LinkGone):
        actions.finish(second, ready)
    kept = [dict(e.what.scores)["total"] for e in load(course).state.assessments if e.what.instrument == "pcl5_week"]
    assert kept == [20] and not second.waiting.exists()


def test_a_second_tap_reads_the_numbers_first(course: Course, ready: datetime, browser: Client) -> None:
    """Who taps twice loses the receipt of the first tap: the second one says at once whom to call in danger."""
    signed = actions.make_link(course, BASELINE, "a_test", ready)
    with clock.stopped(ready):
        Link.objects.update(page=99)
        browser.post(f"/a/{signed}/")
        page = browser.post(f"/a/{signed}/").content.decode()
    assert page.index('id="help"') < page.index("they have arrived")


def test_a_changed_answer_closes_what_hung_on_it(course: Course, ready: datetime) -> None:
    """A yes that was taken back takes the answers behind it along."""
    kept = actions.asked_only(
        actions.load_instrument("cssrs_screen"), {"item1": 0.0, "item2": 0.0, "item3": 1.0, "item6": 0.0}
    )
    assert set(kept) == {"item1", "item2", "item6"}


def rate(client: Client, course: Course, **fields: str) -> Any:
    return client.post(f"/courses/{course.key}/rate/", {"step": INTERVIEW, **fields})


@pytest.fixture
def interview(course: Course, at: datetime) -> datetime:
    """The instant at which the baseline interview can be rated."""
    return walk_on(course, "screening", at)


def test_a_half_filled_rating_is_asked_about_and_keeps_what_was_typed(
    course: Course, interview: datetime, signed_in: Callable[[str], Client]
) -> None:
    """One rating of fifty is not recorded by a slip; it stands on the page again, with the number still open."""
    with clock.stopped(interview):
        answer = rate(signed_in("ben"), course, **{"caps5.item1": "3"})
    page = answer.content.decode()
    assert "Nothing was saved yet" in page
    assert page.count(" checked") == 1
    assert not load(course).state.done.get(("baseline_interview", 1))


def test_a_rating_may_be_recorded_with_questions_left_open(
    course: Course, interview: datetime, signed_in: Callable[[str], Client]
) -> None:
    """By a second button the rater says that the rest stays open; then the score is not made up."""
    with clock.stopped(interview):
        answer = rate(signed_in("ben"), course, anyway="1", **{"caps5.item1": "3"})
    assert answer.status_code == 302
    caps = next(e.what for e in load(course).state.assessments if e.what.instrument == "caps5")
    assert dict(caps.scores)["total"] is None


def test_a_contradiction_is_told_and_not_smoothed_over(
    course: Course, interview: datetime, signed_in: Callable[[str], Client]
) -> None:
    """A yes behind a question that was answered no is refused in words, and stands on the page as it was typed."""
    with clock.stopped(interview):
        answer = rate(signed_in("ben"), course, anyway="1", **{"cssrs_screen.item2": "0", "cssrs_screen.item3": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "is not asked after the answer" in page
    assert page.count(" checked") == 2
    assert not load(course).state.done.get(("baseline_interview", 1))
