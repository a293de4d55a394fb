"""What every learner of fear takes and gives: a member's figures, an event, what was expressed.

An axis of people stands first in every array; a figure or a signal that is the same for all may have length 1 there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, TypeVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unstuck.core.errors import Complaint

Array = NDArray[np.float64]
FEATURES = 6  # of an event; a schedule that needs fewer leaves the rest at zero
LabState = TypeVar("LabState")


@dataclass(frozen=True, slots=True)
class Members:
    """Figures of the people who learn: one row each, one column a name. Raises Complaint where they do not fit."""

    names: tuple[str, ...]
    table: Array  # (people, names)

    def __post_init__(self) -> None:
        if self.table.ndim != 2 or self.table.shape[1] != len(self.names):
            raise Complaint(f"{self.table.shape} is no table of {len(self.names)} figures a person.", "members")
        if not np.isfinite(self.table).all():
            raise Complaint("A figure is not finite.", "members")

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.table.shape[0])

    def __getitem__(self, name: str) -> Array:
        """That figure of everybody, shape (people,)."""
        return self.table[:, self._place(name)]

    def having(self, **columns: ArrayLike) -> Members:
        """The same people with some figures replaced."""
        table = self.table.copy()
        for name, values in columns.items():
            table[:, self._place(name)] = values
        return Members(self.names, table)

    def repeated(self, times: int) -> Members:
        """Each person so many times, one after the other."""
        return Members(self.names, np.repeat(self.table, times, axis=0))

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise Complaint(f"There is no figure {name}.", "members", f"Known: {', '.join(self.names)}.")
        return self.names.index(name)


@dataclass(frozen=True, slots=True)
class Event:
    """One experience of everybody: arrays of shape (people,) or (1,), `features` (people, FEATURES) or (1, FEATURES).

    The outcome that is learned from is `outcome + reaction * predicted`, within 0 and 1: with `reaction` above 0 the
    person's own fear is the aversive event (an intrusion), with 0 the world alone decides (the laboratory).
    """

    since_h: Array  # hours since the event before
    features: Array
    outcome: Array  # 0 nothing, 1 the worst
    observed: Array  # 0 where nothing can be learned
    until_h: Array  # hours to the next event: the labile window closes in them
    nights: Array  # whole nights since the event before
    sleep: Array  # how good they were, 1 is healthy
    reaction: Array
    expectation: Array  # threat that is expected of anything new (negative belief)
    block: Array  # share of NMDA transmission blocked during the event
    plasticity: Array  # raised plasticity at the event, 1 is the peak of one standard session
    plasticity_since: Array  # its mean since the event before
    block_after: Array  # block in the labile hours after the event, over the block during it
    amnestic: Array  # laboratory agent given straight after, 1 is a full dose


SCALARS = tuple(field.name for field in fields(Event) if field.name != "features")
USUAL: Mapping[str, float] = {"observed": 1.0, "sleep": 1.0}


def event(features: ArrayLike, **given: ArrayLike) -> Event:
    """An event with these fields; what is not given is 0, observed and sleep 1. Shapes follow `features`."""
    seen = np.atleast_2d(np.asarray(features, dtype=float))
    filled = np.zeros((seen.shape[0], FEATURES))
    filled[:, : seen.shape[1]] = seen
    scalars = {name: np.atleast_1d(np.asarray(given.pop(name, USUAL.get(name, 0.0)), dtype=float)) for name in SCALARS}
    if given:
        raise Complaint(f"An event has no {', '.join(given)}.", "event", f"Known: {', '.join(SCALARS)}.")
    return Event(features=filled, **scalars)


@dataclass(frozen=True, slots=True)
class History:
    """Schedules of events, padded to one length: arrays (schedules, events), `features` (schedules, events, FEATURES).

    `which` names the schedule of each person; `lengths` says how many events of each schedule are real.
    """

    events: Event
    lengths: NDArray[np.int64]

    @property
    def schedules(self) -> int:
        """How many schedules there are."""
        return int(self.events.features.shape[0])

    @property
    def width(self) -> int:
        """Events of the longest schedule, padding included."""
        return int(self.events.features.shape[1])

    def at(self, number: int, which: NDArray[np.int64]) -> Event:
        """That event of each person's schedule."""
        return Event(**{f.name: getattr(self.events, f.name)[which, number] for f in fields(Event)})

    def having(self, **columns: Array) -> History:
        """The same schedules with some fields of their events replaced."""
        return replace(self, events=replace(self.events, **columns))


def padded(histories: Sequence[History], width: int | None = None) -> History:
    """All schedules in one, filled up to the longest or to `width` with events that are not lived."""
    width = max([h.width for h in histories] + [width or 0])

    def stretched(name: str) -> Array:
        parts = [getattr(h.events, name) for h in histories]
        fills = [np.zeros((p.shape[0], width - p.shape[1], *p.shape[2:])) for p in parts]
        return np.concatenate([np.concatenate([p, f], axis=1) for p, f in zip(parts, fills, strict=True)])

    events = Event(**{f.name: stretched(f.name) for f in fields(Event)})
    return History(events, np.concatenate([h.lengths for h in histories]))


@dataclass(frozen=True, slots=True)
class Told:
    """What one event brought, each of shape (people,); of a whole history, (people, events)."""

    expressed: Array  # fear that can be seen, 0 to 1
    predicted: Array  # threat expected before the outcome
    outcome: Array  # what was learned from
    causes: Array  # how many causes the person tells apart


class Learner(ABC, Generic[LabState]):
    """One member of the family. The state is an immutable value; `step` returns the next one."""

    key: str
    names: tuple[str, ...]

    @abstractmethod
    def begin(self, people: int) -> LabState:
        """The state of people to whom nothing has happened yet."""

    @abstractmethod
    def step(self, p: Members, state: LabState, e: Event) -> tuple[LabState, Told]:
        """The state after one event, and what the event brought."""

    @abstractmethod
    def kept(self, lived: NDArray[np.bool_], new: LabState, old: LabState) -> LabState:
        """The new state of those who lived the event, the old one of the others."""

    @final
    def run(self, p: Members, history: History, which: NDArray[np.int64] | None = None) -> tuple[LabState, Told]:
        """The last state and what every event brought, shape (people, events); padding brings NaN.

        `which` gives each person's schedule; everybody has the first where it is not given.
        """
        place = np.zeros(p.people, dtype=np.int64) if which is None else which
        state, told = self.begin(p.people), []
        for number in range(history.width):
            new, brought = self.step(p, state, history.at(number, place))
            lived = number < history.lengths[place]
            state = new if lived.all() else self.kept(lived, new, state)
            told.append(np.where(lived, np.stack(_columns(brought, p.people)), np.nan))
        stacked = np.stack(told, axis=-1) if told else np.zeros((len(fields(Told)), p.people, 0))
        return state, Told(*stacked)


def _columns(told: Told, people: int) -> list[Array]:
    return [np.broadcast_to(getattr(told, f.name), people) for f in fields(Told)]


def choose(lived: NDArray[np.bool_], new: Any, old: Any) -> Any:
    """A dataclass of arrays with people first: rows of `new` where lived, else of `old`."""

    def rows(name: str) -> Array:
        a, b = getattr(new, name), getattr(old, name)
        return np.asarray(np.where(lived.reshape(-1, *[1] * (a.ndim - 1)), a, b))

    return replace(new, **{f.name: rows(f.name) for f in fields(new)})
