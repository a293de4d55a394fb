"""Django for tests, and the cast. A folder whose tests need the clinic has a conftest.py that imports this module.

The database is the one of UNSTUCK_DATABASE_URL, SQLite in memory without it. Each test has a data folder of its own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_home = tempfile.mkdtemp(prefix="unstuck-test-home-")
(Path(_home) / "static").mkdir()
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["UNSTUCK_HOME"] = _home
os.environ["DJANGO_SETTINGS_MODULE"] = "unstuck.clinic.site.settings"

import django  # noqa: E402
import pytest  # noqa: E402
from django.conf import settings as site_settings  # noqa: E402

site_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
site_settings.STORAGES = {
    **site_settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
django.setup()

import pyotp  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from unstuck.clinic.ledger import triggers  # noqa: E402
from unstuck.clinic.people import second_factor  # noqa: E402
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person  # noqa: E402
from unstuck.clinic.people.models import Account, Person, Role  # noqa: E402

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
CAST: dict[str, tuple[Role, ...]] = {
    "ada": (Role.PATIENT,),
    "ben": (Role.THERAPIST,),
    "cleo": (Role.PRESCRIBER,),
    "nia": (Role.NURSE,),
    "finn": (Role.FRONT_DESK,),
    "otis": (Role.CUSTODIAN,),
    "dev": (Role.RESEARCH,),
    "quinn": (Role.QUALITY,),
    "alma": (Role.ADMIN,),
    "eve": (),
}

_without_triggers = False


@pytest.fixture
def at() -> datetime:
    """The instant at which things happen in a test."""
    return AT


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> Path:
    """The data folder of this test, with a ledger head of its own. E-mail goes to the outbox, then to a list."""
    settings.UNSTUCK_HOME = tmp_path
    settings.EMAIL_BACKEND = "unstuck.clinic.messages.backend.OutboxBackend"
    settings.UNSTUCK_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return tmp_path


@pytest.fixture(autouse=True)
def ledger_triggers(request: pytest.FixtureRequest) -> Iterator[None]:
    """The triggers stand during every test; a test that commits ends with a flush, which they would refuse."""
    global _without_triggers
    marker = request.node.get_closest_marker("django_db")
    committing = bool(marker and marker.kwargs.get("transaction")) or bool(
        {"transactional_db", "live_server"} & set(request.fixturenames)
    )
    if not (marker or committing or "db" in request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db" if committing else "db")
    if _without_triggers:
        triggers.create(connection)
    yield
    if committing:
        triggers.drop(connection)
        _without_triggers = True


@pytest.fixture
def demonstration(settings: Any) -> None:
    """The site is a demonstration before its cast is made: all are simulated, and answers to our own wording count."""
    settings.UNSTUCK_DEMO = True


@pytest.fixture
def cast(db: None, at: datetime) -> dict[str, Account]:
    """An account for each member of the cast, by user name. Ada's is bound to her person."""
    made = {}
    for username, roles in CAST.items():
        person = _ada(at) if Role.PATIENT in roles else None
        new = NewAccount(username, username.title(), roles, f"{username}@example.org", PASSWORD, person)
        made[username] = open_account(new, "a_test", at)
    return made


def _ada(at: datetime) -> Person:
    """The patient of the cast, simulated where the test's site is a demonstration."""
    return register_person(Identity("Ada Ames"), "a_test", at, simulated=site_settings.UNSTUCK_DEMO)


@pytest.fixture
def signed_in(cast: dict[str, Account]) -> Callable[[str], Client]:
    """A browser over TLS in which a member of the cast has signed in."""

    def browser(username: str) -> Client:
        client = over_tls()
        client.force_login(cast[username], backend="django.contrib.auth.backends.ModelBackend")
        return client

    return browser


@pytest.fixture
def browser() -> Client:
    """A browser over TLS in which nobody has signed in."""
    return over_tls()


class App:
    """The app on a telephone: it knows the secret and shows a code for any instant. Each code works once."""

    def __init__(self, letters: str) -> None:
        self.secret = letters.replace(" ", "")

    def code(self, at: datetime) -> str:
        return pyotp.TOTP(self.secret).at(at)


def enrol(account: Account, at: datetime) -> App:
    """The account with a second factor, set up with the code of half a minute ago: the code of `at` is unused."""
    app = App(second_factor.begin(account, at).letters)
    second_factor.finish(account, app.code(at - timedelta(seconds=30)), at)
    return app


class OverTls(Client):
    """A test client whose every request comes over TLS."""

    def generic(self, *args: Any, **kwargs: Any) -> Any:
        return super().generic(*args, **{**kwargs, "secure": True})


def over_tls() -> Client:
    """A browser of its own, over TLS."""
    return OverTls()
