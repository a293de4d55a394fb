"""What the arms would truly differ by at the final visit, had nobody left: what bias and coverage are held to.

Each class of course is simulated once on the arm's protocol without leaving; a replicate's truth weighs the classes as
that replicate's effect does. Belief and veterans enter as slopes per point. People are finitely many, so that a true
value has an error of its own: it is told by parts of the people, the same ones in every class and arm.
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

PEOPLE = 300  # in each class at least, and for the slopes; the same people in every arm, so that differences are sharp
PARTS = 20  # of the people of each class, by which the error of a true value is told
SEED = 20_240_301
DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class ByClass:
    """Mean true score at the final visit by class of course, and what a point of belief or of veterans' loss adds."""

    mean: Floats
    belief: Floats
    veteran: Floats
    worlds: tuple[World, ...] = ()  # in place of classes, of mechanistic people
    parts: Floats | None = None  # means of parts of the people, (PARTS, classes); None where the error is not known


@dataclass(frozen=True, slots=True)
class Difference:
    """An active arm minus the control: through the drug alone, and with what belief adds. Points of the outcome."""

    drug: float
    seen: float
    error: float = 0.0  # standard error of both, because the people of the classes are finitely many


def by_class(setting: Setting, effects: tuple[Effect, ...], people: int = PEOPLE) -> tuple[ByClass, ...]:
    """The classes' means in each arm; of the published `effects` only the weights differ by replicate."""
    return tuple(_of_arm(setting, place, effect, max(people, PEOPLE)) for place, effect in enumerate(effects))


def _of_arm(setting: Setting, place: int, effect: Effect, people: int) -> ByClass:
    """So many as they are; PEOPLE of them again a point better through belief, and a point worse where veterans."""
    count, point = len(CLASSES), 1 / setting.mean_baseline
    sure = tuple(replace(effect, weights=tuple(float(k == c) for k in range(count))) for c in range(count))
    sizes = (people, PEOPLE, PEOPLE)
    numbers = np.concatenate([np.tile(np.arange(size), count) for size in sizes])
    which = np.concatenate([np.repeat(np.arange(count), size) for size in sizes])
    who = crowd_of(setting.frame, Group(SEED, numbers, sure, which, np.zeros(len(numbers))))
    loses = setting.design.patients.veteran_points is not None and not setting.arms[place].design.control
    copy = np.repeat(np.arange(3), [count * size for size in sizes])
    shift = np.where(copy == 1, point, np.where(copy == 2, -point * loses * who.body.veteran, 0.0))
    total = _totals(setting, place, Group(SEED, numbers, sure, which, shift))
    whole = total[copy == 0].reshape(count, people)
    same = np.nanmean(whole[:, :PEOPLE], axis=1)
    better, worse = (np.nanmean(total[copy == k].reshape(count, PEOPLE), axis=1) for k in (1, 2))
    return ByClass(np.nanmean(whole, axis=1), same - better, worse - same, parts=parts_of(whole))


def parts_of(whole: Floats) -> Floats:
    """Means of PARTS parts of the people: (classes, people) to (PARTS, classes)."""
    return np.stack([np.nanmean(part, axis=1) for part in np.array_split(whole, PARTS, axis=1)])


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
    return Difference(one[0] - other[0], one[1] - other[1], _error(setting, means, truth, active))


def _error(setting: Setting, means: tuple[ByClass, ...], truth: TrueState, active: int) -> float:
    """By how much the difference varies between parts of the people, over the root of their number."""
    if _as_control(setting, truth, active) or truth.world is not None:
        return 0.0
    one, other = (means[place].parts for place in (active, setting.control))
    if one is None or other is None:
        return 0.0
    apart = one @ _weights(truth, active, means[active]) - other @ _weights(truth, setting.control, means[active])
    return float(apart.std(ddof=1) / np.sqrt(len(apart)))


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
