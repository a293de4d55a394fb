"""The drill: a clinic is backed up, destroyed and restored, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.clinic.test_serve import WRITER, environment, own_database, unstuck

__all__ = ["own_database"]

PEOPLE = """
import django; django.setup()
from unstuck.clinic import clock
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
from unstuck.clinic.people.models import Role
from unstuck.clinic.people.texts import write_text
at = clock.read()
alma = open_account(NewAccount("alma", "Alma", (Role.ADMIN,), password="correct horse battery staple"), "", at)
for n in range(30):
    person = register_person(Identity(f"Tab\\tNew\\nÜmlaut \\\\N {n}"), alma.key, at)
    write_text(person, "note", "Line one\\nLine two\\r\\t'quoted' \\\\. ", at)
"""
DIGESTS = """
import django; django.setup()
import hashlib, json
from django.apps import apps
told = {}
for model in apps.get_models():
    if model._meta.db_table in ("django_session", "ledger_entry", "ledger_chain"): continue
    rows = sorted(repr(row) for row in model.objects.values_list())
    told[model._meta.db_table] = [len(rows), hashlib.sha256("".join(rows).encode()).hexdigest()]
print(json.dumps(told))
"""
AFTER = """
import django; django.setup()
from unstuck.clinic import clock
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people.actions import Identity, register_person
from django.contrib.sessions.models import Session
register_person(Identity("After"), "a_test", clock.read())
try: Entry.objects.all().delete(); print("deleted")
except Exception as refusal: print("never" in str(refusal), Session.objects.count())
"""


def python(home: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(home), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def clinic(own_database: Path) -> Iterator[Path]:
    """A clinic with people, texts that are hard to copy, a site's own settings, and a ledger of two chains."""
    assert unstuck(own_database, "manage", "migrate", "--verbosity", "0").returncode == 0
    python(own_database, PEOPLE)
    python(own_database, WRITER)
    (own_database / "alerts.toml").write_text("# ours\n")
    yield own_database


def destroy(home: Path) -> None:
    """Everything is gone but what is kept apart."""
    for path in home.iterdir():
        if path.name not in ("secret.key", "site.toml"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if (home / "site.toml").exists():
        server = os.environ["UNSTUCK_DATABASE_URL"]
        name = (home / "site.toml").read_text().rpartition("/")[2].strip().strip('"')
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")


@pytest.mark.slow
def test_a_destroyed_clinic_comes_back_whole(clinic: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every row is as before; the ledger verifies, goes on and stays unchangeable; nobody is signed in."""
    file = tmp_path_factory.mktemp("elsewhere") / "clinic.tar"
    made = unstuck(clinic, "backup", str(file), "--json")
    assert (made.returncode, made.stderr) == (0, "")
    before = json.loads(python(clinic, DIGESTS))
    destroy(clinic)
    assert not (clinic / "ledger.head").exists()
    back = unstuck(clinic, "restore", str(file))
    assert (back.returncode, back.stderr) == (0, "")
    assert json.loads(python(clinic, DIGESTS)) == before
    assert before["people_person"][0] == 30
    assert (clinic / "alerts.toml").read_text() == "# ours\n"
    assert python(clinic, AFTER) == "True 0"
    report = json.loads(unstuck(clinic, "manage", "verify_ledger", "--json").stdout)
    entries = json.loads(made.stdout)["entries"]
    assert report == {"entries": entries + 2, "chains": 2, "ahead": 0, "findings": []}  # site.restored and "After"


@pytest.mark.slow
def test_a_backup_is_taken_while_the_clinic_works(clinic: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Archives made while entries are written restore to a sound ledger: a head is never before its database."""
    folder = tmp_path_factory.mktemp("elsewhere")
    writer = subprocess.Popen([sys.executable, "-c", WRITER.replace("25", "400")], env=environment(clinic))
    try:
        for number in range(2):
            assert unstuck(clinic, "backup", str(folder / f"{number}.tar")).returncode == 0
    finally:
        writer.wait(timeout=600)
    destroy(clinic)
    assert unstuck(clinic, "restore", str(folder / "1.tar")).returncode == 0


@pytest.mark.slow
def test_what_is_kept_apart_is_not_in_the_archive(clinic: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither the secret key nor the database's password is anywhere in the archive; another key is told at restore."""
    file = tmp_path_factory.mktemp("elsewhere") / "clinic.tar"
    (clinic / "tls").mkdir()
    (clinic / "tls" / "ca.key").write_text("PRIVATE")
    assert unstuck(clinic, "backup", str(file)).returncode == 0
    with tarfile.open(file) as tar:
        assert not [n for n in tar.getnames() if "secret" in n or "site.toml" in n or "tls" in n]
    assert (clinic / "secret.key").read_bytes() not in file.read_bytes()
    destroy(clinic)
    (clinic / "secret.key").unlink()
    back = unstuck(clinic, "restore", str(file))
    assert (back.returncode, "second factors must be set up anew" in back.stdout) == (0, True)


@pytest.mark.slow
def test_nothing_is_restored_beside_or_from_what_is_not_whole(
    clinic: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A clinic in use is not touched; neither a damaged archive nor a cut-off ledger comes into an empty place."""
    folder = tmp_path_factory.mktemp("elsewhere")
    assert unstuck(clinic, "backup", str(folder / "good.tar")).returncode == 0
    again = unstuck(clinic, "backup", str(folder / "good.tar"))
    assert (again.returncode, "not overwritten" in again.stderr) == (2, True)
    assert unstuck(clinic, "backup", str(clinic / "inside.tar")).returncode == 2
    before = python(clinic, DIGESTS)
    refused = unstuck(clinic, "restore", str(folder / "good.tar"))
    assert (refused.returncode, "not empty" in refused.stderr, python(clinic, DIGESTS)) == (2, True, before)
    content = bytearray((folder / "good.tar").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "bad.tar").write_bytes(content)
    assert unstuck(clinic, "backup", "--check", str(folder / "bad.tar")).returncode == 2
    python(clinic, INTRUDER)
    unsound = unstuck(clinic, "backup", str(folder / "unsound.tar"))
    assert (unsound.returncode, "cut off" in unsound.stdout) == (1, True)
    for name in ("bad", "unsound"):
        destroy(clinic)
        kept = sorted(path.name for path in clinic.iterdir())
        refused = unstuck(clinic, "restore", str(folder / f"{name}.tar"))
        assert (refused.returncode, sorted(path.name for path in clinic.iterdir())) == (2, kept), refused.stderr
    assert "Entry" in refused.stderr and "earlier one" in refused.stderr
    known = unstuck(clinic, "restore", "--with-findings", str(folder / "unsound.tar"))
    assert (known.returncode, "cut off" in known.stdout) == (1, True)


INTRUDER = """
import django; django.setup()
from django.db import connection
from unstuck.clinic.ledger import triggers
from unstuck.clinic.ledger.models import Chain, Entry
triggers.drop(connection)
last = Entry.objects.filter(chain="c_one").order_by("-seq").first()
Entry.objects.filter(pk=last.pk).delete()
Chain.objects.filter(key="c_one").update(length=last.seq - 1, hash=last.previous_hash)
triggers.create(connection)
"""


@pytest.mark.slow
def test_a_restore_that_was_stopped_does_not_start(clinic: Path) -> None:
    """A folder in which a restore was killed in its middle is not served."""
    (clinic / "restore.unfinished").touch()
    refused = unstuck(clinic, "serve", "--prepare")
    assert (refused.returncode, "stopped in its middle" in refused.stderr) == (2, True)
