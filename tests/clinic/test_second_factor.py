"""A second factor for prescriber and drug custodian: asked at sign-in, taken once, unreadable in the database."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from django.db import transaction
from django.test import Client

from tests.site_fixtures import PASSWORD, enrol
from unstuck.clinic import clock
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people import second_factor
from unstuck.clinic.people.actions import set_roles
from unstuck.clinic.people.models import Account, RecoveryCode, Role, SecondFactor
from unstuck.clinic.people.second_factor import WrongCode, confirm, is_enrolled

Cast = dict[str, Account]
SIGN_IN, CODE, ENROL = "/people/sign-in/", "/people/sign-in/code/", "/people/second-factor/"
STEP = timedelta(seconds=30)
pytestmark = pytest.mark.django_db

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the ASCII secret of RFC 6238, appendix B, in base 32
RFC_VECTORS = {  # seconds since 1970 -> the last six of its eight figures (SHA-1)
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


def password(browser: Client, name: str, then: str = "") -> str:
    """Where the sign-in form leads somebody with the right password."""
    where = f"{SIGN_IN}?next={then}" if then else SIGN_IN
    answer = browser.post(where, {"username": name, "password": PASSWORD, "next": then})
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


@pytest.mark.parametrize("seconds", RFC_VECTORS)
def test_codes_are_those_of_the_rfc(cast: Cast, seconds: int) -> None:
    """The codes of RFC 6238, appendix B, are taken at their instants, and another code is not."""
    at = datetime.fromtimestamp(seconds, UTC)
    SecondFactor.objects.create(
        account=cast["cleo"], sealed=second_factor._seal(RFC_SECRET), begun_at=at, confirmed_at=at, last_step=-1
    )
    with pytest.raises(WrongCode):
        confirm(cast["cleo"], "000000", at)
    confirm(cast["cleo"], RFC_VECTORS[seconds], at)


@pytest.mark.parametrize(("name", "leads"), [("nia", "/"), ("cleo", ENROL), ("otis", ENROL), ("alma", "/")])
def test_who_is_asked(cast: Cast, browser: Client, name: str, leads: str) -> None:
    """Prescriber and drug custodian come no further than setting it up; the others are in."""
    assert password(browser, name) == leads
    assert is_in(browser) == (leads == "/")


def test_setting_it_up_signs_in_and_shows_recovery_codes_once(cast: Cast, browser: Client, at: datetime) -> None:
    """Password, picture, code, recovery codes: then the account is in, and the codes are shown on no other page."""
    with clock.stopped(at):
        password(browser, "cleo", "/protocols/")
        page = browser.get(ENROL).content.decode()
        letters = re.search(r'key-letters">([A-Z2-7 ]+)<', page)
        assert letters and "<svg" in page and not is_in(browser)
        wrong = browser.post(ENROL, {"code": "123456"}).content.decode()
        assert "not right" in wrong and letters[1] in wrong and not is_in(browser)
        code = pyotp.TOTP(letters[1].replace(" ", "")).at(at)
        done = browser.post(ENROL, {"code": code}).content.decode()
    codes = re.findall(r">([0-9a-f]{6}-[0-9a-f]{6})<", done)
    assert len(codes) == second_factor.RECOVERY_CODES and 'href="/protocols/"' in done and is_in(browser)
    assert codes[0] not in str(list(RecoveryCode.objects.values())) and letters[1].replace(" ", "") not in str(
        list(SecondFactor.objects.values())
    )
    assert browser.get(ENROL).status_code == 302


def test_signing_in_with_a_code(cast: Cast, browser: Client, at: datetime) -> None:
    """After the password comes the code; without it every page still asks to sign in; then the wanted page opens."""
    app = enrol(cast["cleo"], at)
    with clock.stopped(at):
        assert password(browser, "cleo", "/protocols/") == CODE
        assert browser.get("/protocols/").status_code == 302 and not is_in(browser)
        assert "not right" in browser.post(CODE, {"code": "000000"}).content.decode()
        assert browser.post(CODE, {"code": app.code(at)}).headers["Location"] == "/protocols/"
    assert is_in(browser) and Entry.objects.filter(kind="account.signed_in", actor=cast["cleo"].key).count() == 1


def test_the_code_page_needs_a_password_first(cast: Cast, browser: Client, at: datetime) -> None:
    """Whoever has given no password, gave it too long ago, or changed it since, begins again."""
    app = enrol(cast["cleo"], at)
    assert browser.get(CODE).headers["Location"] == SIGN_IN == browser.get(ENROL).headers["Location"]
    with clock.stopped(at):
        password(browser, "cleo")
    with clock.stopped(at + timedelta(minutes=11)):
        late = browser.post(CODE, {"code": app.code(at + timedelta(minutes=11))})
    assert late.headers["Location"] == SIGN_IN and not is_in(browser)
    with clock.stopped(at):
        password(browser, "cleo")
        cast["cleo"].set_password("another long pass phrase")
        cast["cleo"].save()
        assert browser.post(CODE, {"code": app.code(at)}).headers["Location"] == SIGN_IN
    assert not is_in(browser)


def test_no_code_is_taken_twice(cast: Cast, at: datetime) -> None:
    """Neither at once, nor in the next half minute, nor an older one after a newer one."""
    app = enrol(cast["cleo"], at)
    confirm(cast["cleo"], app.code(at), at)
    for later in (timedelta(), STEP):
        with pytest.raises(WrongCode, match="used already"):
            confirm(cast["cleo"], app.code(at), at + later)
    confirm(cast["cleo"], app.code(at + 2 * STEP), at + STEP)
    with pytest.raises(WrongCode, match="used already"):
        confirm(cast["cleo"], app.code(at + STEP), at + STEP)


def test_an_old_code_is_none(cast: Cast, at: datetime) -> None:
    """A code is taken half a minute early or late, and not a minute and a half late."""
    app = enrol(cast["cleo"], at)
    with pytest.raises(WrongCode, match="not right"):
        confirm(cast["cleo"], app.code(at), at + 3 * STEP)


def test_five_wrong_codes_are_a_pause_even_for_the_right_one(cast: Cast, at: datetime) -> None:
    """Each refusal is counted and is an entry; after the wait a code is taken again."""
    app = enrol(cast["cleo"], at)
    for _ in range(5):
        with pytest.raises(WrongCode):
            confirm(cast["cleo"], "000000", at)
    with pytest.raises(WrongCode, match="Too many"):
        confirm(cast["cleo"], app.code(at), at)
    assert Entry.objects.filter(kind="account.second_factor_refused").count() == 6
    later = at + timedelta(minutes=16)
    confirm(cast["cleo"], app.code(later), later)


def test_a_recovery_code_works_once(cast: Cast, at: datetime) -> None:
    """It stands in for the app, once; how many are left is in the ledger."""
    letters = second_factor.begin(cast["otis"], at).letters.replace(" ", "")
    codes = second_factor.finish(cast["otis"], pyotp.TOTP(letters).at(at), at)
    confirm(cast["otis"], f" {codes[3].upper()} ", at)
    with pytest.raises(WrongCode):
        confirm(cast["otis"], codes[3], at)
    assert '"left":9' in Entry.objects.get(kind="account.recovery_code_used").payload


def test_without_an_app_nothing_can_be_signed(cast: Cast, at: datetime) -> None:
    """Who must have a second factor and has none confirms nothing; who needs none is not asked."""
    with pytest.raises(WrongCode, match="No second factor"):
        confirm(cast["cleo"], "123456", at)
    second_factor.begin(cast["cleo"], at)
    with pytest.raises(WrongCode, match="No second factor"):
        confirm(cast["cleo"], "123456", at)
    confirm(cast["nia"], "", at)


def test_a_demonstration_does_not_ask_and_says_so(cast: Cast, browser: Client, settings: pytest.FixtureRequest) -> None:
    """There the printed password is enough, and the page of signing in tells that real use needs more."""
    settings.UNSTUCK_DEMO = True  # type: ignore[attr-defined]
    assert "also need a code from an app" in browser.get(SIGN_IN).content.decode()
    assert password(browser, "cleo") == "/" and is_in(browser)


def test_another_secret_key_opens_nothing(cast: Cast, settings: pytest.FixtureRequest, at: datetime) -> None:
    """A copy of the database without the site's key does not give the codes."""
    app = enrol(cast["cleo"], at)
    settings.SECRET_KEY = "y" * 60  # type: ignore[attr-defined]
    with pytest.raises(WrongCode, match="secret key has changed"), transaction.atomic():
        confirm(cast["cleo"], app.code(at), at)


def test_an_administrator_removes_what_was_lost(cast: Cast, signed_in: object, at: datetime) -> None:
    """Then the account sets it up anew; nobody else can do it, and it is an entry."""
    enrol(cast["cleo"], at)
    address = f"/people/accounts/{cast['cleo'].pk}/second-factor/"
    assert signed_in("otis").post(address).status_code == 403 and is_enrolled(cast["cleo"])  # type: ignore[operator]
    assert signed_in("alma").post(address).status_code == 302 and not is_enrolled(cast["cleo"])  # type: ignore[operator]
    assert Entry.objects.filter(kind="account.second_factor_removed").exists()


def test_a_new_role_ends_the_sessions_that_have_no_code(cast: Cast, browser: Client, at: datetime) -> None:
    """A nurse who becomes a prescriber signs in again, and is asked for a code."""
    password(browser, "nia")
    set_roles(cast["nia"], [Role.NURSE, Role.PRESCRIBER], cast["alma"].key, at)
    assert browser.get("/").headers["Location"].startswith(SIGN_IN)
    assert password(browser, "nia") == ENROL
