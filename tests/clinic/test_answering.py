"""Answering on a phone: a link that writes and never reads."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail

from tests.clinic.courses import enrolled, released, walk_on
from tests.pages import without_keys
from unstuck.clinic import clock
from unstuck.clinic.assessment import actions
from unstuck.clinic.assessment.models import Link, Waiting
from unstuck.clinic.assessment.pages import Pick, Question
from unstuck.clinic.assessment.wording import NoWording, keep_wording
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write
from unstuck.clinic.messages.models import Message
from unstuck.core.events import ConsentGiven
from unstuck.core.instrument_file import load_instrument

pytestmark = pytest.mark.django_db
BASELINE = actions.Place("baseline", 1)


@pytest.fixture
def course(at, settings):
    settings.UNSTUCK_DEMO = True
    return enrolled(released("feder_2021", at), at)


@pytest.fixture
def ready(course, at):
    """The instant at which the baseline questionnaires can be answered."""
    return walk_on(course, "baseline_interview", at)


@pytest.fixture
def signed(course, ready):
    return actions.make_link(course, BASELINE, "a_test", ready)


def answer_all(browser, address, value="2"):
    """Posts each screen with the same answer until thanks are said; every page that was shown."""
    pages = []
    for _screen in range(12):
        html = browser.get(address).content.decode()
        pages.append(html)
        names = dict.fromkeys(re.findall(r'type="radio" name="(item\d+)"', html))
        answer = browser.post(address, dict.fromkeys(names, value))
        if answer["Location"].endswith("/a/"):
            break
        if "thanks" in answer["Location"]:
            return [*pages, browser.get(answer["Location"]).content.decode()]
    raise AssertionError("the questions never end")


def test_answers_reach_the_course(course, ready, signed, browser):
    """All screens answered with 2 give a PCL-5 of 40 in the course, and nothing waits any more."""
    with clock.stopped(ready):
        answer_all(browser, f"/a/{signed}/")
    scores = {e.what.instrument: dict(e.what.scores) for e in queries.load(course).state.assessments}
    assert scores["pcl5_week"]["total"] == 40
    assert not Waiting.objects.exists() and Link.objects.get().finished_at == ready


def test_the_link_never_reads(course, ready, signed, browser):
    """No page behind the link shows the name, the protocol, an answer given before or a score."""
    with clock.stopped(ready):
        pages = answer_all(browser, f"/a/{signed}/")
    for html in pages:
        assert not re.search(r"Rosa|Lindqvist|ketamine|Feder|PCL|checked|score of", without_keys(html))


def test_coming_back(course, ready, signed, browser):
    """After two screens the link goes on with the third, in another browser too, and shows only how far one is."""
    with clock.stopped(ready):
        for _screen in range(2):
            html = browser.get(f"/a/{signed}/").content.decode()
            names = dict.fromkeys(re.findall(r'type="radio" name="(item\d+)"', html))
            browser.post(f"/a/{signed}/", dict.fromkeys(names, "3"))
        again = type(browser)().get(f"/a/{signed}/").content.decode()
    assert "Part 3 of" in again and "answers saved" in again and "checked" not in again


def test_an_open_question_is_asked_once_more(course, ready, signed, browser):
    """A screen with an open question is shown once more; then one may go on without it."""
    with clock.stopped(ready):
        html = browser.post(f"/a/{signed}/", {"item1": "2"}).content.decode()
        assert "no answer yet" in html
        answer = browser.post(f"/a/{signed}/", {"anyway": "1"})
    assert answer.status_code == 302 and Link.objects.get().page == 1


@pytest.mark.parametrize("spoil", [lambda s: s[:-2] + "xx", lambda s: "abc", lambda s: s.split(":")[0]])
def test_forged_links_are_closed(course, ready, signed, browser, spoil):
    """A link that was changed opens nothing."""
    with clock.stopped(ready):
        assert browser.get(f"/a/{spoil(signed)}/").status_code == 410


def test_old_and_used_links_are_closed(course, ready, signed, browser):
    """After its days, and after its use, the link is closed."""
    with clock.stopped(ready + timedelta(days=5)):
        assert browser.get(f"/a/{signed}/").status_code == 410
    with clock.stopped(ready):
        answer_all(browser, f"/a/{signed}/")
        assert browser.get(f"/a/{signed}/").status_code == 410


def test_the_letter_names_nothing_clinical(course, ready, signed_in):
    """The front desk sends the link; the message in the outbox names no illness, drug or questionnaire."""
    with clock.stopped(ready):
        answer = signed_in("finn").post(f"/courses/{course.key}/ask/", {"step": "baseline:1"})
    assert answer.status_code == 200
    letter = Message.objects.get(purpose="link")
    assert letter.to == "rosa@example.org" and "/a/" in letter.body
    words = re.sub(r"/a/\S+", "", letter.subject + letter.body)  # the token is made of random letters
    assert not re.search(r"PTSD|PCL|ketamine|clinic", words, re.I)
    assert mail.outbox == []


def test_real_people_are_not_asked_with_our_labels(at, settings, tmp_path):
    """Without official wording a real person gets no link; with it, the score is for care."""
    settings.UNSTUCK_DEMO = False
    real = enrolled(released("pe", at), at, None)
    write(real, ConsentGiven("treatment", "1", "consent"), Entry("a_test", at, at))
    protocol = queries.load(real).protocol
    step = next(s for s in protocol.steps if "pcl5_week" in getattr(s.activity, "instruments", ()))
    place = actions.Place(step.key, 1)
    with pytest.raises(NoWording):
        actions.make_link(real, place, "a_test", at)
    for instrument in actions.asked_of(real, place, "patient"):
        keep_wording(instrument, official(instrument, tmp_path), "a_test", at)
    assert actions.make_link(real, place, "a_test", at)
    completed = actions._completed(real, place, load_instrument("pcl5_week"), {"item1": 2.0})
    assert completed.for_care and completed.wording != "demo"


def official(instrument, folder):
    """A file that fits the instrument, with words of this test in place of the licensed ones."""
    file = folder / f"{instrument.key}.csv"
    rows = ["item,text,choices", "licence,For this test only,", "language,en,"]
    for item in instrument.items:
        choices = "|".join(f"{c.value}=Answer {c.value}" for c in item.choices)
        rows.append(f"{item.key},Question {item.key},{choices}")
    file.write_text("\n".join(rows))
    return file


def test_rated_by_a_clinician(course, ready, signed_in, at):
    """The therapist enters a CAPS-5 on one page; it is scored and stands in the course."""
    other = enrolled(course.release, at)
    then = walk_on(other, "screening", at)
    names = {f"{i.key}.{item.key}": "1" for i in map(load_instrument, ("caps5", "madrs")) for item in i.items}
    low = {f"cssrs_screen.{item.key}": "0" for item in load_instrument("cssrs_screen").items if item.show_if is None}
    with clock.stopped(then):
        path = f"/courses/{other.key}/rate/?step=baseline_interview:1"
        assert signed_in("ben").get(path).status_code == 200
        answer = signed_in("ben").post(path, {**names, **low, "step": "baseline_interview:1"})
    assert answer.status_code == 302, answer.content.decode()
    done = {e.what.instrument for e in queries.load(other).state.assessments}
    assert {"caps5", "madrs", "cssrs_screen"} <= done


def test_a_no_that_was_not_asked_is_dropped_and_a_yes_refused(course, signed_in, at):
    """C-SSRS for no step: "no" after a "no" says nothing new; a plan without a thought is refused, nothing is saved."""
    path = f"/courses/{course.key}/rate/?scale=cssrs_screen"
    noes = {f"cssrs_screen.{item.key}": "0" for item in load_instrument("cssrs_screen").items}
    with clock.stopped(at):
        page = signed_in("nia").get(path).content.decode()
        refused = signed_in("nia").post(path, {**noes, "cssrs_screen.item5": "1"})
        assert not queries.load(course).state.assessments
        taken = signed_in("nia").post(path, noes)
    assert "Asked only after" in page and (refused.status_code, taken.status_code) == (409, 302)
    (told,) = queries.load(course).state.assessments
    assert told.what.step is None and dict(told.what.scores)["risk"] == "none"


def test_no_questionnaire_of_the_person_is_typed_by_staff(course, signed_in, at):
    """A scale that the person answers, and one that nobody knows, is not rated on the page of staff."""
    for scale in ("des2", "nothing", "../caps5"):
        with clock.stopped(at):
            answer = signed_in("nia").get(f"/courses/{course.key}/rate/?scale={scale}")
        assert answer.status_code == 409 and "no questions of that kind" in answer.content.decode()


@pytest.mark.parametrize(("labels", "rows"), [
    (("Nada", "Un poco", "Moderadamente", "Bastante", "Extremadamente"), True),
    (("Not at all", "A little", "Some", "A lot", "Extreme"), False),
    (("No", "Partly", "Yes"), False),
])  # fmt: skip
def test_answers_with_long_words_stand_below_each_other(labels: tuple[str, ...], rows: bool) -> None:
    """Words of a licensed wording that no phone has room for side by side get a line each."""
    picks = tuple(Pick(n, words) for n, words in enumerate(labels))
    assert Question("item1", "x", 1, 1, "choice", 0, 4, picks).rows is rows
