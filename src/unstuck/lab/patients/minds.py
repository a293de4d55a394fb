"""Who mechanistic patients are: figures of a learner and of daily life, drawn by name for each person.

A `Truth` is one candidate for how things are: a vector of standard normal numbers, one for each unsure figure. People
are drawn around it. Groups differ by published figures, or by wide assumed ones where there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_file import open_toml
from unstuck.lab.effects.parameters import Array
from unstuck.lab.fear.base import Members
from unstuck.lab.fear.parameters import Model, load_model
from unstuck.lab.patients.laws import NINE_TENTHS, load_course
from unstuck.lab.random import uniform_array
from unstuck.lab.symptoms.parameters import Scores, load_scores
from unstuck.lab.symptoms.truth import PERSON_NORMALS, Persons, persons

Numbers = NDArray[np.uint64]
DRUG = ("learner.drug_block", "learner.drug_learning", "learner.drug_storage", "learner.drug_weakening")
CHANNELS = (
    *DRUG,
    *(
        "ketamine.state_gain",
        "ketamine.mood_gain",
        "ketamine.release_gain",
        "ketamine.default_mode",
        "ketamine.unblinding",
    ),
)
"""Everything by which ketamine can change a course; with all of them at zero it changes nothing."""

MOST_SHARE = 0.98  # of what a channel could take
FACTORS = ("new_cause", "context_variance", "rate_better")  # of the learner's own figures


@dataclass(frozen=True, slots=True)
class GroupOf:
    """How a group differs: shifts by name with their origins; none for the civilian reference."""

    key: str
    title: str
    shifts: Mapping[str, Sourced]

    def unsourced(self) -> tuple[str, ...]:
        """The differences that rest on no source of their own."""
        return tuple(f"{self.key}.{n}" for n, s in sorted(self.shifts.items()) if s.grade is Grade.ASSUMED)

    def drawn(self, z: Mapping[str, float]) -> dict[str, float]:
        """The differences of one truth; 0 where the group has none."""
        return {n: s.value + z.get(f"group.{n}", 0.0) * _sd(s) for n, s in self.shifts.items()}


def _sd(figure: Sourced) -> float:
    if figure.low is None or figure.high is None:
        return 0.0
    return (figure.high - figure.low) / (2 * NINE_TENTHS)


SHIFTS = ("leaves", "learning", "mood", "context", "arousal_points")


@cache
def load_groups(root: Path | None = None) -> dict[str, GroupOf]:
    """Every group by its key. Raises Complaint that tells every fault of the file."""
    table = open_toml((root or library_root()) / "patients" / "groups.toml")
    found = {}
    for row in table.tables("group"):
        key, title = row.text("key"), row.text("title")
        shifts = {name: row.sourced(name) for name in SHIFTS if name in row.raw}
        row.finish()
        found[key] = GroupOf(key, title, {n: s for n, s in shifts.items() if s is not None})
    table.finish()
    table.notes.refuse()
    return found


def group_of(key: str) -> GroupOf:
    """The group of that key. Raises Complaint for an unknown one."""
    groups = load_groups()
    if key not in groups:
        raise Complaint(f"There is no group {key}.", "group", f"Known: {', '.join(groups)}.")
    return groups[key]


@dataclass(frozen=True, slots=True)
class TruthOf:
    """One candidate truth: learner, vector, and a standard normal number by unsure figure (0 is the middle)."""

    learner: str = "latent_causes"
    vector: str | None = None
    z: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)  # of the learner, in place of the vector's
    off: frozenset[str] = frozenset()  # channels that are set to zero
    trial: float = 0.0  # standard normal: how far ketamine's passing state lies off in this trial

    def without(self, *channels: str) -> TruthOf:
        """The same truth with these channels of ketamine at zero; all of them where none is named."""
        unknown = set(channels) - set(CHANNELS)
        if unknown:
            raise Complaint(f"There is no channel {', '.join(sorted(unknown))}.", mend=f"Known: {', '.join(CHANNELS)}.")
        return replace(self, off=self.off | frozenset(channels or CHANNELS))


@dataclass(frozen=True, slots=True)
class Crowd:
    """People of one truth: the learner's figures, those of daily life by name (people,), and what scales see."""

    model: Model
    members: Members
    life: Mapping[str, Array]
    scales: Persons
    scores: Scores
    seed: int
    numbers: Numbers

    @property
    def people(self) -> int:
        """How many."""
        return self.members.people

    def part(self, which: NDArray[np.int64]) -> Crowd:
        """Some of the people."""
        s = self.scales
        scales = Persons(*(getattr(s, n)[which] for n in ("clusters", "caps5", "mood", "phq9", "madrs", "habits")))
        return replace(
            self,
            members=Members(self.members.names, self.members.table[which]),
            life={n: v[which] for n, v in self.life.items()},
            scales=scales,
            numbers=self.numbers[which],
        )


def draw(truth: TruthOf, numbers: Numbers, seed: int, group: str = "civilian") -> Crowd:
    """The people of these numbers under that truth. Nothing of them depends on an arm."""
    course, scores = load_course(), load_scores()
    values = {n: 0.0 if n in truth.off else v for n, v in course.values(truth.z).items()}
    luck = _Luck(seed, numbers)
    alliance = luck("alliance")
    none = np.zeros(numbers.size)
    spread = {n: luck(n) if course.figures[n].between else none for n in values}
    life = {n: course.figures[n].people(v, spread[n]) for n, v in values.items()}
    differs = group_of(group).drawn(truth.z)
    _lean(life, alliance, differs)
    strength = life["ketamine.state_gain"] * np.exp(life["ketamine.state_trial_sd"] * truth.trial)
    life["ketamine.state_gain"] = np.minimum(strength, MOST_SHARE)
    for name in truth.off:
        life[name] = np.zeros(numbers.size)
    model = load_model(truth.learner)
    members = _members(model, truth, life, differs)
    who = persons(scores, normals(seed, numbers, "scales", PERSON_NORMALS))
    who = replace(who, mood=who.mood + differs.get("mood", 0.0), clusters=who.clusters + _points(differs))
    return Crowd(model, members, life, who, scores, seed, numbers)


class _Luck:
    """Standard normal numbers of people by purpose."""

    def __init__(self, seed: int, numbers: Numbers) -> None:
        self.seed, self.numbers = seed, numbers

    def __call__(self, purpose: str) -> Array:
        return normals(self.seed, self.numbers, f"mind {purpose}", 1)[:, 0]


def normals(seed: int, numbers: Numbers, purpose: str, draws: int, index: int = 0) -> Array:
    """Standard normal numbers of shape (people, draws), as `random.normal_array` up to the last bits, and faster."""
    return np.asarray(ndtri(uniform_array(seed, numbers, purpose, draws, index)))


def _lean(life: dict[str, Array], alliance: Array, differs: Mapping[str, float]) -> None:
    """What alliance and group do to support, adherence, leaving and the steps of belief."""
    lean = life["therapy.alliance"] * alliance
    for name in ("therapy.support", "therapy.adherence"):
        odds = life[name] / (1 - life[name]) * np.exp(lean)
        life[name] = np.minimum(odds / (1 + odds), 0.98)
    life["therapy.leaving"] = differs.get("leaves", 0.0) - lean
    for name in ("therapy.belief_exposure", "therapy.belief_cognitive", "therapy.belief_supportive"):
        life[name] = np.minimum(life[name] * np.exp(differs.get("learning", 0.0)), 0.3)
    for name in ("ketamine.state_gain", "ketamine.mood_gain", "ketamine.release_gain", "learner.drug_block"):
        life[name] = np.minimum(life[name], MOST_SHARE)
    life["learner.drug_weakening"] = np.minimum(life["learner.drug_weakening"], 1.0)


def _points(differs: Mapping[str, float]) -> Array:
    return np.array([0.0, 0.0, 0.0, differs.get("arousal_points", 0.0)])


def _members(model: Model, truth: TruthOf, life: Mapping[str, Array], differs: Mapping[str, float]) -> Members:
    """The learner's figures of these people: its vector, what PTSD changes, and the drug's channels it has."""
    count = next(iter(life.values())).size
    members = model.people(count, truth.vector).having(**truth.figures)
    changed = {n: members[n] * life[f"learner.{n}"] for n in FACTORS if n in members.names}
    if "context_variance" in changed:
        changed["context_variance"] = changed["context_variance"] * np.exp(differs.get("context", 0.0))
    if "prefrontal_gain" in members.names:
        changed["prefrontal_gain"] = life["learner.prefrontal_gain"]
    changed |= {n.split(".")[1]: life[n] for n in DRUG if n.split(".")[1] in members.names}
    return members.having(**changed)


def assumed(truth: TruthOf, group: str) -> list[tuple[str, Sourced]]:
    """Every figure behind these people that nobody measured."""
    course, scores, model = load_course(), load_scores(), load_model(truth.learner)
    of_group = [(n, s) for n, s in group_of(group).shifts.items() if s.grade is Grade.ASSUMED]
    rows = [("course", course.assumed()), ("scores", scores.assumed()), (model.key, model.assumed())]
    return [(f"{where} {n}", s) for where, found in [*rows, (f"group {group}", of_group)] for n, s in found]
