"""What the arms would truly differ by at the final visit, had nobody left: what bias and coverage are held to.

Each class of course is simulated once on the arm's protocol without leaving; a replicate's truth weighs the classes as
that replicate's effect does. Belief and veterans enter as slopes per point.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from unstuck.lab.patients.calibration import Effect
from unstuck.lab.patients.population import CLASSES
from unstuck.lab.trials.batched.draws import Floats
from unstuck.lab.trials.batched.people import Group, crowd_of
from unstuck.lab.trials.batched.state import FAR
from unstuck.lab.trials.virtual.batch import first_treatment, walked
from unstuck.lab.trials.virtual.job import Setting
from unstuck.lab.trials.virtual.truths import TrueState
from unstuck.lab.trials.virtual.worlds import World

PEOPLE = 300  # in each class; the same people in every arm, so that their difference is sharper than either mean
SEED = 20_240_301
DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class ByClass:
    """Mean true score at the final visit by class of course, and what a point of belief or of veterans' loss adds."""

    mean: Floats
    belief: Floats
    veteran: Floats
    worlds: tuple[World, ...] = ()  # in place of classes, of mechanistic people


@dataclass(frozen=True, slots=True)
class Difference:
    """An active arm minus the control: through the drug alone, and with what belief adds. Points of the outcome."""

    drug: float
    seen: float


def by_class(setting: Setting, effects: tuple[Effect, ...]) -> tuple[ByClass, ...]:
    """The classes' means in each arm; of the published `effects` only the weights differ by replicate."""
    return tuple(_of_arm(setting, place, effect) for place, effect in enumerate(effects))


def _of_arm(setting: Setting, place: int, effect: Effect) -> ByClass:
    """The same people three times: as they are, a point better through belief, and a point worse where veterans."""
    count, point = len(CLASSES), 1 / setting.mean_baseline
    sure = tuple(replace(effect, weights=tuple(float(k == c) for k in range(count))) for c in range(count))
    numbers, which = np.tile(np.arange(PEOPLE), count), np.repeat(np.arange(count), PEOPLE)
    who = crowd_of(setting.frame, Group(SEED, numbers, sure, which, np.zeros(len(numbers))))
    loses = setting.design.patients.veteran_points is not None and not setting.arms[place].design.control
    shift = np.concatenate([np.zeros(len(numbers)), np.full(len(numbers), point), -point * loses * who.body.veteran])
    group = Group(SEED, np.tile(numbers, 3), sure, np.tile(which, 3), shift)
    total = _totals(setting, place, group).reshape(3, count, PEOPLE)
    plain, better, worse = np.nanmean(total, axis=2)
    return ByClass(plain, plain - better, worse - plain)


def _totals(setting: Setting, place: int, group: Group) -> Floats:
    """True score of each at the final visit, had nobody left; NaN for who never started."""
    state = walked(setting, place, crowd_of(setting.frame, group), leaves=False)
    start = first_treatment(state)
    family = "caps5" if setting.design.outcome.startswith("caps5") else "pcl5"
    day = np.where(start == FAR, 0, start) / DAY_MIN + setting.design.final.day
    total = state.crowd.true_total(family, np.arange(len(start)), day)
    return np.where(start == FAR, np.nan, total)


def difference(setting: Setting, means: tuple[ByClass, ...], truth: TrueState, active: int) -> Difference:
    """What that active arm truly differs by from the control in a replicate."""
    one, other = (_mean(setting, means, truth, place) for place in (active, setting.control))
    return Difference(one[0] - other[0], one[1] - other[1])


def _as_control(setting: Setting, truth: TrueState, place: int) -> bool:
    """An arm that is given the control's effect, or is treated as it, has its course."""
    if truth.world is not None:
        return truth.as_control
    return truth.effects[place] == truth.effects[setting.control]


def _weights(truth: TrueState, place: int, found: ByClass) -> Floats:
    """How much each class of course, or each world, counts in this replicate."""
    if truth.world is None:
        return np.array(truth.effects[place].weights)
    return np.array([float(world == truth.world) for world in found.worlds])


def _mean(setting: Setting, means: tuple[ByClass, ...], truth: TrueState, place: int) -> tuple[float, float]:
    """The arm's mean through the drug alone, and as it is seen with what belief adds."""
    arm = setting.arms[place].design
    found = means[setting.control] if _as_control(setting, truth, place) else means[place]
    weights = _weights(truth, place, found)
    plain = float(weights @ (found.mean + truth.veteran * means[place].veteran))
    moved = (arm.believes.value if arm.believes else 0.0) * float(weights @ found.belief)
    return plain - moved * truth.inside, plain + moved * truth.belief
