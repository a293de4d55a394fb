"""The door to a person's own pages: one-time codes, passkeys, and nothing told to whoever only knocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.course_makers import adas_course
from tests.site_fixtures import PASSWORD, over_tls
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people.actions import Identity, NewAccount, leave, open_account, register_person
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.portal import desk
from unstuck.clinic.portal.entry import CODES_AN_HOUR, TRIES
from unstuck.clinic.portal.models import EntryCode

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    """No knock of another test counts."""
    cache.clear()


def ask(browser: Client, at: datetime, email: str = "ada@example.org", language: str = "en") -> str:
    """Asks for a code; the code that went out, empty where none did."""
    before = set(Message.objects.values_list("pk", flat=True))
    with clock.stopped(at):
        assert browser.post("/me/in/", {"email": email}, headers={"Accept-Language": language}).status_code == 302
    letter = Message.objects.exclude(pk__in=before).first()
    found = re.match(r"(\d{6})\n", letter.body) if letter else None
    return found[1] if found else ""


def type_in(browser: Client, at: datetime, code: str) -> int:
    with clock.stopped(at):
        return browser.post("/me/in/code/", {"code": code}).status_code


def test_a_code_opens_the_own_page(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """The code from the letter signs Ada in, without a script and without a password; it is in no table."""
    code = ask(browser, at)
    assert len(code) == 6 and code not in EntryCode.objects.get().hash
    assert type_in(browser, at + MINUTE, code) == 302
    with clock.stopped(at + 2 * MINUTE):
        assert browser.get("/me/").status_code == 200


@pytest.mark.parametrize("email", ["nobody@example.org", "cleo@example.org", "", "Ada <ada@example.org>"])
def test_an_unknown_address_looks_the_same(cast: dict[str, Account], browser: Client, at: datetime, email: str) -> None:
    """Whoever asks with an address that is no patient's gets the same pages, and nothing is sent to anybody."""
    assert ask(browser, at, email) == ""
    other = over_tls()
    ask(other, at)
    with clock.stopped(at):
        pages = [re.sub(r'value="\w{64}"', "", b.get("/me/in/code/").content.decode()) for b in (browser, other)]
    assert pages[0] == pages[1]


def test_another_browser_cannot_use_the_code(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """A code that was read over a shoulder opens nothing elsewhere, even where a code was asked for there as well."""
    code = ask(browser, at)
    elsewhere = over_tls()
    assert type_in(elsewhere, at, code) == 409
    ask(elsewhere, at, "nobody@example.org")
    assert type_in(elsewhere, at, code) == 409
    assert type_in(browser, at + MINUTE, code) == 302


def test_a_code_works_once(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """After its use the same code is refused in the same browser."""
    code = ask(browser, at)
    assert type_in(browser, at, code) == 302
    browser.logout()
    assert type_in(browser, at, code) == 409


def test_a_code_grows_old(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """A quarter of an hour later it is refused."""
    code = ask(browser, at)
    assert type_in(browser, at + 16 * MINUTE, code) == 409


def test_a_code_cannot_be_guessed(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """After so many wrong figures even the right ones are refused."""
    code = ask(browser, at)
    wrong = "000000" if code != "000000" else "111111"
    assert [type_in(browser, at, wrong) for _n in range(TRIES)] == [409] * TRIES
    assert type_in(browser, at, code) == 409


def test_an_account_gets_few_codes_an_hour(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """Somebody who asks again and again for Ada fills neither her letters nor the table; an hour later it works."""
    codes = [ask(browser, at + n * MINUTE) for n in range(CODES_AN_HOUR + 2)]
    assert [bool(code) for code in codes] == [True] * CODES_AN_HOUR + [False] * 2
    assert ask(browser, at + 61 * MINUTE)


def test_one_place_of_the_network_is_slowed_down(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """After many requests from one address the door says to wait."""
    with clock.stopped(at):
        said = [browser.post("/me/in/", {"email": f"x{n}@example.org"}).status_code for n in range(22)]
    assert (said[0], said[-1]) == (302, 429)


def test_a_shared_address_confuses_nobody(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """Two patients with one address: no code goes out, for it could open either's page."""
    bo = register_person(Identity("Bo Berg"), "a_test", at)
    open_account(NewAccount("bo", "Bo", (Role.PATIENT,), "ada@example.org", None, bo), "a_test", at)
    assert ask(browser, at) == ""


def test_a_leaver_gets_no_code(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """Once the account is closed, its address is unknown."""
    leave(cast["ada"], "a_test", at)
    assert ask(browser, at) == ""


def test_the_letter_speaks_the_language_of_the_browser(cast: dict[str, Account], browser: Client, at: datetime) -> None:
    """Asked for in Spanish, the letter is Spanish; neither names a clinic, an illness or a person."""
    ask(browser, at, language="es-MX,es;q=0.9")
    letter = Message.objects.get()
    assert letter.subject == "Su código" and "Escriba este código" in letter.body
    assert "Ada" not in letter.body


def test_a_password_opens_no_patients_page(
    cast: dict[str, Account], browser: Client, at: datetime, settings: Any
) -> None:
    """Outside of a demonstration a patient's password is refused like a wrong one; staff's is taken."""
    told = {"username": "ada", "password": PASSWORD}
    with clock.stopped(at):
        assert browser.post("/people/sign-in/", told).status_code == 200
        assert browser.post("/people/sign-in/", {**told, "username": "nia"}).status_code == 302
        settings.UNSTUCK_DEMO = True
        assert over_tls().post("/people/sign-in/", told).status_code == 302


def test_whoever_is_not_signed_in_comes_to_the_door_for_patients(browser: Client, db: None) -> None:
    """A page of one's own leads to codes and passkeys, not to the staff's sign-in."""
    answer = browser.get("/me/journal/")
    assert answer["Location"].startswith("/me/in/")


def test_staff_do_not_see_the_own_pages(signed_in: Callable[[str], Client], at: datetime) -> None:
    """The doctor, the administrator and Eve are refused on every one of them."""
    for who in ("cleo", "alma", "eve"):
        for page in ("", "journal/", "plan/", "days/", "readers/", "visit/", "curve/", "keys/"):
            with clock.stopped(at):
                assert signed_in(who).get(f"/me/{page}").status_code == 403, (who, page)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"id": "x", "rawId": "x", "response": {}}', '{"id": 1}'])
def test_a_passkey_that_proves_nothing_is_refused(
    cast: dict[str, Account], browser: Client, at: datetime, body: str
) -> None:
    """Whatever is sent in place of a signature, asked for or not, nobody is signed in."""
    with clock.stopped(at):
        for asked in (False, True):
            if asked:
                assert browser.post("/me/in/key/ask/").status_code == 200
            answer = browser.post("/me/in/key/answer/", body, content_type="application/json")
            assert answer.status_code == 409
        assert browser.get("/me/").status_code == 302


def test_a_lost_telephone_opens_nothing(
    cast: dict[str, Account], signed_in: Callable[[str], Client], at: datetime
) -> None:
    """The front desk closes every way in: the session ends, passkeys are gone, a code that was sent is refused."""
    with clock.stopped(at):
        course = adas_course(cast, at)
    phone, browser = signed_in("ada"), over_tls()
    code = ask(browser, at)
    with clock.stopped(at):
        assert phone.get("/me/").status_code == 200
        assert signed_in("finn").post(f"/own/{course.key}/", {"act": "close"}).status_code == 302
        assert phone.get("/me/").status_code == 302
    assert type_in(browser, at, code) == 409


def test_an_invitation_makes_an_account_without_a_password(
    cast: dict[str, Account], signed_in: Callable[[str], Client], browser: Client, at: datetime
) -> None:
    """The front desk invites a person: the letter is plain, and a code opens the page; nobody without an address."""
    bo = register_person(Identity("Bo Berg", None, "bo@example.org"), "a_test", at)
    nameless = register_person(Identity("Cy Crane"), "a_test", at)
    with clock.stopped(at):
        course = adas_course(cast, at, bo)
        other = Course.objects.create(person=nameless, release=course.release, enrolled_at=at)
        assert signed_in("finn").post(f"/own/{course.key}/", {"act": "invite"}).status_code == 302
        assert signed_in("finn").post(f"/own/{other.key}/", {"act": "invite"}).status_code == 409
    account = desk.account_for(bo)
    assert account is not None and not account.check_password(PASSWORD)
    letter = Message.objects.get(purpose="invite")
    assert letter.to == "bo@example.org" and "/me/in/" in letter.body and "Bo" not in letter.body
    assert type_in(browser, at, ask(browser, at, "bo@example.org")) == 302
