"""The plain NumPy solver: exact between events, the yardstick of the compiled one, and all that the clinic's door
needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.pk.guard import propagators
from unstuck.lab.pk.modes import Modes, modes_of, shape_of
from unstuck.lab.pk.parameter_sets import ParameterSet
from unstuck.lab.pk.people import Floats, People, Person, people
from unstuck.lab.pk.program import Program, Steady, compile_program
from unstuck.lab.pk.regimen import Regimen
from unstuck.lab.pk.structures import build
from unstuck.lab.pk.system import System

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Course:
    """Concentrations in ng/mL, by output, shape (n, T); `time_h` (T,); `auc` exact, from 0 to the last time, in h
    ng/mL, shape (n,), and `auc_to_come` what follows after it if nothing more is given."""

    time_h: Floats
    conc_ng_per_ml: Mapping[str, Floats]
    auc: Mapping[str, Floats]
    auc_to_come: Mapping[str, Floats]

    def __getitem__(self, output: str) -> Floats:
        return self.conc_ng_per_ml[output]


def predict(found: ParameterSet, regimen: Regimen, person: Person | People, times_h: Floats) -> Course:
    """The typical course of one person or of many under a parameter set: covariates act, spread does not. Times in
    hours from 0, ascending. Raises Complaint outside the set's domain."""
    who = people(person) if isinstance(person, Person) else person
    found.check(who, {dose.route for dose in regimen.doses})
    system = build(found, found.values(who), who)
    return solve(system, regimen, who, np.asarray(times_h, dtype=float))


def solve(system: System, regimen: Regimen, who: People, times_h: Floats, outputs: tuple[str, ...] = ()) -> Course:
    """What this system does under this regimen; every output where none is named."""
    wanted = outputs or tuple(system.readings)
    program = compile_program(regimen, system, who, times_h)
    states, area, to_come = run(system, program)
    conc, auc, later = {}, {}, {}
    for name in wanted:
        reading = system.readings[name]
        k = system.states.index(reading.state)
        conc[name] = states[:, :, k] * reading.scale[:, None]
        auc[name], later[name] = area[:, k] * reading.scale, to_come[:, k] * reading.scale
    return Course(np.asarray(times_h, dtype=float), conc, auc, later)


def run(system: System, program: Program, start: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """States at the wanted times (n, T, K), their integrals to the last grid point (n, K), and what the integrals would
    still gain after it (n, K). `start` (n, K) is what is in the body at 0."""
    matrix = system.matrix
    n, count = matrix.shape[:2]
    begin = np.zeros((n, count)) if start is None else start
    modes = modes_of(matrix, shape_of(matrix))
    states = np.empty((n, program.wanted.size, count))
    end, jumped = np.empty((n, count)), np.empty((n, count))
    for good in (True, False):
        rows = np.flatnonzero(modes.sound == good)
        if rows.size:
            stepper = _Modal(modes, rows) if good else _Guarded(matrix[rows])
            entries = _entries(system, program, rows)
            states[rows], end[rows], jumped[rows] = _walk(stepper, program, entries, begin[rows])
    given = _total_input(system, program) + begin + jumped
    return states, _resolved(-matrix, given - end), _resolved(-matrix, end)


def _resolved(matrix: Floats, right: Floats) -> Floats:
    """x in matrix x = right, for each person."""
    found: Floats = np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0], dtype=np.float64)
    return found


class _Modal:
    """Steps in the exponential basis; a state is given by its modes."""

    def __init__(self, modes: Modes, rows: Rows) -> None:
        self.rates, self.right, self.left = modes.rates[rows], modes.right[rows], modes.left[rows]
        self.known: dict[float, tuple[Floats, Floats]] = {}

    def enter(self, x: Floats) -> Floats:
        """The modes of states x (n, K) or of channels (n, C, K)."""
        found: Floats = np.einsum("nij,n...j->n...i", self.left, x)
        return found

    def leave(self, z: Floats) -> Floats:
        found: Floats = np.einsum("nij,nj->ni", self.right, z)
        return found

    def _factors(self, hours: float) -> tuple[Floats, Floats]:
        if hours not in self.known:
            fade = np.exp(-self.rates * hours)
            self.known[hours] = fade, -np.expm1(-self.rates * hours) / self.rates
        return self.known[hours]

    def step(self, z: Floats, inflow: Floats, hours: float) -> Floats:
        fade, gain = self._factors(hours)
        return z * fade + inflow * gain

    def fill(self, z: Floats, hours: float) -> Floats:
        """What pulses z at every `hours`, the last one `hours` ago, have left."""
        fade, gain = self._factors(hours)
        return z * fade / (gain * self.rates)


class _Guarded:
    """Steps by matrix exponentials; a state is itself."""

    def __init__(self, matrix: Floats) -> None:
        self.matrix = matrix
        self.known: dict[float, tuple[Floats, Floats]] = {}

    def enter(self, x: Floats) -> Floats:
        return x

    def leave(self, z: Floats) -> Floats:
        return z

    def _factors(self, hours: float) -> tuple[Floats, Floats]:
        if hours not in self.known:
            self.known[hours] = propagators(self.matrix, hours)
        return self.known[hours]

    def step(self, z: Floats, inflow: Floats, hours: float) -> Floats:
        fade, gain = self._factors(hours)
        found: Floats = np.einsum("nij,nj->ni", fade, z) + np.einsum("nij,nj->ni", gain, inflow)
        return found

    def fill(self, z: Floats, hours: float) -> Floats:
        fade, _ = self._factors(hours)
        return _resolved(np.eye(z.shape[1]) - fade, np.einsum("nij,nj->ni", fade, z))


def _walk(
    stepper: _Modal | _Guarded, program: Program, entries: Floats, start: Floats
) -> tuple[Floats, Floats, Floats]:
    """States at the wanted times, at the last grid point, and what resets and steady states added in all."""
    ways, z = stepper.enter(entries), stepper.enter(start)
    seen, jumped = np.empty((len(start), program.grid_h.size, start.shape[1])), np.zeros_like(z)
    for point in range(program.grid_h.size):
        settled = _settled(stepper, program, point, ways, z)
        jumped, z = jumped + (settled - z), settled + np.einsum("c,nck->nk", program.pulse[point], ways)
        seen[:, point] = stepper.leave(z)
        if point + 1 < program.grid_h.size:
            inflow = np.einsum("c,nck->nk", program.rate[point], ways)
            z = stepper.step(z, inflow, float(program.lengths_h[program.interval[point]]))
    return seen[:, program.wanted], seen[:, -1], stepper.leave(jumped)


def _settled(stepper: _Modal | _Guarded, program: Program, point: int, ways: Floats, z: Floats) -> Floats:
    """The body at that point after a reset and what steady states have left, before its pulses."""
    z = np.zeros_like(z) if program.reset[point] else z
    for one in program.steady:
        if one.point == point:
            z = z + _steady_state(stepper, one, ways[:, one.channel])
    return z


def _steady_state(stepper: _Modal | _Guarded, one: Steady, way: Floats) -> Floats:
    if one.hours == 0:
        return stepper.fill(way, one.every_h)
    empty = np.zeros_like(way)
    after = stepper.step(empty, way / one.hours, one.hours)
    rest = stepper.step(after, empty, one.every_h - one.hours)
    return rest + stepper.fill(rest, one.every_h)


def _entries(system: System, program: Program, rows: Rows) -> Floats:
    """What a whole amount of each channel adds to the states, (n, C, K)."""
    entries = np.zeros((rows.size, len(program.channels), len(system.states)))
    for c, channel in enumerate(program.channels):
        entries[:, c, system.states.index(channel.state)] = channel.amount_mg[rows]
    return entries


def _total_input(system: System, program: Program) -> Floats:
    """Everything that entered each state up to the last grid point, (n, K)."""
    hours = program.lengths_h[program.interval] if program.interval.size else np.zeros(0)
    times = program.pulse.sum(axis=0) + program.rate.T @ hours
    found: Floats = np.einsum("c,nck->nk", times, _entries(system, program, np.arange(len(system.matrix))))
    return found
