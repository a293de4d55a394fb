"""`unstuck serve` and `unstuck manage` as processes of their own, on a data folder of their own."""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from unstuck.cli import serve

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600  # a demonstration takes twenty seconds on a quiet machine, and many times that on a busy one

WRITER = """
import django; django.setup()
from unstuck.clinic import clock
from unstuck.clinic.ledger.actions import note
for n in range(25): note("record.read", "a_nia", clock.read(), {"n": n}, chain="c_one")
"""


def environment(home: Path) -> dict[str, str]:
    """A site on SQLite in `home`, or on the database that `site.toml` there names; none of the test's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("UNSTUCK_", "DJANGO_"))}
    return kept | {
        "UNSTUCK_HOME": str(home),
        "PYTHONPATH": str(ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "unstuck.clinic.site.settings",
        "PYTHONWARNINGS": "error::UserWarning:django.core.handlers.base",
    }


def unstuck(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unstuck", *arguments]
    told = subprocess.PIPE
    return subprocess.run(command, env=environment(home), stdout=told, stderr=told, text=True, timeout=PATIENCE_S)


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[Path]:
    """A data folder; where the tests run on PostgreSQL, with a new database on the same server."""
    server = os.environ.get("UNSTUCK_DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield tmp_path
        return
    name = f"unstuck_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        (tmp_path / "site.toml").write_text(f'UNSTUCK_DATABASE_URL = "{server.rpartition("/")[0]}/{name}"\n')
        yield tmp_path
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(url: str) -> tuple[int, str, str]:
    """Status, kind of content, and text."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as told:
            return told.status, told.headers["Content-Type"], told.read().decode()
    except urllib.error.HTTPError as wrong:
        return wrong.code, "", ""
    except OSError:
        return 0, "", ""


@contextmanager
def serving(home: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A demonstration that answers, and its address."""
    port = free_port()
    command = [sys.executable, "-m", "unstuck", "serve", "--demo", "--port", str(port), *options]
    process = subprocess.Popen(
        command, env=environment(home), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        end = time.monotonic() + PATIENCE_S
        while answer(f"http://127.0.0.1:{port}/health/")[0] != 200 and time.monotonic() < end:
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_demonstration_serves_and_survives_a_kill(tmp_path: Path) -> None:
    """First pages and hashed styles answer; after kill -9 the sign-ins are the same; only --reset makes new ones."""
    home = tmp_path / "demo"
    with serving(home) as (address, _):
        status, _, page = answer(f"{address}/people/sign-in/")
        style = re.search(r"/static/unstuck\.[0-9a-f]{12}\.css", page)
        assert (status, bool(style)) == (200, True)
        assert answer(address + style[0])[:2] == (200, 'text/css; charset="utf-8"')  # type: ignore[index]
        sign_ins = (home / "sign-ins.json").read_text()
    again = unstuck(home, "serve", "--demo", "--prepare")
    assert again.returncode == 0 and all(password in again.stdout for password in json.loads(sign_ins).values())
    _refused_for_real_use_and_reset(home, sign_ins)


def _refused_for_real_use_and_reset(home: Path, sign_ins: str) -> None:
    """The folder does not start without --demo; --reset makes new people. One serves both: it is slow to make."""
    refused = unstuck(home, "serve", "--prepare")
    assert (refused.returncode, "demonstration sign-ins" in refused.stderr) == (2, True)
    assert unstuck(home, "serve", "--demo", "--reset", "--prepare").returncode == 0
    assert (home / "sign-ins.json").read_text() != sign_ins


def test_links_of_a_demonstration_lead_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --port the address in its letters is that of the usual port, where it listens."""
    monkeypatch.setattr(os, "environ", {"UNSTUCK_HOME": str(tmp_path)})
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    serve._choose_demo(parser.parse_args(["--demo", "--host", "127.0.0.1"]))
    assert os.environ["UNSTUCK_ADDRESS"] == "http://localhost:8000"


def test_only_a_demonstration_is_ever_deleted(tmp_path: Path) -> None:
    """--reset refuses a folder that holds anything else, and leaves it as it was."""
    (tmp_path / "precious").write_text("mine")
    assert unstuck(tmp_path, "serve", "--demo", "--reset", "--prepare").returncode == 2
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_demonstration_stays_on_this_machine(tmp_path: Path) -> None:
    """Its cookies go without TLS, so it listens on the loopback only; --reset belongs to a demonstration only."""
    assert unstuck(tmp_path, "serve", "--demo", "--host", "0.0.0.0").returncode == 2
    assert unstuck(tmp_path, "serve", "--reset").returncode == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_writers_in_several_processes_make_one_chain(own_database: Path) -> None:
    """Four processes that write to the same course at once lose nothing, and the head has every entry."""
    assert unstuck(own_database, "manage", "migrate", "--verbosity", "0").returncode == 0
    command = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen(command, env=environment(own_database), stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [(w.communicate(timeout=PATIENCE_S)[1], w.returncode) for w in writers] == [("", 0)] * 4
    report = json.loads(unstuck(own_database, "manage", "verify_ledger", "--json").stdout)
    assert report == {"entries": 100, "chains": 1, "ahead": 0, "findings": []}
