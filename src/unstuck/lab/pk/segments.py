"""One stretch of time with constant parameters for many people: the compiled solver, and the guard for whom it
marks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TextIO

import numpy as np

from unstuck.lab.pk.exact import Rows, run
from unstuck.lab.pk.kernel import Crowd, plan_of, run_crowd, solve_crowd
from unstuck.lab.pk.lanes import LANES
from unstuck.lab.pk.modes import Bools
from unstuck.lab.pk.people import Floats, People, Person, people
from unstuck.lab.pk.program import compile_program
from unstuck.lab.pk.regimen import Regimen, bolus
from unstuck.lab.pk.system import System, Wiring

_FINE_H, _MOST_PARTS = 1 / 180, 256


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a stretch gives: concentrations (O, n, T), areas, areas to come, peaks, their hours and hours above the
    level (O, n), and the states at its end (n, K)."""

    conc: Floats
    area: Floats
    rest: Floats
    peak: Floats
    peak_h: Floats
    above_h: Floats
    end: Floats


def solve_stretch(
    system: System, regimen: Regimen, who: People, times_h: Floats, start: Floats, level: Floats | None = None
) -> Stretch:
    """The stretch from 0 to the last time for these people, beginning with `start` (n, K); peaks and hours above
    where a level (O,) is given, inf for an output without one."""
    program = compile_program(regimen, system, who, times_h)
    plan = plan_of(system, program)
    n = len(who)
    pad = -n % LANES
    crowd = Crowd(
        _padded(system.matrix, pad),
        np.ascontiguousarray(_padded(np.array([c.amount_mg for c in program.channels]).reshape(-1, n).T, pad).T),
        np.ascontiguousarray(_padded(np.array([r.scale for r in system.readings.values()]).T, pad).T),
        _padded(start, pad),
    )
    found = solve_crowd(plan, crowd, level)
    conc = found.conc.transpose(2, 0, 3, 1).reshape(len(system.readings), n + pad, -1)[:, :n]
    rows = (found.area, found.rest, found.peak, found.peak_h, found.above_h)
    area, rest, peak, peak_h, above_h = (row[:, :n].copy() for row in rows)
    stretch = Stretch(conc, area, rest, peak, peak_h, above_h, found.end[:n])
    marked = np.flatnonzero(found.sound[:n] != 1.0)
    if marked.size:
        _guard(stretch, marked, (system, regimen, who, times_h, start, level))
    return stretch


def _padded(values: Floats, pad: int) -> Floats:
    """The rows, and the last one so many times more."""
    return np.ascontiguousarray(np.concatenate([values, np.repeat(values[-1:], pad, axis=0)]))


Asked = tuple[System, Regimen, People, Floats, Floats, "Floats | None"]


def _guard(stretch: Stretch, rows: Rows, asked: Asked) -> None:
    """Writes the guarded solution of those people over what the kernel found."""
    system, regimen, who, times_h, start, level = asked
    part = _only(system, rows)
    few = replace_rows(who, rows)
    program = compile_program(regimen, part, few, times_h)
    states, area, rest = run(part, program, start[rows])
    for o, reading in enumerate(part.readings.values()):
        k = part.states.index(reading.state)
        stretch.conc[o, rows] = states[:, :, k] * reading.scale[:, None]
        stretch.area[o, rows], stretch.rest[o, rows] = area[:, k] * reading.scale, rest[:, k] * reading.scale
    stretch.end[rows] = states[:, -1]
    if level is not None:
        _guarded_peaks(stretch, rows, (part, regimen, few, program.grid_h, start[rows], level))


def _guarded_peaks(stretch: Stretch, rows: Rows, asked: tuple[System, Regimen, People, Floats, Floats, Floats]) -> None:
    """Peaks and hours above a level from curves read every 20 seconds (or in 256 parts of a long step), the peak by the
    parabola through the highest three points inside a step: to about 5e-4."""
    part, regimen, few, grid, start, level = asked
    counts = np.clip(np.ceil(np.diff(grid) / _FINE_H), 1, _MOST_PARTS).astype(int)
    pieces = [a + (b - a) * np.arange(c) / c for (a, b), c in zip(pairwise(grid), counts, strict=True)]
    times = np.append(np.concatenate([*pieces, np.zeros(0)]), grid[-1])
    edge = np.isin(times, grid)
    states, _, _ = run(part, compile_program(regimen, part, few, times), start)
    for o, reading in enumerate(part.readings.values()):
        curve = states[:, :, part.states.index(reading.state)] * reading.scale[:, None]
        stretch.peak[o, rows], stretch.peak_h[o, rows] = _tops(times, curve, edge)
        stretch.above_h[o, rows] = _above(times, curve, float(level[o]))


def _tops(times: Floats, curve: Floats, edge: Bools) -> tuple[Floats, Floats]:
    """Height and time of each curve's top; between points where the top is no edge of a step."""
    top = curve.argmax(axis=1)
    inner = ~edge[top]
    mid = np.where(inner, top, 1)
    row = np.arange(len(top))
    before, here, after = curve[row, mid - 1], curve[row, mid], curve[row, np.minimum(mid + 1, times.size - 1)]
    bend = np.where(inner, before - 2 * here + after, -1.0)
    shift = np.where(inner, 0.5 * (before - after) / bend, 0.0)
    width = times[mid] - times[mid - 1]
    height = np.where(inner, here - 0.25 * (before - after) * shift, curve[row, top])
    return height, np.where(inner, times[mid] + shift * width, times[top])


def _above(times: Floats, curve: Floats, level: float) -> Floats:
    """Hours above the level of curves that are straight between the times."""
    if not np.isfinite(level):
        return np.zeros(len(curve))
    one, other = curve[:, :-1] - level, curve[:, 1:] - level
    with np.errstate(divide="ignore", invalid="ignore"):
        mixed = np.maximum(one, other) / np.abs(one - other)
    share = np.where((one > 0) == (other > 0), (one > 0) * 1.0, mixed)
    found: Floats = (share * np.diff(times)).sum(axis=1)
    return found


def _only(system: System, rows: Rows) -> System:
    ports = {r: tuple(replace(p, share=p.share[rows]) for p in ports) for r, ports in system.ports.items()}
    readings = {name: replace(r, scale=r.scale[rows]) for name, r in system.readings.items()}
    return System(system.states, system.matrix[rows], ports, readings)


def replace_rows(who: People, rows: Rows) -> People:
    """The people in those rows."""
    return People(
        who.weight_kg[rows], who.age_years[rows], who.woman[rows], who.clint_factor[rows], who.asian[rows],
        who.japanese[rows],
    )  # fmt: skip


def prepare() -> None:
    """Afterwards the solver is compiled or loaded: it has solved a small system once."""
    wiring = Wiring(1)
    wiring.loss("c", 1.0)
    wiring.port("iv_bolus", ("c", 1.0, 0.0))
    wiring.read("ketamine_arterial", "c", 1.0)
    one, who = np.ones(1), people(Person(70, 40))
    solve_stretch(wiring.system(), bolus(mg=1), who, one, np.zeros((1, 1)), np.full(1, np.inf))


@contextmanager
def telling_of_compilation(stream: TextIO, after_s: float = 1.5) -> Iterator[None]:
    """Says once on `stream` that the solver is being compiled, where what is done inside takes long: the first call
    after installation does, later ones find the result in the cache."""
    tell = threading.Timer(after_s, _say, (stream,))
    tell.daemon = True
    if not run_crowd.signatures:  # nothing is compiled or loaded yet in this process
        tell.start()
    try:
        yield
    finally:
        tell.cancel()


def _say(stream: TextIO) -> None:
    print("Preparing the solver. The first call after installation compiles it, for about half a minute.", file=stream)
