"""What goes on in a mechanistic patient from event to event: the learner, and belief, avoidance and arousal around it.

This is the readable reference in NumPy over people; `inner_kernel` is held to it. For one event of kind k:

    avoid     = reminder and luck < logistic(s (T f - theta)) (1 - in vivo x adherence)
    outcome   = reaction x V,  reaction = refuel x B (1 - supported x support), 0 where nothing was met
    I, H, A   = running means of fear in intrusions, of fear in life, and of avoiding
    B'        = (B* - B) / days,  B* = floor + (1 - floor)(0.7 I + 0.3 H),  less a step for each part of a session

"Stuck" is refuel x B > 1: then each intrusion teaches at least as much threat as it found, and the memory keeps itself.
Numbers without a unit are shares between 0 and 1. The weights 0.7 and 0.3 and the running means are of the prototype.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.effects.parameters import Array
from unstuck.lab.fear.base import Event, Told, event
from unstuck.lab.patients.minds import Crowd
from unstuck.lab.patients.timetable import (
    CUES_OF,
    DRIFT,
    SLOTS,
    STRESS,
    Marks,
    Timetable,
    What,
)
from unstuck.lab.random import uniform_array

Flags = NDArray[np.bool_]
START = {"intrusion": 0.8, "avoidance": 0.6, "arousal": 0.5, "threat": 0.7}  # before the run-in, which forgets them
TRAUMA_H = (24.0, 24.0, 24.0, 0.05, 0.05, 0.05, 0.05, 720.0)  # hours before each of the events below
TRAUMA_NIGHTS = (1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 30.0)
TRAUMA_OUTCOME = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0)
TRAUMA_CUES = np.array([1.0, 0.6, 1.0, 0.0, 0.0, 0.0])
TRAUMA_SLEEP = 0.7
OF_INTRUSION, OF_AROUSAL = 0.7, 0.3  # how much each feeds belief
LEAST_BELIEF = 0.02
LUCK = "life"


@dataclass(frozen=True, slots=True)
class Signals:
    """What a drug does at each event, shape (people or 1, events); `none` for no drug."""

    block: Array
    plasticity: Array
    plasticity_since: Array
    block_after: Array
    met: Array  # what is left of the pull to avoid, 1 without a drug
    yielding: Array  # how much more beliefs yield, 1 without

    @classmethod
    def none(cls, events: int) -> Signals:
        """No drug."""
        zero, one = np.zeros((1, events)), np.ones((1, events))
        return cls(zero, zero, zero, zero, one, one)


@dataclass(frozen=True, slots=True)
class Inner:
    """State of the people around the learner, each (people,)."""

    belief: Array
    intrusion: Array
    avoidance: Array
    arousal: Array
    threat: Array  # what reminders and intrusions lately predicted
    left: Array  # 1 after leaving therapy
    at_first: Array  # intrusion fear at the first session


STATES = ("belief", "intrusion", "avoidance", "arousal", "threat", "left")


def begin(crowd: Crowd) -> tuple[Any, Inner]:
    """The learner after one severe event and a month, and the state in which the run-in begins."""
    learner, p = crowd.model.learner, crowd.members
    state = learner.begin(crowd.people)
    for since, nights, outcome in zip(TRAUMA_H, TRAUMA_NIGHTS, TRAUMA_OUTCOME, strict=True):
        cues = TRAUMA_CUES if outcome else CUES_OF[What.CALM]
        e = event(cues, since_h=since, nights=nights, outcome=outcome, sleep=TRAUMA_SLEEP, until_h=0.05)
        state, _ = learner.step(p, state, e)
    full = {name: np.full(crowd.people, value) for name, value in START.items()}
    none = np.zeros(crowd.people)
    inner = Inner(belief=crowd.life["life.belief_start"].copy(), left=none, at_first=none, **full)
    return state, inner


@dataclass(frozen=True, slots=True)
class Now:
    """One event of everybody: who they are, its row in the timetable, what the drug does, and the day's luck."""

    crowd: Crowd
    table: Timetable
    n: int
    drug: Mapping[str, Array]
    luck: Array

    @property
    def life(self) -> Mapping[str, Array]:
        """Figures of daily life by name."""
        return self.crowd.life

    @property
    def what(self) -> What:
        """What the event is."""
        return What(int(self.table.what[self.n]))

    @property
    def draw(self) -> Array:
        """The event's own uniform number of each person."""
        return np.asarray(self.luck[:, self.table.slot[self.n]])


def run(crowd: Crowd, table: Timetable, drug: Signals, looks: Marks) -> Array:
    """States after the events named by `looks`, shape (people, looks, STATES)."""
    state, inner = begin(crowd)
    seen = np.zeros((crowd.people, looks.size, len(STATES)))
    luck, day = np.zeros((crowd.people, SLOTS)), -1
    for n in range(table.events):
        if table.day[n] != day:
            day = int(table.day[n])
            luck = uniform_array(crowd.seed, crowd.numbers, LUCK, SLOTS, day)
        state, inner = _live(Now(crowd, table, n, _at(drug, n), luck), state, inner)
        for place in np.flatnonzero(looks == n):
            seen[:, place] = np.stack([getattr(inner, name) for name in STATES], axis=1)
    return seen


def _at(drug: Signals, n: int) -> dict[str, Array]:
    return {field.name: getattr(drug, field.name)[:, n] for field in fields(drug)}


def _live(now: Now, state: Any, inner: Inner) -> tuple[Any, Inner]:
    """One event of everybody."""
    inner = _drifted(now, inner)
    met = _met(now, inner)
    state, told = now.crowd.model.learner.step(now.crowd.members, state, _event(now, inner, met))
    inner = _taught(now, _felt(now, inner, met, told), met)
    return state, _leaves(now, inner, told.expressed) if now.table.begins[now.n] else inner


def _drifted(now: Now, inner: Inner) -> Inner:
    """Belief follows intrusions and arousal over weeks, and once a day moves a little by itself."""
    life, days = now.life, now.table.since_h[now.n] / 24.0
    floor = life["life.belief_floor"]
    target = floor + (1 - floor) * (OF_INTRUSION * inner.intrusion + OF_AROUSAL * inner.arousal)
    belief = inner.belief + days / life["life.belief_days"] * (target - inner.belief)
    if now.table.first_of_day[now.n]:
        belief = belief + life["life.belief_drift"] * np.sqrt(12.0) * (now.luck[:, DRIFT] - 0.5)
    return replace(inner, belief=np.clip(belief, LEAST_BELIEF, 1.0))


@dataclass(frozen=True, slots=True)
class _Met:
    """Who avoids, who meets the event at all, and who meets a new frightening one instead."""

    avoided: Flags
    lived: Flags
    stress: Flags


def _met(now: Now, inner: Inner) -> _Met:
    nobody, there = np.zeros(inner.belief.size, dtype=bool), inner.left < 0.5
    match now.what:
        case What.REMINDER:
            return _reminded(now, inner, there)
        case What.INTRUSION:
            return _Met(nobody, now.draw < now.life["life.intrusion_chance"], nobody)
        case What.TAPE:
            return _Met(nobody, (now.draw < now.life["therapy.adherence"]) & there, nobody)
        case What.CALM:
            return _Met(nobody, ~nobody, nobody)
        case What.MEMORY | What.THOUGHT | What.TALK:
            return _Met(nobody, there, nobody)


def _reminded(now: Now, inner: Inner, there: Flags) -> _Met:
    life = now.life
    pull = life["life.avoid_steepness"] * (inner.threat * now.drug["met"] - life["life.avoid_threshold"])
    practised = now.table.in_vivo[now.n] * life["therapy.adherence"] * there
    stress = (now.luck[:, STRESS] < life["life.stress_per_year"] / 365.0) & bool(now.table.slot[now.n] == 2)
    avoided = (now.draw < 1 / (1 + np.exp(-pull)) * (1 - practised)) & ~stress
    return _Met(avoided, ~avoided, stress)


def _event(now: Now, inner: Inner, met: _Met) -> Event:
    """The event as the learner gets it."""
    life, table, n = now.life, now.table, now.n
    cues = CUES_OF[now.what].copy()
    cues[0] *= table.vividness[n]
    calm = now.what in (What.CALM, What.TALK)
    eased = 1 - table.supported[n] * life["therapy.support"]
    drug = {name: now.drug[name] for name in ("block", "plasticity", "plasticity_since", "block_after")}
    return event(
        np.where(met.lived[:, None], cues, CUES_OF[What.CALM]),
        since_h=table.since_h[n],
        until_h=table.until_h[n],
        nights=table.nights[n],
        outcome=np.where(met.stress, life["life.stress_outcome"], 0.0),
        observed=met.lived.astype(float),
        sleep=1 / (1 + life["life.sleep_loss"] * inner.arousal),
        reaction=np.where(met.lived & (not calm), life["life.refuel"] * inner.belief * eased, 0.0),
        expectation=life["life.belief_expects"] * inner.belief,
        **drug,
    )


def _felt(now: Now, inner: Inner, met: _Met, told: Told) -> Inner:
    """Running means after the event."""
    life, found = now.life, dict[str, Array]()
    threat = told.predicted
    if now.what is What.INTRUSION:
        felt = np.where(met.lived, told.expressed, 0.0)
        found["intrusion"] = inner.intrusion + life["life.intrusion_memory"] * (felt - inner.intrusion)
        found["threat"] = np.where(met.lived, 0.9 * inner.threat + 0.1 * threat, inner.threat)
    if now.what is What.REMINDER:
        found["avoidance"] = inner.avoidance + life["life.avoidance_memory"] * (met.avoided - inner.avoidance)
        found["threat"] = np.where(met.lived, 0.6 * inner.threat + 0.4 * threat, inner.threat)
    if not now.table.session[now.n]:
        found["arousal"] = inner.arousal + life["life.arousal_from_intrusion"] * (told.expressed - inner.arousal)
    return replace(inner, **found)


_STEP = ("", "therapy.belief_exposure", "therapy.belief_cognitive", "therapy.belief_supportive")


def _taught(now: Now, inner: Inner, met: _Met) -> Inner:
    """A part of a session moves belief; the drug's channels of encoding and learning act on that as on threat."""
    life, drug, step = now.life, now.drug, int(now.table.teaches[now.n])
    if not step:
        return inner
    gain = (1 - life["learner.drug_block"] * drug["block"]) * (1 + life["learner.drug_learning"] * drug["plasticity"])
    moved = np.where(met.lived, np.minimum(life[_STEP[step]] * gain * drug["yielding"], 0.9), 0.0)
    return replace(inner, belief=np.clip(inner.belief * (1 - moved), LEAST_BELIEF, 1.0))


def _leaves(now: Now, inner: Inner, fear: Array) -> Inner:
    """Whether somebody leaves therapy at this session; who left stays away."""
    life, session, base = now.life, now.table.session[now.n], now.table.leaves[now.n]
    first = inner.intrusion if session == 1 else inner.at_first
    odds = np.log(base / (1 - base)) if base > 0 else -np.inf
    gainless = bool(session > 3) & (inner.intrusion >= first)
    pull = odds + life["therapy.leaving"] + life["therapy.leave_distress"] * (2 * fear - 1)
    pull = pull + life["therapy.leave_no_gain"] * gainless
    goes = now.draw < 1 / (1 + np.exp(-pull))
    return replace(inner, at_first=first, left=np.where(goes, 1.0, inner.left))


Runner = Callable[[Crowd, Timetable, Signals, Marks], Array]
