"""A regimen and the wanted times as one list of steps, between which nothing changes: what both solvers run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.pk.people import Floats, People
from unstuck.lab.pk.regimen import Dose, Regimen
from unstuck.lab.pk.system import Port, System

Ints = NDArray[np.int64]
_SAME_H = 1e-11
"""Instants closer than this are one instant (36 nanoseconds)."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way in: a port and an amount for each person, shape (n,), in mg."""

    state: str
    amount_mg: Floats


@dataclass(frozen=True, slots=True)
class Steady:
    """At grid point `point`, channel `channel` adds what the same input at every `every_h` since ever has left."""

    point: int
    channel: int
    every_h: float
    hours: float


@dataclass(frozen=True, slots=True)
class Program:
    """Grid of P points and P - 1 steps. `interval[j]` is the place of step j's length in `lengths_h`; `rate[j, c]`
    is the share of channel c's amount that enters per hour during it; `pulse[i, c]` how often the whole amount
    enters at point i; `reset[i]` whether the body is emptied there first. `wanted[k]` is the point of the k-th
    wanted time."""

    grid_h: Floats
    lengths_h: Floats
    interval: Ints
    rate: Floats
    pulse: Floats
    reset: NDArray[np.bool_]
    steady: tuple[Steady, ...]
    wanted: Ints
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class _Input:
    channel: int
    start_h: float
    hours: float
    dose: Dose


def compile_program(regimen: Regimen, system: System, who: People, times_h: Floats) -> Program:
    """The steps of this regimen for these people. At an instant with a dose, what is read is read after it. Raises
    Complaint for times that are not sorted or come before the first dose's clock."""
    times = _checked_times(times_h)
    channels, inputs = _inputs(regimen, system, who)
    grid = _grid(times, inputs, regimen)
    place = _Places(grid)
    reset = _resets(grid, regimen, place)
    rate, pulse = np.zeros((grid.size - 1, len(channels))), np.zeros((grid.size, len(channels)))
    for entry in inputs:
        first = place(entry.start_h)
        if entry.hours > 0:
            cut = next((p for p in np.flatnonzero(reset) if p > first), grid.size)  # a reset stops what runs
            rate[first : min(place(entry.start_h + entry.hours), cut), entry.channel] += 1 / entry.hours
        else:
            pulse[first, entry.channel] += 1
    lengths, interval = _lengths(grid)
    return Program(
        grid_h=grid,
        lengths_h=lengths,
        interval=interval,
        rate=rate,
        pulse=pulse,
        reset=reset,
        steady=_steady(inputs, place),
        wanted=np.array([place(t) for t in times], dtype=np.int64),
        channels=channels,
    )


def route_key(dose: Dose, system_ports: object) -> str:
    """The name of the dose's port: its route, or for a device with sprays of 28 mg the route and their number."""
    keys = [str(k) for k in system_ports]  # type: ignore[attr-defined]
    if dose.route in keys:
        return dose.route
    sprays = dose.amount / 28.0
    key = f"{dose.route}/{round(sprays)}"
    if dose.per_kg or key not in keys or abs(sprays - round(sprays)) > 1e-9:
        raise Complaint(
            f"{dose.amount:g} {'mg/kg' if dose.per_kg else 'mg'} is no number of sprays of 28 mg.",
            "amount",
            "Give 28, 56 or 84 mg, the sprays of the device.",
        )
    return key


def amount_mg(dose: Dose, who: People) -> Floats:
    """The amount for each person in mg, shape (n,), bounded by the cap."""
    plain = dose.amount * who.weight_kg if dose.per_kg else np.full(len(who), dose.amount)
    return plain if dose.cap_mg is None else np.minimum(plain, dose.cap_mg)


def _inputs(regimen: Regimen, system: System, who: People) -> tuple[tuple[Channel, ...], list[_Input]]:
    places: dict[tuple[object, ...], int] = {}
    channels: list[Channel] = []
    inputs = []
    for dose in regimen.doses:
        key = route_key(dose, system.ports)
        for n, port in enumerate(system.ports[key]):
            name = (key, n, dose.amount, dose.per_kg, dose.cap_mg)
            if name not in places:
                places[name] = len(channels)
                channels.append(Channel(port.state, amount_mg(dose, who) * port.share))
            inputs.append(_Input(places[name], dose.start_h + port.lag_h, _hours(dose, port), dose))
    return tuple(channels), inputs


def _hours(dose: Dose, port: Port) -> float:
    hours = dose.hours or port.hours
    if dose.steady_every_h is not None and hours > dose.steady_every_h:
        raise Complaint(
            f"At every {dose.steady_every_h:g} h the entry over {hours:g} h would overlap itself.",
            "SS",
            "Write the doses out with repeat (ADDL) instead of a steady state.",
        )
    return hours


def _checked_times(times_h: Floats) -> Floats:
    times = np.asarray(times_h, dtype=float)
    if times.ndim != 1 or times.size == 0 or not np.isfinite(times).all():
        raise Complaint("The times are no list of numbers.", "times_h", "Give at least one time in hours.")
    if (np.diff(times) < 0).any() or times[0] < 0:
        raise Complaint("The times are not in order.", "times_h", "Give them from 0 h on, each at or after the last.")
    return times


def _grid(times: Floats, inputs: list[_Input], regimen: Regimen) -> Floats:
    ends = [(e.start_h, e.start_h + e.hours) for e in inputs]
    starts = [t for pair in ends for t in pair] + list(regimen.resets_h)
    if starts and min(starts) < 0:
        raise Complaint("A dose starts before 0 h.", "start_h", "Shift the regimen with at().")
    last = times[-1] + _SAME_H
    every = np.unique(np.concatenate([[0.0], times, [t for t in starts if t <= last]]))
    grid: Floats = every[np.concatenate([[True], np.diff(every) > _SAME_H])]
    return grid


class _Places:
    """Finds the grid point of an instant; one past the end stands for what comes later."""

    def __init__(self, grid: Floats) -> None:
        self.grid = grid

    def __call__(self, time_h: float) -> int:
        return min(int(np.searchsorted(self.grid, time_h - _SAME_H)), self.grid.size - 1)


def _lengths(grid: Floats) -> tuple[Floats, Ints]:
    steps = np.diff(grid)
    rounded, first, interval = np.unique(np.round(steps, 11), return_index=True, return_inverse=True)
    return steps[first] if rounded.size else np.zeros(0), interval.astype(np.int64).reshape(-1)


def _resets(grid: Floats, regimen: Regimen, place: _Places) -> NDArray[np.bool_]:
    marks = np.zeros(grid.size, dtype=bool)
    fresh = [d.start_h for d in regimen.doses if d.steady_every_h is not None and not d.keeps]
    for time_h in [*regimen.resets_h, *fresh]:
        if time_h <= grid[-1] + _SAME_H:
            marks[place(time_h)] = True
    return marks


def _steady(inputs: list[_Input], place: _Places) -> tuple[Steady, ...]:
    last = place.grid[-1] + _SAME_H
    return tuple(
        Steady(place(e.start_h), e.channel, e.dose.steady_every_h, e.hours)
        for e in inputs
        if e.dose.steady_every_h is not None and math.isfinite(e.start_h) and e.start_h <= last
    )
