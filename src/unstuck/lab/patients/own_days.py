"""Mechanistic people who each keep a timetable of their own: told of doses and sessions as they come, asked between.

The batched spelling of `mechanistic.MechanisticPatient`. Two memories are kept of each person. The firm one stands
where nothing that comes later can reach back to: a new dose moves the drug's grid by up to a day, a new session brings
tapes on the days since the last. The other goes on from there to the hour that was asked for, and is thrown away when a
new treatment changes what lay between. So a course is lived about once, however often somebody looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.effects.parameters import LN2, Array, load_effects
from unstuck.lab.fear import channels
from unstuck.lab.fear.kernel_step import LANES
from unstuck.lab.patients import own_days_kernel as kernel
from unstuck.lab.patients.batch import EASED_BY, Hopes, eased_by
from unstuck.lab.patients.drug import CURVE_H, Curve
from unstuck.lab.patients.inner import LUCK, STATES
from unstuck.lab.patients.inner_kernel import LIFE
from unstuck.lab.patients.minds import Crowd
from unstuck.lab.patients.own_rows import BELIEF, FELT, LAST, MEMORY, PASSED
from unstuck.lab.patients.therapies import Therapy
from unstuck.lab.patients.timetable import KINDS, RUN_IN_DAYS, STEPS
from unstuck.lab.random import purpose_words, seed_words
from unstuck.lab.symptoms.parameters import Scores
from unstuck.lab.symptoms.truth import Eased, Persons, States, Truth, truth

Who = NDArray[np.int64]
World = tuple[Array, Array, NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]
TOUCH_H = 1e-6  # an event at the very hour of a question has happened
SETTLED_H = 48.0  # before a treatment; nothing older changes with it
LONGEST_D = 460  # days after enrolment that luck is named for
DRUG = ("plasticity_on_h", "plasticity_off_h", "state_days", "release_gain", "default_mode")


@dataclass(frozen=True, slots=True)
class Seen:
    """People as they were at a look: states (people, STATES), the hour of their last event, the drug's fading state."""

    states: Array
    at_h: Array
    felt: Array


@dataclass
class Plans:
    """What each person got so far; hours count from midnight before enrolment. Columns grow as they fill."""

    sessions: Array  # (people, most)
    held: Who
    given: Array  # hours of doses that can be felt
    strength: Array
    block: Array  # (people, most, CURVE_H)
    doses: Who
    expectation: Array
    from_h: Array  # not a number of hours but infinite before any treatment

    @classmethod
    def none(cls, people: int) -> Plans:
        """Nothing so far."""
        wide, count = np.full((people, 4), np.inf), np.zeros(people, dtype=np.int64)
        block = np.zeros((people, 4, CURVE_H.size))
        hopes, since = np.zeros(people), np.full(people, np.inf)
        return cls(wide, count, wide.copy(), np.zeros((people, 4)), block, count.copy(), hopes, since)

    @property
    def hopes(self) -> Hopes:
        """What people expect of it."""
        return Hopes(self.expectation, self.from_h, (self.doses > 0).astype(float))


class Flock:
    """People of any truths of one learner under one therapy; without `leaving` nobody leaves it."""

    def __init__(self, crowd: Crowd, therapy: Therapy | None, leaving: bool = True) -> None:
        self.crowd, self.therapy = crowd, therapy
        self.plans = Plans.none(crowd.people)
        self.world = _world(crowd)
        self.own = np.stack([np.ascontiguousarray(crowd.life[f"ketamine.{name}"]) for name in DRUG])
        self.parts, self.home = _parts(therapy, leaving)
        felt, _ = channels.load_felt()
        self.common = np.array([felt.symptomatic_rise_per_d, LN2 / load_effects().cascade.default_mode_half_life_h])
        self.firm = np.zeros((crowd.people, MEMORY))
        for low in range(0, crowd.people, LANES):
            kernel.born(self.world[0], self.world[1], self.firm, low)
        self.born = self.firm.copy()
        self.later = self.firm.copy()

    def session(self, who: Who, at_h: Array) -> None:
        """A session of the therapy begins at that hour of each."""
        assert self.therapy is not None
        self._begin(who, at_h, self.therapy.expectation)
        plans = self.plans
        plans.sessions = _room(plans.sessions, plans.held[who], np.inf)
        plans.sessions[who, plans.held[who]] = at_h
        plans.held[who] += 1
        self._settle(who, at_h, tapes=False)

    def dose(self, who: Who, at_h: Array, curve: Curve | None) -> None:
        """A dose begins at that hour of each; None where it is a control's and not noticed."""
        self._begin(who, at_h, 1.0)
        if curve is None:
            return
        self._settle(who, at_h, tapes=True)
        plans, place = self.plans, self.plans.doses[who]
        plans.given = _room(plans.given, place, np.inf)
        plans.strength = _room(plans.strength, place, 0.0)
        plans.block = _room(plans.block, place, 0.0)
        plans.given[who, place], plans.strength[who, place], plans.block[who, place] = at_h, curve.strength, curve.block
        plans.doses[who] += 1

    def _begin(self, who: Who, at_h: Array, hopes: float) -> None:
        """Expectation, and the hour since when; what was looked at after the firm memory is forgotten."""
        plans = self.plans
        plans.from_h[who] = np.minimum(plans.from_h[who], at_h)
        plans.expectation[who] = np.maximum(plans.expectation[who], hopes)

    def _settle(self, who: Who, at_h: Array, tapes: bool) -> None:
        """The firm memory goes on as far as a treatment at that hour leaves it."""
        until, plans = at_h - SETTLED_H, self.plans
        if tapes:  # sessions may yet come, and with them homework on the days since the last
            last = plans.sessions[who, np.maximum(plans.held[who] - 1, 0)]
            until = np.where(plans.held[who] > 0, np.minimum(until, 24.0 * np.floor(last / 24.0)), until)
        self._live(self.firm, who, until)
        self.later[who] = self.firm[who]

    def _live(self, memory: Array, who: Who, until: Array) -> None:
        ahead = until > memory[who, PASSED]
        some, to_h = np.ascontiguousarray(who[ahead]), np.ascontiguousarray(until[ahead])
        plans = self.plans
        timed = (plans.sessions, plans.held, self.parts, self.home)
        drugs = (plans.given, plans.strength, plans.block, plans.doses, self.own, self.common)
        for low in range(0, some.size, LANES):
            kernel.live((self.world, timed, drugs), memory, some, to_h, low)

    def look(self, who: Who, at_h: Array) -> Seen:
        """These people at these hours, none of which lies before an hour that was asked for earlier."""
        self._live(self.later, who, at_h + TOUCH_H)
        return _seen(self.later[who])

    def at_hour(self, who: Who, at_h: Array) -> Seen:
        """These people at any hours, lived from the start; what came after that hour had not come yet."""
        kept, memory = self.plans, self.born.copy()
        self.plans = _until(kept, who, at_h)
        self._live(memory, who, at_h + TOUCH_H)
        self.plans = kept
        return _seen(memory[who])

    def scores(self, who: Who, seen: Seen) -> Truth:
        """The true scores behind what was seen."""
        life = {name: self.crowd.life[name][who] for name in EASED_BY}
        hopes, s = self.plans.hopes, self.crowd.scales
        mine = Hopes(hopes.expectation[who], hopes.from_h[who], hopes.felt[who])
        scales = Persons(*(getattr(s, n)[who] for n in ("clusters", "caps5", "mood", "phq9", "madrs", "habits")))
        return true_scores(self.crowd.scores, scales, seen, eased_by_one(life, mine, seen))


def eased_by_one(life: Mapping[str, Array], hopes: Hopes, seen: Seen) -> Eased:
    """What eases the scores at each one's last event."""
    return eased_by(life, hopes, seen.at_h[:, None] / 24.0, seen.felt[:, None])


def true_scores(scores: Scores, scales: Persons, seen: Seen, eased: Eased) -> Truth:
    """True scores of people at one look, clusters (people, 4)."""
    by_name = {name: seen.states[:, n, None] for n, name in enumerate(STATES)}
    felt = States(by_name["intrusion"], by_name["avoidance"], by_name["belief"], by_name["arousal"])
    found = truth(scores, felt, scales, eased)
    return Truth(found.clusters[:, 0], found.caps5[:, 0], found.mood[:, 0])


def _seen(memory: Array) -> Seen:
    states = memory[:, BELIEF : BELIEF + len(STATES)]
    return Seen(states, memory[:, LAST], memory[:, FELT])


def _world(crowd: Crowd) -> World:
    """What the compiled days read of the people."""
    life = np.stack([np.ascontiguousarray(crowd.life[name]) for name in LIFE])
    words = [purpose_words(LUCK, day) for day in range(LONGEST_D + RUN_IN_DAYS)]
    key = np.array(seed_words(crowd.seed), dtype=np.uint64)
    return np.ascontiguousarray(crowd.members.table), life, np.array(words, dtype=np.uint64), key, crowd.numbers


def _parts(therapy: Therapy | None, leaving: bool) -> tuple[Array, Array]:
    """A session's parts, one row each, and homework with the chance of leaving; nothing without a therapy."""
    if therapy is None:
        return np.zeros((0, 5)), np.zeros(4)
    parts = therapy.parts
    rows = [
        (int(KINDS[p.kind]), p.every_h, p.vividness, p.supported, STEPS[p.teaches])
        for p in parts
        for _ in range(p.count)
    ]
    home = therapy.homework
    leaves = therapy.leaves_per_session if leaving else 0.0
    return np.array(rows, dtype=float), np.array([home.tape_every_days, home.tape_supported, home.in_vivo, leaves])


def _room(columns: Array, place: Who, empty: float) -> Array:
    """The columns with room for one more at these places."""
    if place.max(initial=0) < columns.shape[1]:
        return columns
    return np.ascontiguousarray(np.concatenate([columns, np.full_like(columns, empty)], axis=1))


def _until(plans: Plans, who: Who, at_h: Array) -> Plans:
    """The plans of these people with what came by those hours."""
    hour = np.full(plans.held.size, np.inf)
    hour[who] = at_h
    held = (plans.sessions <= hour[:, None]).sum(axis=1)
    doses = (plans.given <= hour[:, None]).sum(axis=1)
    return replace(plans, held=held.astype(np.int64), doses=doses.astype(np.int64))
