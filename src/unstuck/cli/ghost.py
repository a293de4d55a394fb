"""`unstuck ghost`: the people of a simulated run enter a development clinic, through the clinic's own action."""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

import django
from django.core.management import call_command
from django.utils.module_loading import import_string

from unstuck.core.errors import Complaint
from unstuck.core.events import Event, Origin, from_dict

HELP = "Load the people of a simulated run into a development clinic; never beside real people."
ACTION = "unstuck.clinic.course.actions.load_ghost"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run's folder, and how many of its people."""
    parser.add_argument("run", type=Path, metavar="DIR", help="folder that `unstuck simulate` wrote")
    parser.add_argument("--people", type=int, metavar="N", help="so many people, spread over the arms (default: all)")


def run(args: argparse.Namespace) -> int:
    """Loads the courses one by one. The clinic refuses them where real people are."""
    if args.people is not None and args.people < 1:
        raise Complaint(f"--people {args.people} is too small.", mend="Give at least 1.")
    chosen = pick_courses(args.run, args.people)
    _choose_demo()
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    load = cast(Callable[[Iterable[Event]], object], import_string(ACTION))
    for events in chosen:
        load(events)
    print(f"Loaded {len(chosen)} simulated people. See them with: unstuck serve --demo")
    return 0


def _choose_demo() -> None:
    """Ghosts live in a demonstration: the one that UNSTUCK_HOME names, or the one of `unstuck serve --demo`."""
    if "UNSTUCK_HOME" in os.environ and os.environ.get("UNSTUCK_DEMO") != "yes":
        raise Complaint(
            f"{os.environ['UNSTUCK_HOME']} is no demonstration; simulated people never stand beside real ones.",
            mend="Unset UNSTUCK_HOME, or set UNSTUCK_DEMO=yes for the data folder of a demonstration.",
        )
    os.environ.setdefault("UNSTUCK_HOME", str(Path("var/demo").absolute()))
    os.environ["UNSTUCK_DEMO"] = "yes"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unstuck.clinic.site.settings")


def pick_courses(folder: Path, people: int | None) -> list[list[Event]]:
    """The courses of a run, or so many of them at even distances. Raises Complaint where there is no simulated run."""
    path = folder / "events.jsonl"
    if not path.is_file():
        raise Complaint("There is no events.jsonl.", str(folder), "Name the folder that unstuck simulate wrote.")
    keys = list(dict.fromkeys(key for key, _ in _lines(path)))
    wanted = set(_evenly(keys, people))
    lines = ((key, line) for key, line in _lines(path) if key in wanted)
    return [
        [_event(line, path) for _, line in group] for _, group in itertools.groupby(lines, key=lambda pair: pair[0])
    ]


def _evenly(keys: list[str], people: int | None) -> list[str]:
    count = len(keys) if people is None else min(people, len(keys))
    return [keys[place * len(keys) // count] for place in range(count)]


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """(course, line) of every event; the course is read off without parsing the whole line."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            start = line.index('"course":"') + len('"course":"')
            yield line[start : line.index('"', start)], line


def _event(line: str, path: Path) -> Event:
    event = from_dict(json.loads(line), path.name)
    if event.origin is not Origin.SIMULATED:
        raise Complaint(f"Event {event.id} is not simulated.", path.name, "Only simulated courses may be loaded.")
    return event
