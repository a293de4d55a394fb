"""What each analysis should find where mechanisms make the people: by world, as `targets` has it by class of course.

The same people live through every arm in every world that the replicates of a run live in.
"""

from __future__ import annotations

import numpy as np

from unstuck.core.estimands import Strategy
from unstuck.core.trial import Analysis
from unstuck.lab.trials.batched.draws import Floats
from unstuck.lab.trials.batched.people import bodies_of
from unstuck.lab.trials.virtual.batch import mind_crowd
from unstuck.lab.trials.virtual.job import Setting
from unstuck.lab.trials.virtual.targets import (
    UNKNOWN,
    Acting,
    Lived,
    cluster_of,
    lived,
    nobody_leaves,
    variable,
)
from unstuck.lab.trials.virtual.true_effects import SEED, ByClass
from unstuck.lab.trials.virtual.worlds import Inhabitants, World, world_of

PEOPLE = 120  # in each world; the same in every arm, so that their difference is sharper than either mean
TOGETHER = 40  # worlds that are simulated at once, to bound memory


def worlds_of(seed: int, replicates: int) -> tuple[World, ...]:
    """The worlds that so many replicates live in, each once."""
    return tuple(sorted({world_of(seed, replicate) for replicate in range(replicates)}))


def mind_targets(setting: Setting, worlds: tuple[World, ...]) -> dict[str, tuple[ByClass, ...]]:
    """By analysis the worlds' means in each arm; analyses without a true value are left out."""
    known: dict[tuple[int, Acting], list[Lived]] = {}
    return {
        analysis.key: tuple(_of_arm(setting, place, worlds, analysis, known) for place in range(len(setting.arms)))
        for analysis in setting.design.analyses
        if analysis.method not in UNKNOWN
    }


def _of_arm(
    setting: Setting, place: int, worlds: tuple[World, ...], analysis: Analysis,
    known: dict[tuple[int, Acting], list[Lived]],
) -> ByClass:  # fmt: skip
    estimand = setting.design.estimand_of(analysis)
    acts = tuple(estimand.strategy(event.happening) is not Strategy.HYPOTHETICAL for event in setting.design.events)
    key = (place, (nobody_leaves(analysis, estimand), acts))
    if key not in known:
        known[key] = [_lived(setting, place, some, key[1]) for some in _parts(worlds)]
    found = [variable(setting, analysis, estimand, part).reshape(_copies(setting), -1, PEOPLE) for part in known[key]]
    means = np.nanmean(np.concatenate(found, axis=1), axis=2)
    slope = (means[1] - means[0]) / _point(setting) if len(means) > 1 else np.zeros_like(means[0])
    return ByClass(means[0], slope, np.zeros_like(means[0]), worlds)


def _parts(worlds: tuple[World, ...]) -> list[tuple[World, ...]]:
    return [worlds[first : first + TOGETHER] for first in range(0, len(worlds), TOGETHER)]


def _copies(setting: Setting) -> int:
    """As they are, and moved by belief where the design has some."""
    return 2 if _point(setting) else 1


def _point(setting: Setting) -> float:
    """What belief adds in the second copy, in points."""
    return setting.design.unblinding.points.value if setting.design.unblinding else 0.0


def _lived(setting: Setting, place: int, worlds: tuple[World, ...], acting: Acting) -> Lived:
    """The people of these worlds walked through the arm."""
    copies, size = _copies(setting), len(worlds) * PEOPLE
    numbers = np.tile(np.arange(PEOPLE), copies * len(worlds))
    which = np.tile(np.repeat(np.arange(len(worlds)), PEOPLE), copies)
    veteran = bodies_of(setting.frame, SEED, numbers).veteran
    points: Floats = np.repeat([0.0, _point(setting)][:copies], size) + cluster_of(setting, numbers)
    people = Inhabitants(SEED, numbers, worlds, which, veteran)
    crowd = mind_crowd(setting, place, people, -points / setting.mean_baseline, leaves=not acting[0])
    return lived(setting, place, crowd, (_point(setting), 0.0), acting)
