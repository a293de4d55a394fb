"""The worlds that trials of mechanistic patients live in: a member of the ensemble, and how a trial lies off others.

A replicate lives in one world, as a real trial does. Trials differ in how strong ketamine's passing state is by a
normal law; three points with its mean and variance stand for it, so that the true effect of a world can be worked out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from unstuck.core.trial import TrialDesign
from unstuck.lab.patients.ensemble import load_ensemble
from unstuck.lab.patients.minds import Crowd, TruthOf, draw
from unstuck.lab.random import Stream, pick
from unstuck.lab.symptoms.truth import Persons
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints

POINTS = (-(3.0**0.5), 0.0, 3.0**0.5)  # of Gauss and Hermite: mean 0, variance 1, right up to the fifth moment
WEIGHTS = (1 / 6, 2 / 3, 1 / 6)
UNBLINDING = "ketamine.unblinding"
VETERAN = "veteran"


@dataclass(frozen=True, slots=True, order=True)
class World:
    """A member of the ensemble by its place, and the place of the trial among POINTS."""

    member: int
    trial: int


def world_of(seed: int, replicate: int) -> World:
    """The world of that replicate; every member of the ensemble is as likely as another."""
    members = len(load_ensemble().members)
    member = int(Stream(seed, replicate, "member").uniform() * members)
    return World(member, pick(WEIGHTS, Stream(seed, replicate, "trial").uniform()))


def truth_in(world: World, design: TrialDesign) -> TruthOf:
    """The truth of that world. Where the design has belief of its own, the model's unblinding gives way to it."""
    truth = replace(load_ensemble().members[world.member], trial=POINTS[world.trial])
    return truth.without(UNBLINDING) if design.unblinding is not None else truth


def group_of_person(design: TrialDesign, veteran: bool) -> str:
    """The group of mechanistic people that somebody belongs to."""
    return VETERAN if veteran else design.patients.group


@dataclass(frozen=True, slots=True)
class Inhabitants:
    """People by number under a seed, the place of each one's world in `worlds`, and who is a veteran."""

    seed: int
    numbers: Ints
    worlds: tuple[World, ...]
    which: Ints
    veteran: Bools


def minds_of(design: TrialDesign, people: Inhabitants) -> Crowd:
    """The minds of these people, in their order, each drawn in their own world and group."""
    parts, places = list[Crowd](), list[Ints]()
    for place, world in enumerate(people.worlds):
        truth = truth_in(world, design)
        for veteran in (False, True):
            rows = np.flatnonzero((people.which == place) & (people.veteran == veteran))
            if rows.size:
                group = group_of_person(design, veteran)
                parts.append(draw(truth, people.numbers[rows].astype(np.uint64), people.seed, group))
                places.append(rows)
    back = np.argsort(np.concatenate(places))
    return _joined(parts).part(back)


def _joined(parts: list[Crowd]) -> Crowd:
    """Crowds of one learner and one seed as one."""
    first = parts[0]
    names = ("clusters", "caps5", "mood", "phq9", "madrs", "habits")

    def whole(of: list[Floats]) -> Floats:
        return np.concatenate(of)

    return replace(
        first,
        members=replace(first.members, table=whole([p.members.table for p in parts])),
        life={name: whole([p.life[name] for p in parts]) for name in first.life},
        scales=Persons(*(whole([getattr(p.scales, name) for p in parts]) for name in names)),
        numbers=np.concatenate([p.numbers for p in parts]),
    )
