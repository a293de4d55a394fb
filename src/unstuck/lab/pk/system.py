"""A linear system of compartments for n people: what flows where, where doses enter, what is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.pk.people import Floats

Marks = NDArray[np.bool_]
NG_PER_ML = 1000.0
"""1 mg/L is 1000 ng/mL."""


@dataclass(frozen=True, slots=True)
class Port:
    """Where a share (n,) of a dose enters. `hours` is a modelled duration of entry; 0 means as it is given."""

    state: str
    share: Floats
    hours: float = 0.0
    lag_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """An output: a state times `scale` (n,), in ng/mL."""

    state: str
    scale: Floats


@dataclass(frozen=True, slots=True)
class System:
    """dx/dt = `matrix` x + inputs, with x in mg (the venous state in mg/L); `matrix` has shape (n, K, K), per hour.
    `ports` lists by route where doses enter; `readings` gives each named output."""

    states: tuple[str, ...]
    matrix: Floats
    ports: Mapping[str, tuple[Port, ...]]
    readings: Mapping[str, Reading]

    def reduced(self, routes: set[str], outputs: tuple[str, ...]) -> System:
        """The same system with only those states that a dose by these routes reaches and that the outputs depend on."""
        joined = (self.matrix != 0).any(axis=0)
        entered = {p.state for route in routes for p in self.ports[route]}
        read = {self.readings[o].state for o in outputs}
        keep = _reach(joined, self._places(entered)) & _reach(joined.T, self._places(read))
        keep |= _marks(self._places(read), len(self.states))
        names = tuple(s for s, kept in zip(self.states, keep, strict=True) if kept)
        left = {r: tuple(p for p in self.ports[r] if p.state in names) for r in routes}
        return System(names, self.matrix[:, keep][:, :, keep], left, {o: self.readings[o] for o in outputs})

    def _places(self, names: set[str]) -> list[int]:
        return [self.states.index(name) for name in sorted(names)]


def _marks(places: list[int], count: int) -> Marks:
    marks = np.zeros(count, dtype=bool)
    marks[places] = True
    return marks


def _reach(joined: Marks, start: list[int]) -> Marks:
    """Which states are reached from `start`, where joined[i, j] says that j flows into i."""
    seen = _marks(start, len(joined))
    for _ in range(len(joined)):
        seen = seen | (joined @ seen)
    return seen


@dataclass
class Wiring:
    """Collects flows between named states, then becomes a System. Rates are arrays (n,) or numbers, per hour."""

    n: int
    rates: dict[tuple[str, str], Floats] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    ports: dict[str, tuple[Port, ...]] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)

    def flow(self, source: str, target: str, rate: Floats | float) -> None:
        """What leaves `source` enters `target`."""
        self.loss(source, rate)
        self.make(source, target, rate)

    def loss(self, source: str, rate: Floats | float) -> None:
        """Leaves the body from `source`."""
        self._add(source, source, -np.asarray(rate))

    def make(self, source: str, target: str, rate: Floats | float) -> None:
        """`target` rises by rate times `source`, without taking anything from it."""
        self._add(target, source, np.asarray(rate))

    def _add(self, row: str, column: str, rate: Floats) -> None:
        for name in (column, row):
            if name not in self.names:
                self.names.append(name)
        self.rates[row, column] = self.rates.get((row, column), np.zeros(self.n)) + rate

    def port(self, route: str, *entries: tuple[str, Floats | float, float]) -> None:
        """A dose by `route` enters these states: (state, share, modelled hours)."""
        self.ports[route] = tuple(Port(s, np.broadcast_to(share, self.n) * 1.0, hours) for s, share, hours in entries)

    def read(self, output: str, state: str, volume_l: Floats | float) -> None:
        """`output` is the state over its volume."""
        self.readings[output] = Reading(state, np.broadcast_to(NG_PER_ML / np.asarray(volume_l), self.n) * 1.0)

    def system(self) -> System:
        """Everything collected so far."""
        place = {name: i for i, name in enumerate(self.names)}
        matrix = np.zeros((self.n, len(place), len(place)))
        for (row, column), rate in self.rates.items():
            matrix[:, place[row], place[column]] = rate
        return System(tuple(self.names), matrix, self.ports, self.readings)
