"""One piece of work: some people of one arm, written to a folder that appears under its name only when it is whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from unstuck.core.course import Course
from unstuck.core.events import AdverseEventNoted, CourseEnded, canonical_json
from unstuck.core.outcomes import evaluate, points, started_at, time_to_loss
from unstuck.core.protocol import Endpoint, Protocol
from unstuck.lab.trials.job import Job, run_one

EVENTS, PEOPLE, HIDDEN = "events.jsonl", "participants.jsonl", "hidden.jsonl"
FILES = (EVENTS, PEOPLE, HIDDEN)


def name_of(job: Job, chunk: tuple[int, int, int]) -> str:
    """The piece's name: arm and first person."""
    return f"{job.arms[chunk[0]].name}-{chunk[1]:06d}"


def work(job: Job, chunk: tuple[int, int, int], folder: Path) -> tuple[str, dict[str, str]]:
    """Simulates the piece into `folder/NAME` and returns its name and the hashes of its files."""
    place, first, last = chunk
    name = name_of(job, chunk)
    made, whole = folder / f"{name}.part", folder / name
    for old in (made, whole):
        shutil.rmtree(old, ignore_errors=True)
    made.mkdir(parents=True)
    with (
        (made / EVENTS).open("wb") as events,
        (made / PEOPLE).open("wb") as people,
        (made / HIDDEN).open("wb") as hidden,
    ):
        for number in range(first, last):
            desk = run_one(job, place, number)
            events.writelines(canonical_json(event) + b"\n" for event in desk.course.log)
            people.write(line(row_of(job.protocol, desk.course, number)))
            hidden.write(line({"course": desk.key} | desk.patient.hidden()))
    made.rename(whole)
    return name, hashes(whole)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a piece; empty where one is missing."""
    if not all((folder / name).is_file() for name in FILES):
        return {}
    return {name: hash_of(folder / name) for name in FILES}


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def line(row: dict[str, Any]) -> bytes:
    """One row as a line of JSON, the same bytes for the same values."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def row_of(protocol: Protocol, course: Course, number: int) -> dict[str, Any]:
    """What the summary needs of one course, by the core's own definitions of outcomes."""
    ended = course.ended.what if course.ended else None
    noted = Counter(e.what.category for e in course.adverse if isinstance(e.what, AdverseEventNoted))
    curve = [[round(p.day, 2), p.value] for p in points(course, protocol.curve)]
    return {
        "course": course.key,
        "person": number,
        "arm": course.arm,
        "started": started_at(course) is not None,
        "ending": ended.ending.value if isinstance(ended, CourseEnded) else None,
        "doses": len(course.doses),
        "therapy_sessions": len(course.therapies),
        "skipped": len(course.skipped),
        "events": len(course.log),
        "curve": curve,
        "noted": dict(sorted(noted.items())),
        "endpoints": {e.key: _result(e, course) for e in protocol.endpoints},
    }


def _result(endpoint: Endpoint, course: Course) -> dict[str, Any]:
    found = evaluate(endpoint, course)
    loss = time_to_loss(endpoint, course) if endpoint.kind == "relapse" else None
    row = {"met": found.met, "baseline": found.baseline, "value": found.value, "why": found.why}
    return row | ({"loss": [round(loss.days, 4), loss.lost]} if loss else {})
