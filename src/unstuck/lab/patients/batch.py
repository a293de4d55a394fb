"""Many mechanistic patients through one plan: timetable, drug, inner life, scores. Pure in truth, seed and numbers.

Nothing depends on which other people are in the batch, on block size or on threads: every draw is named by the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.effects.parameters import Array
from unstuck.lab.patients.drug import Course, Given, course_of
from unstuck.lab.patients.inner import STATES, Runner
from unstuck.lab.patients.inner_kernel import run
from unstuck.lab.patients.minds import Crowd, normals
from unstuck.lab.patients.timetable import Session, timetable
from unstuck.lab.symptoms.parameters import CAPS5_TOP, PCL5_TOP, TOPS
from unstuck.lab.symptoms.seen import OCCASION_NORMALS, seen
from unstuck.lab.symptoms.truth import Eased, States, Truth, truth

NOT_FOR_PERSONS = (
    "No forecast is made for a person: PCL-5 scores repeat only to within about 5 points, so that the figures of one "
    "person cannot be told apart; compare arms instead."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an arm does to people. `expectation` is 0 to 1 of an infusion trial's; `felt` says that the drug shows."""

    sessions: tuple[Session, ...] = ()
    doses: tuple[Given, ...] = ()
    expectation: float = 0.0
    expects_from_h: float = 0.0

    @property
    def felt(self) -> bool:
        """Whether something is given that people can feel."""
        return bool(self.doses)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the people on the days looked at: states (people, days, STATES) and true scores."""

    crowd: Crowd
    days: Array
    states: Array
    truth: Truth

    @property
    def left(self) -> NDArray[np.bool_]:
        """Who had left therapy by the last day, (people,)."""
        return np.asarray(self.states[:, -1, STATES.index("left")] > 0.5)

    @property
    def threat(self) -> Array:
        """Threat that reminders call up, (people, days): what a scanner's amygdala is read as."""
        return np.asarray(self.states[:, :, STATES.index("threat")])

    def seen_on(self, place: int) -> dict[str, Array]:
        """Every scale as filled in on that day, with that day's own luck."""
        crowd, day = self.crowd, float(self.days[place])
        luck = normals(crowd.seed, crowd.numbers, "seen", OCCASION_NORMALS, round(1440 * (day + 1000)))
        t = self.truth
        on_day = Truth(t.clusters[:, place], t.caps5[:, place], t.mood[:, place])
        return seen(crowd.scores, on_day, crowd.scales, luck)


def simulate(crowd: Crowd, plan: Plan, days: Sequence[float], runner: Runner = run) -> Outcome:
    """The people's states and true scores on these rising days after enrolment."""
    when = np.asarray(days, dtype=float)
    if when.size == 0 or (np.diff(when) <= 0).any():
        raise Complaint("The days do not rise.", "days")
    table = timetable(float(when[-1]), plan.sessions)
    drug = course_of(crowd, table, plan.doses)
    states = runner(crowd, table, drug.signals, table.looks(when))
    return Outcome(crowd, when, states, true_scores(crowd, plan, when, states, drug))


def true_scores(crowd: Crowd, plan: Plan, days: Array, states: Array, drug: Course) -> Truth:
    """True scores behind the states: what the fading state and expectation take off included."""
    by_name = {name: states[:, :, n] for n, name in enumerate(STATES)}
    felt = States(by_name["intrusion"], by_name["avoidance"], by_name["belief"], by_name["arousal"])
    return truth(crowd.scores, felt, crowd.scales, eased(crowd, plan, days, drug))


def eased(crowd: Crowd, plan: Plan, days: Array, drug: Course) -> Eased:
    """What is taken off the scores: by the fading state after doses, and by expectation since treatment began."""
    everybody = np.ones(crowd.people)
    hopes = Hopes(plan.expectation * everybody, plan.expects_from_h * everybody, plan.felt * everybody)
    state = np.broadcast_to(drug.state_at(days), (crowd.people, days.size))
    return eased_by(crowd.life, hopes, days[None, :], state)


@dataclass(frozen=True, slots=True)
class Hopes:
    """Each one's expectation, the hour since when, and 1 where something was given that people can feel; (people,)."""

    expectation: Array
    from_h: Array
    felt: Array


def eased_by(life: Mapping[str, Array], hopes: Hopes, days: Array, state: Array) -> Eased:
    """The same for people who each have their own days and fading state, shape (people or 1, days)."""
    full = 1.0 - np.exp(-state)
    share = life["ketamine.state_gain"][:, None] * full
    clusters = np.stack([share, share, share, life["ketamine.state_on_arousal"][:, None] * share], axis=-1)
    since = np.maximum(days - hopes.from_h[:, None] / 24.0, 0.0)
    shape = -np.expm1(-since / life["report.expectancy_rise_days"][:, None])
    shape = shape * np.exp(-since / life["report.expectancy_fade_days"][:, None])
    more = 1.0 + life["ketamine.unblinding"] * hopes.felt
    points = (hopes.expectation * life["report.expectancy_points"] * more)[:, None] * shape
    return Eased(clusters, life["ketamine.mood_gain"][:, None] * full, points[:, :, None] * TOPS / PCL5_TOP)


EASED_BY = (
    "ketamine.state_gain", "ketamine.state_on_arousal", "ketamine.unblinding", "ketamine.mood_gain",
    "report.expectancy_rise_days", "report.expectancy_fade_days", "report.expectancy_points",
)  # fmt: skip
"""The figures of daily life that stand between states and scores."""


def moved(found: Truth, base: Truth, share: Array) -> Truth:
    """True scores with that share of the person's own baseline less, (people, days): what else than the arm acts."""
    clusters = np.clip(found.clusters - share[..., None] * base.clusters, 0.0, TOPS)
    return Truth(clusters, np.clip(found.caps5 - share * base.caps5, 0.0, CAPS5_TOP), found.mood)


def risen(life: Mapping[str, Array], since_days: Array) -> Array:
    """How far what else than the arm acts has come since treatment began: as fast as expectation, and to stay."""
    return np.asarray(-np.expm1(-np.maximum(since_days, 0.0) / life["report.expectancy_rise_days"][:, None]))


def refuse_a_person(people: int) -> None:
    """Raises Complaint with the reason where one person is asked for: that would be a forecast of a person."""
    if people < 2:
        raise Complaint(NOT_FOR_PERSONS, "--patients", "Give two people or more in each arm.")
