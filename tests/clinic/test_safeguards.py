"""What a browser is told, and what a site for real people refuses to start with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.site_fixtures import PASSWORD
from unstuck.clinic import clock
from unstuck.clinic.ledger import head
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.site import demo, start
from unstuck.clinic.site.checks import refusals

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


@pytest.mark.django_db
def test_the_policy_is_strict(browser: Client) -> None:
    """Nothing from a foreign host, nothing inline, no frame around a page, no form to elsewhere."""
    told = browser.get("/people/sign-in/")["Content-Security-Policy"]
    assert {part.strip() for part in told.split(";")} == POLICY


@pytest.mark.django_db
def test_every_page_carries_the_other_headers(browser: Client) -> None:
    """TLS is remembered, types are not guessed, pages are not kept, and addresses do not leak."""
    answer = browser.get("/people/sign-in/")
    assert answer["Strict-Transport-Security"] == "max-age=31536000"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_cookies_are_for_this_site_over_tls_only(cast: dict[str, Account], browser: Client) -> None:
    """Session and form cookies are bound to the host, to TLS, and are out of reach of scripts."""
    browser.get("/people/sign-in/")
    browser.post("/people/sign-in/", {"username": "nia", "password": PASSWORD})
    for name in ("__Host-unstuck", "__Host-csrf"):
        cookie = browser.cookies[name]
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")


@pytest.mark.django_db
def test_without_tls_a_page_leads_to_tls(client: Client) -> None:
    """A plain request is sent on; the health check alone answers it, for whoever watches the server."""
    assert client.get("/people/sign-in/")["Location"] == "https://testserver/people/sign-in/"
    assert client.get("/health/").status_code == 200


@pytest.mark.django_db
def test_health_tells_of_a_lost_head(browser: Client, at: datetime) -> None:
    """503 when the ledger's head is gone beside a ledger that has begun."""
    note("account.signed_in", "a_nia", at)
    assert browser.get("/health/").status_code == 200
    head.path().unlink()
    answer = browser.get("/health/")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "ledger_head": False})


@pytest.mark.django_db
def test_a_request_has_one_instant(rf: object) -> None:
    """However often a view and its template ask, one request has one time."""
    request = rf.get("/")  # type: ignore[attr-defined]
    first = clock.now(request)
    assert clock.now(request) == first
    assert first.utcoffset() is not None


def names() -> list[str]:
    return [refusal.name for refusal in refusals()]


@pytest.mark.django_db
def test_a_plain_site_may_start() -> None:
    """Nothing speaks against a site with its own random key and no one in it."""
    assert names() == []
    assert start.real_use() == ()


def _demo_account(settings: object, at: datetime) -> None:
    open_account(NewAccount("eve", "Eve", (), demonstration=True), "demo", at)


def _short_secret(settings: object, at: datetime) -> None:
    settings.SECRET_KEY = "changeme"  # type: ignore[attr-defined]


def _example_secret(settings: object, at: datetime) -> None:
    settings.SECRET_KEY = "django-insecure-abcdefghijklmnopqrstuvwxyz0123456789-abcdefgh"  # type: ignore[attr-defined]


def _debug(settings: object, at: datetime) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]


def _mixed(settings: object, at: datetime) -> None:
    ghost = register_person(Identity("Ghost"), "demo", at, simulated=True)
    Person.objects.create(name="Ada", registered_at=at)
    assert ghost.simulated


def _any_host(settings: object, at: datetime) -> None:
    settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]


def _demo_settings(settings: object, at: datetime) -> None:
    settings.UNSTUCK_DEMO = True  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (_demo_account, "demonstration sign-ins"),
        (_short_secret, "default secret"),
        (_example_secret, "default secret"),
        (_debug, "debug on"),
        (_mixed, "simulated beside real"),
        (_any_host, "any host"),
        (_demo_settings, "demonstration settings"),
    ],
)
def test_real_use_refuses(settings: object, at: datetime, spoil: Callable[[object, datetime], None], name: str) -> None:
    """Each reason is named alone, and the site does not start."""
    spoil(settings, at)
    assert names() == [name]
    with pytest.raises(start.MayNotStart, match=name):
        start.real_use()


@pytest.mark.django_db
def test_real_use_refuses_a_stopped_clock(at: datetime) -> None:
    """A site whose time was set by hand would invent the times of its entries."""
    with clock.stopped(at):
        assert names() == ["stopped clock"]
    assert names() == []


@pytest.mark.django_db
def test_the_demonstration_is_loaded_once(home: Path, at: datetime) -> None:
    """Starting again keeps the people and prints the same passwords; the hooks run the first time only."""
    ran: list[datetime] = []
    first = demo.load(home, at, hooks=(ran.append,))
    again = demo.load(home, at, hooks=(ran.append,))
    assert (first, ran, Account.objects.count()) == (again, [at], len(demo.CAST))
    assert demo.ada().simulated
    assert names() == ["demonstration sign-ins"]


@pytest.mark.django_db
def test_the_printed_sign_ins_work(home: Path, at: datetime, browser: Client, settings: Any) -> None:
    """Everyone in the cast can sign in with the printed password; a patient only because it is a demonstration."""
    settings.UNSTUCK_DEMO = True
    for one in demo.load(home, at, hooks=()):
        told = {"username": one.username, "password": one.password}
        assert browser.post("/people/sign-in/", told).status_code == 302, one.username
        browser.post("/people/sign-out/")


@pytest.mark.django_db(transaction=True)
def test_a_demonstration_that_fails_leaves_nothing(home: Path, at: datetime) -> None:
    """When a hook fails, the next start begins with an empty clinic."""

    def fails(at: datetime) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        demo.load(home, at, hooks=(fails,))
    assert not Account.objects.exists()
