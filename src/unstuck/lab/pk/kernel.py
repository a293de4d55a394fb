"""The compiled solver: blocks of 64 people, all steps of a program, concentrations and exact areas."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from unstuck.lab.pk.lanes import (
    CONTRACT,
    LANES,
    Plan,
    Space,
    between_blocks,
    couple,
    fade_and_loss,
    space_for,
    symmetrise,
    within_blocks,
)
from unstuck.lab.pk.modes import MOST_LOSS, NEAR, Shape, shape_of
from unstuck.lab.pk.peaks import Found, room_for, watch
from unstuck.lab.pk.people import Floats
from unstuck.lab.pk.program import Program
from unstuck.lab.pk.system import System

_NONE = 1e-200  # less is nothing: numbers near the smallest would make the processor slow


class Crowd(NamedTuple):
    """N people, a multiple of 64: matrices (N, K, K), amounts (C, N) in mg, scales of the readings (O, N), start (N,
    K)."""

    matrix: Floats
    amount: Floats
    scale: Floats
    start: Floats


def plan_of(system: System, program: Program, shape: Shape | None = None) -> Plan:
    """The arrays of a system's shape and a program, as the kernel reads them."""
    shape = shape or shape_of(system.matrix)
    joined = (system.matrix != 0).any(axis=0)
    block = np.array(shape.block, dtype=np.int64)
    links = [(i, j) for i, j in np.argwhere(joined) if block[i] != block[j]]
    hours = program.lengths_h[program.interval] if program.interval.size else np.zeros(0)
    return Plan(
        order=np.array(shape.order, dtype=np.int64),
        block=block,
        pairs=np.array(shape.pairs, dtype=np.int64).reshape(-1, 2),
        links=np.array(links, dtype=np.int64).reshape(-1, 2),
        grid=program.grid_h,
        lengths=program.lengths_h,
        interval=program.interval,
        rate=program.rate,
        pulse=program.pulse,
        reset=program.reset,
        steady=np.array([(s.point, s.channel, s.every_h, s.hours) for s in program.steady]).reshape(-1, 4),
        wanted=program.wanted,
        total=program.pulse.sum(axis=0) + program.rate.T @ hours,
        entry=np.array([system.states.index(c.state) for c in program.channels], dtype=np.int64),
        read=np.array([system.states.index(r.state) for r in system.readings.values()], dtype=np.int64),
        limits=np.array([NEAR, MOST_LOSS]),
    )


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def decompose(plan: Plan, crowd: Crowd, at: int, s: Space) -> None:
    """The modes of the 64 people from `at` on, their channels and their readings."""
    matrix = crowd.matrix[at : at + LANES]
    symmetrise(plan, matrix, s)
    within_blocks(plan, s)
    couple(plan, matrix, s)
    between_blocks(plan, s)
    count = plan.order.size
    s.way[:], s.look[:] = 0.0, 0.0
    for c in range(plan.entry.size):
        state = plan.entry[c]
        for k in range(count):
            for i in range(count):
                if plan.block[i] == plan.block[state]:
                    for w in range(LANES):
                        s.way[c, k * LANES + w] += s.left[k, i, w] * s.back[i, state, w] * crowd.amount[c, at + w]
    for o in range(plan.read.size):
        state = plan.read[o]
        for k in range(count):
            for i in range(count):
                if plan.block[i] == plan.block[state]:
                    for w in range(LANES):
                        s.look[o, k, w] += s.into[state, i, w] * s.right[i, k, w] * crowd.scale[o, at + w]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def judge(plan: Plan, s: Space, sound: Floats) -> None:
    """1 in `sound` (64,) for each lane whose rates lie far enough apart, else 0 (the rule of `modes`)."""
    count, near, most = plan.order.size, plan.limits[0], plan.limits[1]
    sound[:] = 1.0
    for i in range(count):
        for w in range(LANES):
            loss = 1.0
            for j in range(count):
                if plan.block[i] != plan.block[j]:
                    one, other = s.rates[i, w], s.rates[j, w]
                    loss *= max(1.0, near * max(abs(one), abs(other)) / max(abs(one - other), 1e-300))
            if not loss < most:
                sound[w] = 0.0


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def prepare_lengths(plan: Plan, s: Space) -> None:
    """How far each mode fades over each distinct length, and what an input of 1 per hour leaves by its end."""
    for q in range(plan.lengths.size):
        for k in range(plan.order.size):
            for w in range(LANES):
                fade, loss = fade_and_loss(s.rates[k, w] * plan.lengths[q])
                s.fade[q, k * LANES + w] = fade
                s.gain[q, k * LANES + w] = loss / s.rates[k, w]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def enter(plan: Plan, s: Space, start: Floats) -> None:
    """The modes of the states `start` (64, K)."""
    count = plan.order.size
    s.now[:], s.jumped[:] = 0.0, 0.0
    if not start.any():
        return
    for k in range(count):
        for i in range(count):
            for r in range(count):
                if plan.block[r] == plan.block[i]:
                    for w in range(LANES):
                        s.now[k * LANES + w] += s.left[k, i, w] * s.back[i, r, w] * start[w, r]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def settle(plan: Plan, s: Space, point: int) -> None:
    """Resets and steady states at a grid point; what they change is added to `jumped`."""
    count = plan.order.size
    if plan.reset[point]:
        s.jumped[:] -= s.now
        s.now[:] = 0.0
    for n in range(plan.steady.shape[0]):
        if plan.steady[n, 0] != point:
            continue
        c, every, hours = int(plan.steady[n, 1]), plan.steady[n, 2], plan.steady[n, 3]
        for k in range(count):
            for w in range(LANES):
                rate = s.rates[k, w]
                whole_fade, whole_loss = fade_and_loss(rate * every)
                left = whole_fade / whole_loss
                if hours > 0.0:
                    _, loss = fade_and_loss(rate * hours)
                    rest_fade, _ = fade_and_loss(rate * (every - hours))
                    left = loss / (rate * hours) * rest_fade / whole_loss
                s.now[k * LANES + w] += s.way[c, k * LANES + w] * left
                s.jumped[k * LANES + w] += s.way[c, k * LANES + w] * left


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def strike(plan: Plan, s: Space, point: int) -> None:
    """Pulses at a grid point."""
    for c in range(plan.entry.size):
        times = plan.pulse[point, c]
        if times != 0.0:
            for m in range(s.now.size):
                s.now[m] += times * s.way[c, m]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def advance(plan: Plan, s: Space, step: int) -> None:
    """One step: every mode fades, inputs at a constant rate enter."""
    q = plan.interval[step]
    for m in range(s.now.size):
        left = s.now[m] * s.fade[q, m]
        s.now[m] = left if abs(left) > _NONE else 0.0
    for c in range(plan.entry.size):
        rate = plan.rate[step, c]
        if rate != 0.0:
            for m in range(s.now.size):
                s.now[m] += rate * s.way[c, m] * s.gain[q, m]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def read_off(plan: Plan, s: Space, conc: Floats, block: int, told: int) -> None:
    """The readings now, into `conc` (N / 64, T, O, 64) at that block and time."""
    for o in range(plan.read.size):
        for w in range(LANES):
            conc[block, told, o, w] = s.look[o, 0, w] * s.modes[0, w]
        for k in range(1, plan.order.size):
            for w in range(LANES):
                conc[block, told, o, w] += s.look[o, k, w] * s.modes[k, w]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def finish(plan: Plan, s: Space, found: Found, at: int, begun: Floats) -> None:
    """Areas and the states at the end. Mode by mode, what came in minus what is left over has gone at its rate."""
    count = plan.order.size
    found.area[:, at : at + LANES], found.rest[:, at : at + LANES] = 0.0, 0.0
    for k in range(count):
        for w in range(LANES):
            begun[k * LANES + w] += s.jumped[k * LANES + w] - s.now[k * LANES + w]
        for c in range(plan.entry.size):
            for w in range(LANES):
                begun[k * LANES + w] += plan.total[c] * s.way[c, k * LANES + w]
        for o in range(plan.read.size):
            for w in range(LANES):
                found.area[o, at + w] += s.look[o, k, w] * begun[k * LANES + w] / s.rates[k, w]
                found.rest[o, at + w] += s.look[o, k, w] * s.now[k * LANES + w] / s.rates[k, w]
    found.end[at : at + LANES] = 0.0
    for r in range(count):
        for i in range(count):
            if plan.block[r] == plan.block[i]:
                for k in range(count):
                    for w in range(LANES):
                        found.end[at + w, r] += s.into[r, i, w] * s.right[i, k, w] * s.now[k * LANES + w]


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def walk(plan: Plan, s: Space, found: Found, at: int) -> None:
    """From the first grid point to the last."""
    told = 0
    for point in range(plan.pulse.shape[0]):
        if plan.reset[point] or plan.steady.shape[0]:
            settle(plan, s, point)
        strike(plan, s, point)
        while told < plan.wanted.size and plan.wanted[told] == point:
            read_off(plan, s, found.conc, at // LANES, told)
            told += 1
        if point < plan.interval.size:
            advance(plan, s, point)


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def walk_and_watch(plan: Plan, s: Space, found: Found, at: int) -> None:
    """The same, with the search for peaks; apart, because together the compiler makes both slower."""
    told = 0
    for point in range(plan.pulse.shape[0]):
        if plan.reset[point] or plan.steady.shape[0]:
            settle(plan, s, point)
        strike(plan, s, point)
        while told < plan.wanted.size and plan.wanted[told] == point:
            read_off(plan, s, found.conc, at // LANES, told)
            told += 1
        if point < plan.interval.size:
            watch(plan, s, found, at, point)
            advance(plan, s, point)


@numba.njit(cache=True, nogil=True, fastmath=CONTRACT, error_model="numpy")
def run_lanes(plan: Plan, crowd: Crowd, found: Found, s: Space, at: int) -> None:
    """Everything for the 64 people from `at` on."""
    decompose(plan, crowd, at, s)
    judge(plan, s, found.sound[at : at + LANES])
    prepare_lengths(plan, s)
    enter(plan, s, crowd.start[at : at + LANES])
    begun = s.now.copy()
    if found.peak.shape[0]:
        walk_and_watch(plan, s, found, at)
    else:
        walk(plan, s, found, at)
    finish(plan, s, found, at, begun)


@numba.njit(cache=True, nogil=True)
def run_crowd(plan: Plan, crowd: Crowd, found: Found, s: Space) -> None:
    """Everything for the whole crowd, 64 people at a time."""
    for at in range(0, crowd.matrix.shape[0], LANES):
        run_lanes(plan, crowd, found, s, at)


def solve_crowd(plan: Plan, crowd: Crowd, level: Floats | None = None) -> Found:
    """What `run_crowd` finds, in fresh arrays; with peaks and hours above `level` (O,) where levels are given."""
    found = room_for(plan, len(crowd.matrix), np.zeros(0) if level is None else level)
    run_crowd(plan, crowd, found, space_for(plan))
    return found
