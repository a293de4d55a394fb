"""What each analysis of a design should find: the true value of its estimand, from both potential outcomes.

The same people are walked through every arm (common random numbers), with leaving and events as the estimand has them:
under `hypothetical` they do not happen, under the others they do. What each shows then is the variable of the analysis
(a score, response yes or no, the time without response), and its mean by class of course is weighed as a replicate's
effect weighs the classes. Slopes per point of belief and of what veterans lack are secants over the design's own
figures. A hazard ratio, a log-rank statistic and a tipping point have no value of this kind, and get none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from unstuck.core.estimands import Estimand, Happening, Strategy
from unstuck.core.trial import ON_SCORES, Analysis, Method
from unstuck.lab.patients.calibration import Effect
from unstuck.lab.patients.population import CLASSES
from unstuck.lab.trials.batched.draws import Floats, Ints, normals
from unstuck.lab.trials.batched.minds import MindCrowd
from unstuck.lab.trials.batched.people import Crowd, Group, crowd_of
from unstuck.lab.trials.batched.state import FAR, State
from unstuck.lab.trials.virtual.batch import first_treatment, table_of, walked
from unstuck.lab.trials.virtual.endpoints import met_at, responses
from unstuck.lab.trials.virtual.handling import NEVER, before, ended_at, failed_at
from unstuck.lab.trials.virtual.happenings import top_of
from unstuck.lab.trials.virtual.job import Setting
from unstuck.lab.trials.virtual.table import TrialTable
from unstuck.lab.trials.virtual.true_effects import DAY_MIN, SEED, ByClass, by_class, parts_of

FEWER, MOST, EACH = 300, 4000, 5
"""People of each class of course: at least, and for the slopes; at most; and so many for each replicate in between.
What error is left in a true value counts in the error of the bias that is held to it."""
Acting = tuple[bool, tuple[bool, ...]]  # whether nobody leaves, and which events act
UNKNOWN = (Method.COX, Method.LOG_RANK, Method.TIPPING_POINT)


@dataclass(frozen=True, slots=True)
class Lived:
    """People of one arm under an estimand: all as they are, then FEWER of each class with belief, and as veterans."""

    table: TrialTable
    final: Floats  # true score at the final visit, without the instrument's error
    steps: tuple[float, float]  # points of belief and of what veterans lack; 0 where there is no such copy


def people_for(reps: int) -> int:
    """How many people of each class a run of so many replicates asks for."""
    return min(MOST, max(FEWER, EACH * reps))


def targets(
    setting: Setting, effects: tuple[Effect, ...], people: int = FEWER
) -> dict[str, tuple[ByClass, ...]]:  # fmt: skip
    """By analysis the classes' means in each arm; analyses without a true value are left out."""
    found: dict[str, tuple[ByClass, ...]] = {}
    plain: tuple[ByClass, ...] = ()
    worlds: dict[tuple[int, tuple[object, ...]], Lived] = {}
    for analysis in setting.design.analyses:
        if analysis.method in UNKNOWN:
            continue
        if is_plain(setting, analysis):
            plain = found[analysis.key] = plain or by_class(setting, effects, people)
            continue
        found[analysis.key] = tuple(
            _of_arm(setting, place, effects[place], analysis, worlds, people) for place in range(len(effects))
        )
    return found


def is_plain(setting: Setting, analysis: Analysis) -> bool:
    """Whether the mean score had nobody left is what the analysis should find."""
    estimand = setting.design.estimand_of(analysis)
    untouched = not setting.design.events and not estimand.uses(Strategy.COMPOSITE)
    untouched &= not estimand.uses(Strategy.WHILE_ON_TREATMENT)
    return analysis.method in ON_SCORES and untouched and nobody_leaves(analysis, estimand)


def nobody_leaves(analysis: Analysis, estimand: Estimand) -> bool:
    """Under `hypothetical` nobody leaves; but who left counts as no responder whatever the estimand calls it."""
    return analysis.method is not Method.RESPONDER and estimand.strategy(Happening.LEFT_STUDY) is Strategy.HYPOTHETICAL


def _of_arm(
    setting: Setting, place: int, effect: Effect, analysis: Analysis,
    worlds: dict[tuple[int, tuple[object, ...]], Lived], people: int,
) -> ByClass:  # fmt: skip
    estimand = setting.design.estimand_of(analysis)
    stays = nobody_leaves(analysis, estimand)
    acts = tuple(estimand.strategy(event.happening) is not Strategy.HYPOTHETICAL for event in setting.design.events)
    key = (place, (stays, acts))
    if key not in worlds:
        worlds[key] = _world(setting, place, effect, people, (stays, acts))
    world = worlds[key]
    values, count = variable(setting, analysis, estimand, world), len(CLASSES)
    whole = values[: count * people].reshape(count, people)
    copies = iter(values[count * people :].reshape(-1, count, FEWER))
    same = whole[:, :FEWER]
    slopes = [np.nanmean(next(copies) - same, axis=1) / step if step else np.zeros(count) for step in world.steps]
    return ByClass(np.nanmean(whole, axis=1), slopes[0], slopes[1], parts=parts_of(whole))


def _world(setting: Setting, place: int, effect: Effect, people: int, acting: Acting) -> Lived:
    """Everybody walked through the arm; events that do not act are there without points and are not seen."""
    design = setting.design
    believed = design.unblinding.points.value if design.unblinding else 0.0
    lacked = design.patients.veteran_points.value if design.patients.veteran_points else 0.0
    steps = (believed, 0.0 if setting.arms[place].design.control else lacked)
    return lived(setting, place, crowd_of(setting.frame, _people(setting, effect, people, steps)), steps, acting)


def lived(
    setting: Setting, place: int, crowd: Crowd | MindCrowd, steps: tuple[float, float], acting: Acting
) -> Lived:  # fmt: skip
    """A crowd walked through the arm, as leaving and the events act or do not."""
    design, (stays, acts) = setting.design, acting
    state = walked(setting, place, crowd, leaves=not stays)
    events = tuple(e if act else replace(e, points=None) for e, act in zip(design.events, acts, strict=True))
    here = replace(setting, cell=replace(setting.cell, design=replace(design, events=events)))
    table = table_of(here, place, state, SEED)
    table.happened[..., [k for k, act in enumerate(acts) if not act]] = NEVER
    return Lived(table, _final(here, state, table), steps)


def _people(setting: Setting, effect: Effect, people: int, steps: tuple[float, float]) -> Group:
    """So many of each class, then the first FEWER of each again, moved by belief, and again as veterans lack."""
    count = len(CLASSES)
    sure = tuple(replace(effect, weights=tuple(float(k == c) for k in range(count))) for c in range(count))
    sizes = [people, *(FEWER for step in steps if step)]
    numbers = np.concatenate([np.tile(np.arange(size), count) for size in sizes])
    which = np.concatenate([np.repeat(np.arange(count), size) for size in sizes])
    who = crowd_of(setting.frame, Group(SEED, numbers, sure, which, np.zeros(len(numbers))))
    points, begins = cluster_of(setting, numbers), count * people
    for step, among in zip(steps, (np.ones(len(numbers), dtype=bool), who.veteran), strict=True):
        if step:
            points[begins : begins + count * FEWER] += step * among[begins : begins + count * FEWER]
            begins += count * FEWER
    return Group(SEED, numbers, sure, which, -points / setting.mean_baseline)


def cluster_of(setting: Setting, numbers: Ints) -> Floats:
    """What site and therapist add, one draw for each person: their spread matters where response is yes or no."""
    spread = setting.design.clustering
    squares = [sd.value**2 for sd in (spread.site_sd, spread.therapist_sd) if sd is not None]
    return float(np.sqrt(sum(squares))) * normals(SEED, numbers, "cluster")[:, 0]


def _final(setting: Setting, state: State, table: TrialTable) -> Floats:
    """True score of each at the final visit after what was done and what happened; NaN for who never started."""
    start, design = first_treatment(state), setting.design
    family = "caps5" if design.outcome.startswith("caps5") else "pcl5"
    day = np.where(start == FAR, 0, start) / DAY_MIN + design.final.day
    total = state.crowd.true_total_at(family, np.arange(len(start)), day)
    for place, event in enumerate(design.events):
        came = table.happened[0, :, place] < len(design.visits)
        total = np.where(came, total + (event.points.value if event.points else 0.0), total)
    return np.where(start == FAR, np.nan, np.clip(total, 0, top_of(design.outcome)))


def variable(setting: Setting, analysis: Analysis, estimand: Estimand, world: Lived) -> Floats:
    """What the analysis is about, for each person."""
    design, table = setting.design, world.table
    started = table.started[0]
    if analysis.method in (Method.RMST, Method.INCIDENCE):
        found = responses(design, analysis, table)
        until = float(design.final.day)
        late = np.where(found.event[0] == 1, found.day[0], until)
        return np.where(started, late if analysis.method is Method.RMST else found.event[0] == 1, np.nan)
    failed, ended = failed_at(design, estimand, table)[0], ended_at(design, estimand, table)[0]
    if analysis.method is Method.RESPONDER:
        last = table.scores[0, :, -1]
        score = np.where(ended < NEVER, before(table.base, table.scores, np.asarray([ended]))[0], last)
        met = met_at(design, analysis, table.base[0], score) & (failed >= NEVER)
        return np.where(started, met.astype(float), np.nan)
    score = np.where(ended < NEVER, before(table.base, table.scores, np.asarray([ended]))[0], world.final)
    return np.where(failed < NEVER, table.base[0] + (estimand.failure_change or 0.0), score)
