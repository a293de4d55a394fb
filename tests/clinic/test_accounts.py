"""Signing in and out, limits and timeouts, passwords, leavers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.site_fixtures import PASSWORD, over_tls
from unstuck.clinic import clock
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people import actions
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.portal.models import Leaf

pytestmark = pytest.mark.django_db

SIGN_IN = "/people/sign-in/"


def sign_in(browser: Client, username: str, password: str = PASSWORD) -> int:
    return browser.post(SIGN_IN, {"username": username, "password": password}).status_code


def kinds() -> list[str]:
    return list(Entry.objects.filter(chain="site").order_by("seq").values_list("kind", flat=True))


def test_signing_in_and_out_is_noted(cast: dict[str, Account], browser: Client) -> None:
    """Both are entries on the site's chain, under the account's pseudonym."""
    assert sign_in(browser, "nia") == 302
    assert browser.get("/").status_code == 200
    assert browser.post("/people/sign-out/").status_code == 302
    last = Entry.objects.order_by("-seq")[:2]
    assert [(e.kind, e.actor) for e in last] == [
        ("account.signed_out", cast["nia"].key),
        ("account.signed_in", cast["nia"].key),
    ]
    assert browser.get("/").status_code == 302


def test_five_wrong_passwords_pause_the_sixth(cast: dict[str, Account], browser: Client) -> None:
    """After five wrong tries even the right password is not looked at; another name is not affected."""
    assert [sign_in(browser, "nia", "wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
    assert sign_in(browser, "nia") == 429
    assert sign_in(over_tls(), "ben") == 302


def test_signing_out_needs_a_post(signed_in: Callable[[str], Client]) -> None:
    """A link on another page cannot sign anybody out."""
    assert signed_in("nia").get("/people/sign-out/").status_code == 405


def test_an_idle_session_ends(signed_in: Callable[[str], Client], at: datetime) -> None:
    """After the idle minutes of the role a page asks for a new sign-in, and the timeout is noted."""
    with clock.stopped(at):
        nia, finn = signed_in("nia"), signed_in("finn")
        assert [b.get("/").status_code for b in (nia, finn)] == [200, 200]
    with clock.stopped(at + timedelta(minutes=16)):
        assert [b.get("/").status_code for b in (nia, finn)] == [200, 302]
    with clock.stopped(at + timedelta(minutes=16 + 31)):
        assert nia.get("/").status_code == 302
    assert kinds()[-2:] == ["account.timed_out"] * 2


def test_words_written_for_long_are_kept(signed_in: Callable[[str], Client], at: datetime) -> None:
    """A patient writes for an hour with no request in between: the page is kept, the session over, nothing is shown."""
    with clock.stopped(at):
        ada = signed_in("ada")
        ada.get("/me/journal/")
    with clock.stopped(at + timedelta(hours=1)):
        answer = ada.post("/me/journal/", {"words": "A long page."})
        assert answer["Location"] == "/me/in/?kept=yes"
        assert "was kept" in ada.get(answer["Location"]).content.decode()
        assert ada.get("/me/journal/").status_code == 302
        ada.post("/me/journal/", {"words": "By nobody who is signed in."})
    assert [leaf.text.body for leaf in Leaf.objects.all()] == ["A long page."]


def test_polling_does_not_keep_a_session_alive(signed_in: Callable[[str], Client], at: datetime) -> None:
    """A board that polls in an empty room is signed out like any other page."""
    with clock.stopped(at):
        nia = signed_in("nia")
        nia.get("/")
    for minute in (10, 20, 30):
        with clock.stopped(at + timedelta(minutes=minute)):
            assert nia.get("/", headers={"X-Unstuck-Poll": "1"}).status_code == 200
    with clock.stopped(at + timedelta(minutes=31)):
        assert nia.get("/").status_code == 302


def test_typing_keeps_a_session_alive(signed_in: Callable[[str], Client], at: datetime) -> None:
    """Who types for an hour is still there; after idle minutes typing neither revives nor ends a session."""
    with clock.stopped(at):
        ben, ada = signed_in("ben"), signed_in("ada")
        assert [b.get("/").status_code for b in (ben, ada)] == [200, 302]
    for minute in range(10, 61, 10):
        with clock.stopped(at + timedelta(minutes=minute)):
            assert ben.post("/people/typing/").json() == {"here": True}
    with clock.stopped(at + timedelta(hours=1)):
        assert ben.get("/").status_code == 200
        assert ada.post("/people/typing/").json() == {"here": False}
        assert ada.post("/me/journal/", {"words": "A long page."})["Location"] == "/me/in/?kept=yes"
        assert ada.post("/people/typing/").status_code == 302
        assert over_tls().post("/people/typing/").status_code == 302


def test_a_leaver_is_signed_out_everywhere(cast: dict[str, Account], signed_in: Callable[[str], Client]) -> None:
    """Sessions end at once, the password is void, and the entry names who did it."""
    alma, nia = signed_in("alma"), signed_in("nia")
    assert nia.get("/").status_code == 200
    assert alma.post(f"/people/accounts/{cast['nia'].pk}/leaver/").status_code == 302
    assert nia.get("/").status_code == 302
    assert sign_in(over_tls(), "nia") == 200
    entry = Entry.objects.get(kind="account.left")
    assert (entry.actor, cast["nia"].key in entry.payload) == (cast["alma"].key, True)


def test_the_last_administrator_stays(cast: dict[str, Account], signed_in: Callable[[str], Client]) -> None:
    """A clinic cannot lock itself out, neither by leaving nor by giving the role away."""
    assert signed_in("alma").post(f"/people/accounts/{cast['alma'].pk}/leaver/").status_code == 409
    with pytest.raises(actions.NotYourself):
        actions.set_roles(cast["alma"], [Role.NURSE], "a_test", clock.read())
    assert Account.objects.get(username="alma").is_active


@pytest.mark.parametrize("username", ["finn", "nia", "ben", "cleo", "dev", "quinn", "ada", "eve"])
def test_only_administrators_see_accounts(signed_in: Callable[[str], Client], username: str) -> None:
    """Everyone else is refused, and the refusal is noted with the rule's name."""
    assert signed_in(username).get("/people/accounts/").status_code == 403
    entry = Entry.objects.get(kind="access.refused")
    assert "may_manage_accounts" in entry.payload


def test_roles_are_changed_by_an_administrator(cast: dict[str, Account], signed_in: Callable[[str], Client]) -> None:
    """The new roles hold from the next request on; the last administrator's role cannot be taken."""
    alma, nia = signed_in("alma"), signed_in("nia")
    assert alma.post(f"/people/accounts/{cast['nia'].pk}/roles/", {"roles": ["quality"]}).status_code == 302
    assert Account.objects.get(username="nia").roles == {Role.QUALITY}
    assert alma.post(f"/people/accounts/{cast['alma'].pk}/roles/", {"roles": ["nurse"]}).status_code == 200
    assert Account.objects.get(username="alma").roles == {Role.ADMIN}
    assert nia.post(f"/people/accounts/{cast['nia'].pk}/roles/", {"roles": ["admin"]}).status_code == 403
    assert kinds()[-2:] == ["account.roles_set", "access.refused"]


def test_a_patients_account_gets_no_other_role(cast: dict[str, Account], signed_in: Callable[[str], Client]) -> None:
    """Somebody who is treated here does not become staff by the same account."""
    assert signed_in("alma").post(f"/people/accounts/{cast['ada'].pk}/roles/", {"roles": ["admin"]}).status_code == 404


def test_a_polling_fragment_leads_to_the_sign_in_page(browser: Client) -> None:
    """When a session has ended, htmx is told to load the sign-in page and to come back, not to swap it in."""
    answer = browser.get("/", headers={"HX-Request": "true", "HX-Current-URL": "https://testserver/board/?x=1"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/people/sign-in/?next=%2Fboard%2F")


def test_a_new_colleague_sets_the_password_by_e_mail(signed_in: Callable[[str], Client]) -> None:
    """The administrator makes the account; the link in the outbox sets a password; the colleague signs in."""
    told = {"username": "gus", "display_name": "Gus Gray", "email": "gus@example.org", "roles": ["nurse"]}
    assert signed_in("alma").post("/people/accounts/", told).status_code == 302
    message = Message.objects.get()
    assert message.to == "gus@example.org"
    gus = over_tls()
    form = gus.get(_link(message), follow=True)
    new = {"new_password1": "a long new password", "new_password2": "a long new password"}
    assert gus.post(form.redirect_chain[-1][0], new).status_code == 302
    assert sign_in(gus, "gus", "a long new password") == 302
    assert Account.objects.get(username="gus").roles == {Role.NURSE}


def test_a_forgotten_password_is_mended_by_e_mail(cast: dict[str, Account], browser: Client) -> None:
    """The link works once; an unknown address gets the same answer and no message."""
    assert browser.post("/people/password/", {"email": "nobody@example.org"}).status_code == 302
    assert not Message.objects.exists()
    assert browser.post("/people/password/", {"email": "nia@example.org"}).status_code == 302
    link = _link(Message.objects.get())
    place = browser.get(link, follow=True).redirect_chain[-1][0]
    new = {"new_password1": "a long new password", "new_password2": "a long new password"}
    assert browser.post(place, new).status_code == 302
    assert "has expired" in over_tls().get(link, follow=True).content.decode()
    assert kinds()[-1] == "account.password_set"


def test_the_first_administrator_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command makes an administrator in an empty clinic and refuses a second time."""
    monkeypatch.setenv("UNSTUCK_ADMIN_PASSWORD", "a long first password")
    call_command("first_administrator", "alma", name="Alma", email="alma@example.org")
    assert Account.objects.get().roles == {Role.ADMIN}
    with pytest.raises(CommandError, match="already"):
        call_command("first_administrator", "eve", name="Eve", email="eve@example.org")


def test_a_weak_first_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first password must meet the same rules as any other."""
    monkeypatch.setenv("UNSTUCK_ADMIN_PASSWORD", "short")
    with pytest.raises(CommandError, match="too short"):
        call_command("first_administrator", "alma", name="Alma", email="alma@example.org")
    assert not Account.objects.exists()


def test_no_name_stands_in_the_ledger(cast: dict[str, Account]) -> None:
    """Accounts and persons appear in entries under their pseudonyms only."""
    everything = " ".join(Entry.objects.values_list("payload", flat=True)).lower()
    assert not [name for name in ("ames", "example.org", *cast) if re.search(rf"\b{name}\b", everything)]


def _link(message: Message) -> str:
    found = re.search(r"https://[^/\s]+(/\S+)", message.body)
    assert found
    return found[1]
