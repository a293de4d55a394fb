"""Where everybody in lockstep stands: what was done when, what was skipped, and what rules may see of it.

Times are whole minutes after enrolment. NEVER means that it has not happened, FAR that it never will.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from unstuck.core.assessment import score
from unstuck.core.instrument import Instrument
from unstuck.core.protocol import Dose, Protocol, Step
from unstuck.lab.patients.answers import thoughts
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints
from unstuck.lab.trials.batched.minds import MindCrowd
from unstuck.lab.trials.batched.people import Crowd

NEVER = np.int64(-(2**40))
FAR = np.int64(2**40)
RISKS = ("none", "low", "moderate", "high")
COUNTED = ("doses", "therapy_sessions", "preparations", "integrations")


@dataclass
class Series:
    """Scores of one instrument: minute and value of each, in order of time, and how many there are."""

    at: Ints  # (people, most)
    value: Floats
    count: Ints

    @classmethod
    def empty(cls, people: int) -> Series:
        """No score yet."""
        return cls(np.full((people, 4), FAR), np.full((people, 4), np.nan), np.zeros(people, dtype=np.int64))

    def add(self, who: Ints, at: Ints, value: Floats) -> None:
        """One more score of these people."""
        if self.count[who].max(initial=0) >= self.at.shape[1]:
            self.at = np.concatenate([self.at, np.full_like(self.at, FAR)], axis=1)
            self.value = np.concatenate([self.value, np.full_like(self.value, np.nan)], axis=1)
        self.at[who, self.count[who]], self.value[who, self.count[who]] = at, value
        self.count[who] += 1


@dataclass
class Occurrences:
    """The times that one step can have: arrays of shape (people, times)."""

    done: Ints
    skipped: Ints
    given_up: Bools
    not_before: Ints
    visit: Ints  # number of the dosing visit, fixed when it was first prepared; 0 before

    @classmethod
    def empty(cls, people: int, times: int) -> Occurrences:
        """Nothing has happened."""
        shape = (people, times)
        return cls(
            np.full(shape, NEVER), np.full(shape, NEVER), np.zeros(shape, bool), np.full(shape, NEVER),
            np.zeros(shape, dtype=np.int64),
        )  # fmt: skip

    @property
    def settled(self) -> Bools:
        """Which occurrences are done or skipped."""
        return np.asarray((self.done != NEVER) | (self.skipped != NEVER))


@dataclass
class State:
    """Everybody's course under one protocol and one of its arms."""

    protocol: Protocol
    crowd: Crowd | MindCrowd
    steps: dict[str, Occurrences]
    now: Ints
    alive: Bools
    leaves_at: Ints
    doses: Series = field(init=False)  # minute of each dose; the value is its number
    therapies: Series = field(init=False)
    scores: dict[str, Series] = field(default_factory=dict)
    held: dict[str, Series] = field(default_factory=dict)  # minutes at which steps of a kind were held
    counters: dict[str, tuple[Floats, Ints]] = field(default_factory=dict)  # how often, and when last
    stated: dict[str, tuple[Floats, Ints]] = field(default_factory=dict)  # what was last said, and when
    rated: dict[str, Ints] = field(default_factory=dict)  # when an instrument of the dosing day was last rated
    read: dict[str, Floats] = field(default_factory=dict)  # readings taken at the gate that is being judged
    weighed: Floats = field(init=False)  # the last weight that was read, kg; not a number before
    left: Bools = field(init=False)
    stopped: Bools = field(init=False)

    def __post_init__(self) -> None:
        size = self.size
        self.doses, self.therapies = Series.empty(size), Series.empty(size)
        self.left, self.stopped = np.zeros(size, bool), np.zeros(size, bool)
        self.weighed = np.full(size, np.nan)
        for name in COUNTED:
            self.counters[name] = (np.zeros(size), np.zeros(size, dtype=np.int64))

    @property
    def size(self) -> int:
        """How many people there are."""
        return len(self.now)

    def counter(self, name: str) -> tuple[Floats, Ints]:
        """How often something happened and when last; 0 from enrolment on."""
        if name not in self.counters:
            self.counters[name] = (np.zeros(self.size), np.zeros(self.size, dtype=np.int64))
        return self.counters[name]

    def count(self, name: str, who: Ints, at: Ints) -> None:
        """One more of it."""
        number, last = self.counter(name)
        number[who] += 1
        last[who] = at

    def series(self, instrument: str) -> Series:
        """The scores of that instrument."""
        return self.scores.setdefault(instrument, Series.empty(self.size))

    def last_rated(self, instrument: str) -> Ints:
        """When that instrument was last rated."""
        return self.rated.setdefault(instrument, np.full(self.size, NEVER))

    def fact(self, name: str) -> tuple[Floats, Ints]:
        """What was last stated of a person, as a number, and when."""
        if name not in self.stated:
            self.stated[name] = (np.zeros(self.size), np.full(self.size, NEVER))
        return self.stated[name]


def state_of(protocol: Protocol, crowd: Crowd | MindCrowd) -> State:
    """The state at enrolment."""
    size = len(crowd.caps5)
    most = sum(step.times or 0 for step in protocol.steps if isinstance(step.activity, Dose))
    return State(
        protocol,
        crowd,
        {step.key: Occurrences.empty(size, times_of(step, most)) for step in protocol.steps},
        np.zeros(size, dtype=np.int64),
        np.ones(size, dtype=bool),
        np.full(size, FAR),
    )


def times_of(step: Step, most_doses: int) -> int:
    """How often the step can occur at most."""
    return max(1, most_doses) if step.times is None else max(1, step.times)


def risk_of(state: State, instrument: Instrument, who: Ints, at: Ints) -> Ints:
    """The screener's level of risk on that day, as a place in RISKS."""
    crowd = state.crowd
    eased = crowd.mood_on(who, at / 1440) < 0.6 * crowd.mood[who]
    level = np.maximum(0, crowd.body.ideation[who] - eased)
    return _risks(instrument)[level, crowd.body.attempt[who].astype(np.int64)]


@cache
def _risks(instrument: Instrument) -> Ints:
    """Place of the level in RISKS by level of thoughts and earlier attempt, as the instrument itself scores it."""
    table = np.zeros((5, 2), dtype=np.int64)
    for level in range(5):
        for attempt in (False, True):
            scored = score(instrument, thoughts(instrument, level, attempt))
            table[level, int(attempt)] = RISKS.index(str(scored.triages["risk"].level))
    return table
