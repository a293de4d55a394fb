"""What is true in each replicate: the arms' effects and how far belief moves the outcome.

`drawn` gives each replicate a truth of its own: a share of responders from Beta(met + 1, not met + 1), and a belief
from the normal distribution that the plausible range stands for. The two simulators share this module: it draws no
person.
"""

from __future__ import annotations

from dataclasses import dataclass

from unstuck.core.errors import Complaint
from unstuck.core.sourced import Sourced
from unstuck.core.trial import Truth
from unstuck.lab.patients.calibration import Effect, effect_of
from unstuck.lab.patients.studies import Responders, StudyArm
from unstuck.lab.random import Stream
from unstuck.lab.trials.virtual.job import Setting
from unstuck.lab.trials.virtual.worlds import World, world_of

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class TrueState:
    """One replicate's truth: the effect of each arm in order, and in points what belief adds and a veteran loses.

    A published effect already holds what belief did in its trial (`inside`); it is not added again.
    """

    effects: tuple[Effect, ...]  # none where mechanisms make the people
    belief: float = 0.0
    veteran: float = 0.0
    inside: float = 0.0
    world: World | None = None  # of mechanistic people
    as_control: bool = False  # whether everybody of a world is treated as in the control arm, so that no arm differs


def truth_of(setting: Setting, truth: Truth, seed: int, replicate: int) -> TrueState:
    """The truth of that replicate."""
    if setting.design.mechanistic:
        return _in_world(setting, truth, seed, replicate)
    published = tuple(_effect(setting, arm.published, None) for arm in setting.arms)
    place = [arm.design.control for arm in setting.arms].index(True)
    nothing = tuple(published[place] for _ in setting.arms)
    points = setting.design.unblinding.points if setting.design.unblinding else None
    veteran = setting.design.patients.veteran_points
    match truth:
        case Truth.PUBLISHED:
            return TrueState(published, 0.0, veteran.value if veteran else 0.0, points.value if points else 0.0)
        case Truth.NULL:
            return TrueState(nothing)
        case Truth.FOOLED:
            return TrueState(nothing, points.value if points else 0.0)
        case Truth.DRAWN:
            drawn = tuple(
                _effect(setting, a.published, drawn_share(a.published, seed, replicate)) for a in setting.arms
            )
            belief = _drawn_figure(points, seed, replicate, "belief")
            return TrueState(drawn, 0.0, _drawn_figure(veteran, seed, replicate, "veterans"), belief)


def _in_world(setting: Setting, truth: Truth, seed: int, replicate: int) -> TrueState:
    """A world of mechanistic people. Without a difference everybody is treated as in the control arm."""
    points = setting.design.unblinding.points if setting.design.unblinding else None
    world = world_of(seed, replicate)
    match truth:
        case Truth.DRAWN:
            return TrueState((), _drawn_figure(points, seed, replicate, "belief"), world=world)
        case Truth.NULL:
            return TrueState((), world=world, as_control=True)
        case Truth.FOOLED:
            return TrueState((), points.value if points else 0.0, world=world, as_control=True)
        case Truth.PUBLISHED:
            raise Complaint("No published effect can be true of mechanistic patients.", mend="Ask for drawn or null.")


def _effect(setting: Setting, study: StudyArm, share: float | None) -> Effect:
    return effect_of(study, setting.frame.figures, share)


def drawn_share(study: StudyArm, seed: int, replicate: int) -> float | None:
    """A share of responders from Beta(met + 1, not met + 1); None where no counts were published."""
    effect = study.effect
    if not isinstance(effect, Responders) or effect.met is None or effect.of is None:
        return None
    stream = Stream(seed, replicate, f"effect of {study.name}")
    draws = sorted(stream.uniform() for _ in range(effect.of + 1))
    kept = 1.0 if effect.of_assessed else 1 - study.missing  # who leaves cannot respond
    low, high = (bound * kept for bound in REACHED)
    return min(high, max(low, draws[effect.met]))  # the k-th smallest of n uniforms is Beta(k, n + 1 - k)


REACHED = (0.03, 0.90)  # of those who stay, what the classes of course can make; draws beyond are set to the bound


def _drawn_figure(figure: Sourced | None, seed: int, replicate: int, what: str) -> float:
    """A value from the normal distribution whose central 95 % is the plausible range; the value without a range."""
    if figure is None:
        return 0.0
    if figure.low is None or figure.high is None:
        return figure.value
    spread = (figure.high - figure.low) / (2 * Z_95)
    return figure.value + spread * Stream(seed, replicate, f"truth of {what}").normal()


def without_spread(setting: Setting) -> tuple[str, ...]:
    """Arms whose effect is taken as it stands under `drawn`, because no counts were published."""
    arms = [(a.design.key, a.study) for a in setting.arms if a.study is not None]
    return tuple(key for key, study in arms if drawn_share(study, 0, 0) is None)
