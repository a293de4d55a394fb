"""How long does the board of 40 chairs take, beside an empty Django view in the same run?

    python benchmarks/board.py [--chairs 40] [--times 200] [--json]

Forty doses run, each with an alarm or an overdue reading; before every look a new reading arrives at another chair, so
that no look is answered from memory alone. Both views pass the same middleware, in turns, in one process without a
network. SQLite in a folder of its own, or the database of UNSTUCK_DATABASE_URL. Prints milliseconds and ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
os.environ["DJANGO_SETTINGS_MODULE"] = "unstuck.clinic.site.settings"
os.environ["UNSTUCK_HOME"] = tempfile.mkdtemp(prefix="unstuck-bench-")
os.environ["UNSTUCK_DEMO"] = "yes"
(Path(os.environ["UNSTUCK_HOME"]) / "static").mkdir()

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

from tests.clinic.live import add, after, reading, seated  # noqa: E402
from unstuck.clinic import clock  # noqa: E402
from unstuck.clinic.course.models import Course  # noqa: E402
from unstuck.clinic.people import access  # noqa: E402
from unstuck.clinic.people.actions import NewAccount, open_account  # noqa: E402
from unstuck.clinic.people.models import Account, Role  # noqa: E402
from unstuck.clinic.rooms.actions import ChairFacts, name_chair  # noqa: E402
from unstuck.clinic.site import urls  # noqa: E402

PARTIAL = {"HX-Request": "true", "X-Unstuck-Poll": "1"}


@access.open_to_all("an empty page for comparison, only in this benchmark")
def empty(_request: HttpRequest) -> HttpResponse:
    """Nothing."""
    return HttpResponse("")


def clinic(chairs: int) -> tuple[Account, list[Course]]:
    """A migrated clinic with a nurse and so many doses running."""
    call_command("migrate", verbosity=0, interactive=False)
    nurse = open_account(NewAccount("nia", "Nia", (Role.NURSE,), password="x" * 20), "bench", after(-60))
    for number in range(1, chairs + 1):
        name_chair(f"chair_{number}", ChairFacts(f"Chair {number}", place=number), "bench", after(-60))
    alarmed = [
        [reading("systolic_mmhg", 171, 5), reading("diastolic_mmhg", 92, 5)] if n % 3 == 0 else []
        for n in range(chairs)
    ]
    return nurse, [seated(n + 1, nurse.key, None, *alarmed[n]) for n in range(chairs)]


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def quantile(values: list[float], share: float) -> float:
    """The value below which that share lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(nurse: Account, courses: list[Course], times: int) -> dict[str, list[float]]:
    """Milliseconds of each look, in turns with the empty view; a reading arrives before each."""
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(nurse, backend="django.contrib.auth.backends.ModelBackend")
    found: dict[str, list[float]] = {"empty": [], "board": [], "wall": []}
    for turn in range(times + 5):
        minutes = 10 + turn / 30
        add(courses[turn % len(courses)], reading("systolic_mmhg", 130 + turn % 20, minutes))
        with clock.stopped(after(minutes + 0.01)):
            looks = {
                name: timed(lambda where=where: browser.get(where, headers=PARTIAL))
                for name, where in ADDRESSES.items()
            }
        if turn >= 5:  # the first few warm up templates and statements
            for name, spent in looks.items():
                found[name].append(spent)
    return found


ADDRESSES = {"empty": "/bench-empty/", "board": "/today/now/", "wall": "/today/wall/now/"}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chairs", type=int, default=40)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    urls.urlpatterns.append(path("bench-empty/", empty))
    found = measure(*clinic(args.chairs), args.times)
    base = {share: quantile(found["empty"], share) for share in (0.5, 0.99)}
    told = {
        name: {f"p{share * 100:g}_ms": round(quantile(spent, share), 2) for share in base}
        | {f"p{share * 100:g}_ratio": round(quantile(spent, share) / base[share], 1) for share in base}
        for name, spent in found.items()
    }
    if args.json:
        print(json.dumps({"chairs": args.chairs, "times": args.times, **told}, indent=1))
        return
    print(f"{args.chairs} chairs, {args.times} looks each")
    for name, row in told.items():
        print(f"  {name:<6}" + "".join(f"  {key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
