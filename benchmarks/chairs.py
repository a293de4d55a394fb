"""Forty chairs that send readings to a real server, which may be killed at any time; what was acknowledged is counted.

The server runs as a site does (durable database, every middleware); only its TLS is left to the imagination, because
the clients sit on the same machine.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 600  # forty that give up early and ask again keep a slow machine from ever answering one

PREPARE = """
import json, sys
import django; django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.db import transaction
from unstuck.clinic import clock
from unstuck.clinic.ledger.actions import append_event
from unstuck.core import events as ev
from unstuck.clinic.course.actions import Entry, enrol
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
from unstuck.clinic.people.models import Role
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.session.actions import Seat, open_session
from unstuck.clinic.session.queries import Place
from unstuck.core.protocol_file import load_protocol
at = clock.read()
new = NewAccount("nia", "Nia", (Role.NURSE,), "nia@example.org", "correct horse battery", None)
nia = open_account(new, "bench", at)
release = release_as(load_protocol("feder_2021"), "bench", at)
keys = []
for number in range(int(sys.argv[1])):
    person = register_person(Identity(f"Person {number}"), "bench", at)
    course = enrol(person, release, "ketamine", Entry(nia.key, at, at))
    open_session(course, Place("infusion", 1), Seat(f"chair_{number}", ("name", "born_on")), Entry(nia.key, at, at))
    given = ev.DoseGiven("infusion", 1, "ketamine", "iv_infusion", 35.0, 70.0, 40.0, "ketamine")
    dose = ev.Event(f"dose-{number}", course.key, at, at, nia.key, ev.Origin.CLINIC, given)
    with transaction.atomic():
        append_event(dose, release.hash)
    keys.append(course.key)
store = SessionStore()
store[SESSION_KEY], store[HASH_SESSION_KEY] = str(nia.pk), nia.get_session_auth_hash()
store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
store.save()
print(json.dumps({"courses": keys, "cookie": store.session_key, "who": nia.key}))
"""

SERVE = """
import sys
import django; django.setup()
import waitress
from django.contrib.auth.decorators import login_not_required
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from unstuck.clinic.site import urls
urls.urlpatterns.insert(0, path("empty/", login_not_required(lambda request: HttpResponse(""))))
told = {"host": "127.0.0.1", "port": int(sys.argv[1]), "threads": 8, "url_scheme": "https", "ident": None}
waitress.serve(get_wsgi_application(), **told)
"""

COUNT = """
import json
import django; django.setup()
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.ledger.verify import verify
acts = list(Entry.objects.filter(kind="ReadingTaken").values_list("act", flat=True))
print(json.dumps({"acts": acts, "sound": verify().sound}))
"""


@dataclass
class Site:
    """A data folder with courses in their chairs, and a server that can be killed and started again."""

    home: Path
    port: int
    courses: list[str] = field(default_factory=list)
    cookie: str = ""
    who: str = ""
    process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("UNSTUCK_", "DJANGO_"))}
        settings = "unstuck.clinic.site.settings"
        return kept | {
            "UNSTUCK_HOME": str(self.home),
            "UNSTUCK_STATIC_CHECK": "0",
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": settings,
        }

    def script(self, text: str, *arguments: str) -> dict[str, object]:
        """Runs a script in the site and reads the JSON of its last line."""
        command = [sys.executable, "-c", text, *arguments]
        told = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, check=True, timeout=PATIENCE_S
        )
        found: dict[str, object] = json.loads(told.stdout.strip().splitlines()[-1])
        return found

    def prepare(self, chairs: int) -> None:
        """A nurse, a signed protocol, and one person in each chair."""
        (self.home / "static").mkdir(parents=True, exist_ok=True)
        made = self.script(PREPARE, str(chairs))
        self.courses, self.cookie = list(made["courses"]), str(made["cookie"])  # type: ignore[call-overload]
        self.who = str(made["who"])

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self.port)], env=self.environment(), stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if self.get("/empty/") == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("the server did not start")

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nothing is said."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def get(self, address: str) -> int:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            link.request("GET", address, headers={"Host": "localhost"})
            answer = link.getresponse()
            answer.read()
            return answer.status
        finally:
            link.close()


@dataclass
class Chair:
    """One tablet: sends its readings one after another, each again and again until the server has said `saved`."""

    site: Site
    course: str
    acknowledged: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    resent: int = 0

    def run(self, readings: int, pause_s: float = 0.0) -> None:
        for number in range(readings):
            self.send(uuid.uuid4().hex, 60.0 + number % 60)
            time.sleep(pause_s)

    def send(self, entry: str, value: float) -> None:
        begun = time.perf_counter()
        while not self.tried(entry, value):
            self.resent += 1
            time.sleep(0.05)
        self.acknowledged.append(entry)
        self.seconds.append(time.perf_counter() - begun)

    def tried(self, entry: str, value: float) -> bool:
        """Whether the server said that it is saved; any broken answer is no answer."""
        now = datetime.now(UTC).isoformat()
        what = {"name": "pulse_per_min", "value": value, "step": "infusion", "occurrence": 1, "phase": "during"}
        sent = {"id": entry, "kind": "ReadingTaken", "observed_at": now, "what": what}
        body = json.dumps({"device": "bench-device", "who": self.site.who, "sent_at": now, "entries": [sent]})
        token = "a" * 32
        headers = {
            "Host": "localhost",
            "Content-Type": "application/json",
            "Cookie": f"__Host-unstuck={self.site.cookie}; __Host-csrf={token}",
            "X-CSRFToken": token,
            "Referer": "https://localhost/",
        }
        link = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=PATIENCE_S)
        try:
            link.request("POST", f"/session/{self.course}/infusion/1/entries/", body, headers)
            answer = link.getresponse()
            told = json.loads(answer.read())
            return answer.status == 200 and told["receipts"][0]["status"] == "saved"
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            return False
        finally:
            link.close()


def all_chairs(
    site: Site, readings: int, meanwhile: Callable[[Site, list[Chair], int], None], pause_s: float = 0
) -> list[Chair]:
    """Every chair sends `readings` at once, while `meanwhile` happens."""
    chairs = [Chair(site, course) for course in site.courses]
    threads = [threading.Thread(target=chair.run, args=(readings, pause_s)) for chair in chairs]
    for thread in threads:
        thread.start()
    meanwhile(site, chairs, readings)
    for thread in threads:
        thread.join()
    return chairs


def kill_twice(site: Site, chairs: list[Chair], readings: int) -> None:
    """Kills the server when a third and when two thirds are acknowledged, and starts it again each time."""
    for third in (1, 2):
        while sum(len(chair.acknowledged) for chair in chairs) < third * readings * len(chairs) / 3:
            time.sleep(0.02)
        site.kill()
        site.start()


def lost_and_doubled(site: Site, chairs: list[Chair]) -> tuple[int, int, bool]:
    """Acknowledged readings that the ledger lacks, readings that it has twice, and whether its chains verify."""
    found = site.script(COUNT)
    acts: list[str] = found["acts"]  # type: ignore[assignment]
    acknowledged = {entry for chair in chairs for entry in chair.acknowledged}
    return len(acknowledged - set(acts)), len(acts) - len(set(acts)), bool(found["sound"])
