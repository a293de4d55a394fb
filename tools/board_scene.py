"""A few running sessions beside the people of a demonstration, for pictures: `python tools/board_scene.py HOME`.

HOME is the data folder of a demonstration that is being served. One person's oxygen is low, another's pressure is high,
and a third one's tablet has been silent for six minutes. Everybody is simulated.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
os.environ |= {"UNSTUCK_DEMO": "yes", "DJANGO_SETTINGS_MODULE": "unstuck.clinic.site.settings"}
os.environ["UNSTUCK_HOME"] = str(Path(sys.argv[1]).absolute())

import django  # noqa: E402

django.setup()

from tests import builders  # noqa: E402
from tests.clinic import live  # noqa: E402
from unstuck.clinic.course.ghosts import invented_name  # noqa: E402
from unstuck.clinic.course.models import Course  # noqa: E402
from unstuck.clinic.people.models import Account  # noqa: E402
from unstuck.clinic.rooms.actions import ChairFacts, name_chair  # noqa: E402
from unstuck.clinic.session.models import Watch  # noqa: E402

NOW = datetime.now(UTC)
Readings = tuple[tuple[str, float, float], ...]


def seat(chair: int, minutes: float, keeper: str, readings: Readings) -> Course:
    """Somebody whose dose began so many minutes ago; readings are (name, value, minutes after the start)."""
    builders.START = live.START = NOW - timedelta(hours=72, minutes=minutes)
    live.DOSE_AT = NOW - timedelta(minutes=minutes)
    name_chair(f"chair_{chair}", ChairFacts(f"Chair {chair}", place=chair), "demo", NOW)
    key = Account.objects.get(username=keeper).key
    course = live.seated(chair, key, None, *(live.reading(*one) for one in readings))
    course.person.name = invented_name(course.key)
    course.person.save()
    return course


def main() -> None:
    """Seats three people."""
    pressure = ("systolic_mmhg", 141, 20), ("diastolic_mmhg", 88, 20)
    seat(5, 23, "nia", (*pressure, ("pulse_per_min", 104, 22), ("spo2_percent", 86, 22.5)))
    seat(6, 12, "ben", (("systolic_mmhg", 168, 9), ("diastolic_mmhg", 95, 9), ("spo2_percent", 97, 9)))
    silent = seat(4, 32, "ben", (("systolic_mmhg", 148, 22.5), ("diastolic_mmhg", 92, 22.5)))
    sitting = live.unwatched(silent)
    since = NOW - timedelta(minutes=30)
    Watch.objects.create(sitting=sitting, device="d_chair4", heard_at=NOW - timedelta(seconds=370), since=since)


main()
