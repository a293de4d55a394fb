"""The ensemble: many candidate truths, none of them the truth; data, with the command that remakes it.

Every conclusion is drawn under all members. One run of a trial lives under one member, as real trials share one world.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Sourced
from unstuck.lab.patients.laws import load_course
from unstuck.lab.patients.living import PatientsModel
from unstuck.lab.patients.minds import TruthOf, assumed, group_of
from unstuck.lab.random import Stream

FILE = "ensemble.toml"
FIT = "ensemble_fit.json"
HALVES = ("fitted", "held out")


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Members in their order, how they were made, and what was held out."""

    key: str
    version: str
    command: str
    method: str
    names: tuple[str, ...]
    members: tuple[TruthOf, ...]


def ensemble_path(root: Path | None = None) -> Path:
    """Where the ensemble lies."""
    return (root or library_root()) / "fear" / FILE


@cache
def load_ensemble(root: Path | None = None) -> Ensemble:
    """The shipped ensemble. Raises Complaint where it names a figure that the course does not have."""
    path = ensemble_path(root)
    if not path.is_file():
        raise Complaint("There is no ensemble.", str(path), "Make one: python tools/ensemble.py FOLDER")
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    names = tuple(found["patient_names"])
    unknown = set(names) - set(load_course().figures)
    if unknown or len(found["rows"]) != len(found["patient_rows"]):
        raise Complaint(f"The ensemble does not fit the course: {', '.join(sorted(unknown)) or 'rows'}.", FILE)
    members = tuple(
        TruthOf(found["learner"], None, dict(zip(names, z, strict=True)), dict(zip(found["names"], row, strict=True)))
        for row, z in zip(found["rows"], found["patient_rows"], strict=True)
    )
    return Ensemble(found["key"], found["version"], found["command"], found["method"], names, members)


@dataclass(frozen=True, slots=True)
class Fit:
    """What an ensemble was fitted to and what was held out, by title, and in words what it does not show."""

    ensemble: str
    fitted: tuple[str, ...]
    held_out: tuple[str, ...]
    misfits: tuple[str, ...]


@cache
def load_fit(root: Path | None = None) -> Fit:
    """How the shipped ensemble stands to published findings. Raises Complaint where that was told of another one."""
    path = (root or library_root()) / "fear" / FIT
    if not path.is_file():
        raise Complaint("Nothing is told of what the ensemble misfits.", str(path), "python tools/patients_card.py")
    found, ensemble = json.loads(path.read_text(encoding="utf-8")), load_ensemble(root)
    if found["ensemble"] != f"{ensemble.key} {ensemble.version}: {ensemble.method}":
        raise Complaint("What is told of the ensemble is of another one.", str(path), "python tools/patients_card.py")
    fitted, held_out = (tuple(r["title"] for r in found["lines"] if r["half"] == half) for half in HALVES)
    return Fit(found["ensemble"], fitted, held_out, tuple(found["misfits"]))


@cache
def minds_hash(root: Path | None = None) -> str:
    """One mark for every file of figures behind mechanistic people, so that a run names what it rests on."""
    base, digest = root or library_root(), hashlib.sha256()
    for path in sorted(
        p for part in ("fear", "patients", "symptoms", "pk", "effects") for p in (base / part).rglob("*.toml")
    ):
        digest.update(path.relative_to(base).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Minds:
    """The truth behind the people of one run, by name."""

    truth: TruthOf
    group: str
    member: str

    @property
    def told(self) -> dict[str, Any]:
        """What the files of a run say of its patient model."""
        course = load_course()
        return {
            "model": PatientsModel.MECHANISTIC.value,
            "learner": f"{self.truth.learner} {self.truth.vector or 'first vector'}",
            "course": f"{course.key} {course.version}",
            "member": self.member,
            "group": self.group,
        }

    def assumed(self) -> list[tuple[str, Sourced]]:
        """Every figure behind the people that nobody measured."""
        return assumed(self.truth, self.group)


def minds(seed: int, member: int | None = None, group: str = "civilian") -> Minds:
    """The member of the ensemble that a run lives under: the one named, else one drawn by the seed."""
    group_of(group)
    ensemble = load_ensemble()
    count = len(ensemble.members)
    place = int(Stream(seed, 0, "truth").uniform() * count) if member is None else member
    if not 0 <= place < count:
        raise Complaint(f"The ensemble has no member {place}.", "--truth", f"Give 0 to {count - 1}.")
    return Minds(ensemble.members[place], group, f"{ensemble.key} {ensemble.version} number {place}")
