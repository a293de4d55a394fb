"""What nobody foresaw in a form or an entry: it costs nobody anything else, and no page breaks on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client

from tests.course_makers import MINUTE
from tests.session_makers import Cast, running
from unstuck.clinic import clock
from unstuck.clinic.audit.sentences import sentence
from unstuck.clinic.course.queries import load
from unstuck.clinic.custody.cosign import Credentials, second_person
from unstuck.clinic.custody.refusals import NotSigned
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.portal.models import Leaf
from unstuck.clinic.session import receiving
from unstuck.clinic.session.words import MEASURES
from unstuck.core import events as ev

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]
Browser = Callable[[str], Client]

HERE = {"step": "infusion", "occurrence": 1}
CANNOT_BE: dict[str, tuple[str, dict[str, Any]]] = {
    "a number beyond all": ("ReadingTaken", {"name": "other", "value": 10**400, **HERE}),
    "answers without their questions": ("Rated", {"instrument": "cadss", "answers": [1, 2]}),
    "a part without end": ("Part", {"number": float("inf"), "units": 1}),
}


def pulse(number: int, at: datetime) -> dict[str, Any]:
    fields = {"kind": ["readings"], "pulse_per_min": [str(number)]}
    return {"id": f"pulse-{number:04}", "kind": "Form", "observed_at": at.isoformat(), "what": {"fields": fields}}


@pytest.mark.parametrize("entry", CANNOT_BE.values(), ids=list(CANNOT_BE))
def test_an_entry_that_cannot_be_holds_up_no_other(
    cast: Cast, at: datetime, signed_in: Browser, entry: tuple[str, dict[str, Any]]
) -> None:
    """It is refused by itself with a reason; the readings before and after it in the batch are saved."""
    course, began = running(cast, at)
    now, (kind, what) = began + MINUTE, entry
    odd = {"id": "odd-00001", "kind": kind, "observed_at": now.isoformat(), "what": what}
    body = {"device": "device-0001", "who": cast["nia"].key, "sent_at": now.isoformat()}
    with clock.stopped(now):
        told = json.dumps(body | {"entries": [pulse(71, now), odd, pulse(72, now)]})
        address = f"/session/{course.key}/infusion/1/entries/"
        answer = signed_in("nia").post(address, told, content_type="application/json")
    assert [receipt["status"] for receipt in answer.json()["receipts"]] == ["saved", "refused", "saved"]
    taken = [e.what.value for e in load(course).state.log if isinstance(e.what, ev.ReadingTaken)]
    assert {71.0, 72.0} <= set(taken)


def test_a_database_that_fails_refuses_nothing(
    cast: Cast, at: datetime, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full no entry gets a word, saved or refused: all wait on their device and are sent again."""
    course, began = running(cast, at)
    now, nia = began + MINUTE, signed_in("nia")

    def full(*_told: Any) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(receiving, "write_all", full)
    nia.raise_request_exception = False
    body = {"device": "device-0001", "who": cast["nia"].key, "sent_at": now.isoformat(), "entries": [pulse(71, now)]}
    with clock.stopped(now):
        address = f"/session/{course.key}/infusion/1/entries/"
        assert nia.post(address, json.dumps(body), content_type="application/json").status_code == 500


@pytest.mark.parametrize("typed", ["-3", "1e300", "nan"])
def test_an_amount_that_cannot_be_is_refused(cast: Cast, at: datetime, signed_in: Browser, typed: str) -> None:
    """A minus or an exponent typed into a measure's amount is told on the page, and nothing is written."""
    course, began = running(cast, at)
    form = {"kind": "measure", "entry": "measure-0001", "measure": next(iter(MEASURES)), "amount": typed, "unit": "mg"}
    before = len(load(course).state.log)
    with clock.stopped(began + MINUTE):
        page = signed_in("nia").post(f"/session/{course.key}/infusion/1/say/", form)
    assert (page.status_code, len(load(course).state.log)) == (409, before)
    assert "cannot be here" in page.content.decode() or typed == "nan"


def test_pasted_words_with_a_sign_that_no_database_keeps(signed_in: Browser) -> None:
    """The sign NUL, of which PostgreSQL keeps none, is left out of a page of the journal; the words stay."""
    signed_in("ada").post("/me/journal/", {"words": "Before\0 and after"})
    assert [leaf.text.body for leaf in Leaf.objects.select_related("text")] == ["Before and after"]


def test_what_comes_as_a_form_where_json_is_asked_for_is_told(cast: Cast, at: datetime, signed_in: Browser) -> None:
    """Entries of a session and an answer for a passkey that come as a form are refused, and break nothing."""
    course, began = running(cast, at)
    with clock.stopped(began + MINUTE):
        told = signed_in("nia").post(f"/session/{course.key}/infusion/1/entries/", {"words": "x"})
        passkey = signed_in("ada").post("/me/keys/answer/", {"words": "x"})
    assert (told.status_code, passkey.status_code) == (400, 409)


def test_a_search_with_such_a_sign_is_a_search(signed_in: Browser) -> None:
    """The list of people is searched for what is left."""
    assert b"Zz" in signed_in("nia").get("/courses/", {"q": "Zz\0"}).content


@pytest.mark.parametrize("told", [{"what": "record"}, {"what": "arm"}, {"what": "days"}])
@pytest.mark.parametrize("kind", ["glass.broken", "leaf.shared", "leaf.erased"])
def test_a_note_that_says_what_in_one_word_is_a_sentence(at: datetime, kind: str, told: dict[str, str]) -> None:
    """The audit page reads it: an opening in an emergency had broken the page on which it is looked for."""
    assert len(sentence(note(kind, "a_test", at, told), {})) > 10


def test_the_arm_unmasked_and_the_record_opened_read_differently(at: datetime) -> None:
    """Both are openings in an emergency; the audit page says which it was."""
    arm, record = (sentence(note("glass.broken", "a_test", at, {"what": what}), {}) for what in ("arm", "record"))
    assert "arm" in arm and "record" in record and arm != record


@pytest.mark.parametrize("number", ["", "x", "²", "9" * 40])
def test_feedback_that_does_not_exist_is_not_found(signed_in: Browser, number: str) -> None:
    """What is no number of a visit's feedback finds none."""
    assert signed_in("quinn").post("/own/visits/", {"feedback": number}).status_code == 404


@pytest.mark.parametrize("back", ["x", "NaN", "9:00", "//elsewhere.example"])
@pytest.mark.parametrize("address", ["/theme/", "/me/language/"])
def test_back_leads_to_an_address_of_this_site_or_home(browser: Client, address: str, back: str) -> None:
    """A word that is no address leads to the first page, and breaks none."""
    answer = browser.post(address, {"back": back})
    assert answer.status_code == 302 and answer["Location"].startswith("/")
    assert not answer["Location"].startswith("//")


def test_a_user_name_beyond_all_is_wrong_and_no_more(rf: Any, cast: Cast, at: datetime) -> None:
    """A second signature under a name of 400 letters is refused; PostgreSQL would not count so long a name."""
    asked = rf.post("/stock/count/")
    told: list[str] = []
    watched = patch(
        "axes.handlers.proxy.AxesProxyHandler.user_login_failed", lambda **k: told.append(k["credentials"]["username"])
    )
    with clock.stopped(at), watched, pytest.raises(NotSigned):
        second_person(asked, cast["otis"], Credentials("x" * 400, "wrong"))
    assert told and all(len(name) < 256 for name in told)
