"""Several servers at once on one database, SQLite or PostgreSQL: no two of them draw the same millilitre."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clinic.test_serve import ROOT, environment, own_database

__all__ = ["own_database"]

BEGIN = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from unstuck.clinic import clock
from tests.clinic.stock import VIAL, lot_of
from tests.course_makers import adas_course
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
at = clock.read()
def person(role): return register_person(Identity("Ada Ames"), "a_test", at) if role == "patient" else None
roles = {"nia": "nurse", "otis": "custodian", "cleo": "prescriber", "finn": "front_desk", "ada": "patient"}
cast = {n: open_account(NewAccount(n, n, [r], person=person(r)), "a_test", at) for n, r in roles.items()}
lot, course = lot_of(VIAL, cast, at), adas_course(cast, at)
"""
DRAWER = """
import json, sys, time
import django; django.setup()
from decimal import Decimal
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import actions, queries, refusals
from unstuck.clinic.custody.models import Lot
from unstuck.clinic.people.models import Account
name, acts = sys.argv[1], sys.argv[2:]
lot, course = Lot.objects.select_related("product").get(), Course.objects.get()
nia = Account.objects.get(username="nia")
print("ready", flush=True); sys.stdin.readline()
told = {"drawn": 0, "refused": 0}
for act in acts:
    try:
        actions.draw(actions.Draw(act, lot, Decimal(2), "ketamine", course, nia), clock.read())
        told["drawn"] += 1
    except refusals.NotEnough:
        told["refused"] += 1
print(json.dumps(told), flush=True)
"""
END = """
import json
import django; django.setup()
from unstuck.clinic.custody import queries
from unstuck.clinic.custody.models import Drawing, Lot
from unstuck.clinic.ledger.verify import verify
left = float(queries.on_hand(Lot.objects.get()))
print(json.dumps([Drawing.objects.count(), left, list(queries.differences()), verify().sound]))
"""
WORKERS = 4


def python(home: Path, script: str, *words: str) -> subprocess.Popen[str]:
    """A process of the clinic in that data folder; tests may be imported, the settings of tests are not."""
    told = environment(home)
    told["PYTHONPATH"] = f"{ROOT / 'src'}:{ROOT}"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", script, *words], env=told, text=True, **pipes)  # type: ignore[call-overload]


def told(process: subprocess.Popen[str]) -> str:
    """What the process printed last; its errors where it failed."""
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return out.strip().splitlines()[-1] if out.strip() else ""


def race(home: Path, acts: list[list[str]]) -> dict[str, int]:
    """Each list of acts in a process of its own, all begun together; how many were drawn and refused in all."""
    workers = [python(home, DRAWER, f"w{number}", *mine) for number, mine in enumerate(acts)]
    for worker in workers:
        assert worker.stdout and worker.stdout.readline().strip() == "ready"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    results = [json.loads(told(worker)) for worker in workers]
    return {key: sum(result[key] for result in results) for key in ("drawn", "refused")}


@pytest.mark.slow
def test_no_two_servers_draw_the_same_millilitre(own_database: Path) -> None:
    """Four servers ask 28 times for 2 mL of 40: twenty get it, eight are refused, and the ledger is whole."""
    told(python(own_database, BEGIN))
    acts = [[f"race-{worker}-{n}" for n in range(7)] for worker in range(WORKERS)]
    assert race(own_database, acts) == {"drawn": 20, "refused": 8}
    assert json.loads(told(python(own_database, END))) == [20, 0.0, [], True]


@pytest.mark.slow
def test_one_tap_that_reaches_four_servers_draws_once(own_database: Path) -> None:
    """The same act from four servers at once is one drawing."""
    told(python(own_database, BEGIN))
    assert race(own_database, [["the-same-act"]] * WORKERS) == {"drawn": 4, "refused": 0}
    assert json.loads(told(python(own_database, END))) == [1, 38.0, [], True]
