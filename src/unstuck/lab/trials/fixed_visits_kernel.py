"""One trial with fixed visits from its luck to its answer, compiled: draw, leave, add up, REML, Kenward-Roger.

No patient is kept: each one is added to the sums of the last visit at which it was seen. The normal numbers are Box and
Muller's (1958, doi 10.1214/aoms/1177706645) from 32-bit words, four to a block of Philox.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit, uint32, uint64
from numpy.typing import NDArray

from unstuck.lab.analysis.closed_kernel import NUMBERS, Wish, Work, contrast, factor, workspace

Floats = NDArray[np.float64]
Word = Any  # of 32 bits; Numba knows which
Words = tuple[Word, Word, Word, Word]

_LEFT: Word = np.uint64(0xD2511F53)
_RIGHT: Word = np.uint64(0xCD9E8D57)
_STEP, _OTHER_STEP = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_SHARE = 2.0**-32
LEAVING = 1 << 16
"""Added to the first word of a name where the number says who leaves."""


class Scene(NamedTuple):
    """A design as plain arrays: arms in their order of allocation, mean changes (A, T), the lower factor (T + 1, T + 1)
    of the covariance of baseline and changes, and the hazard (A, 3); see `fixed_visits`."""

    patients: int
    pattern: NDArray[np.int64]
    means: Floats
    low: Floats
    hazard: Floats


class Room(NamedTuple):
    """Room for one trial: sums by visit, how many are seen, a patient's row, its normal numbers, and the solver's."""

    sscp: Floats  # (T, m, m)
    seen: Floats  # (T,)
    row: Floats  # (m,)
    luck: Floats  # (T + 1, rounded up to four)
    work: Work


@njit(inline="always")
def philox(c0: Word, c1: Word, c2: Word, c3: Word, key: tuple[int, int]) -> Words:
    """What `lab.random.philox` gives, in 32-bit words."""
    k0: Word = uint32(key[0])
    k1: Word = uint32(key[1])
    for _ in range(10):
        left, right = _LEFT * uint64(c0), _RIGHT * uint64(c2)
        c0, c1 = uint32(right >> _HALF) ^ c1 ^ k0, uint32(right & _LOW)
        c2, c3 = uint32(left >> _HALF) ^ c3 ^ k1, uint32(left & _LOW)
        k0, k1 = uint32(k0 + _STEP), uint32(k1 + _OTHER_STEP)
    return c0, c1, c2, c3


@njit(inline="always")
def _unit(word: Word) -> float:
    return (float(word) + 0.5) * _SHARE


@njit(cache=True, nogil=True)
def _draw(patient: int, replicate: int, scenario: int, key: tuple[int, int], out: Floats) -> None:
    """Standard normal numbers of one patient, four at a time."""
    for block in range(len(out) // 4):
        a, b, c, d = philox(uint32(block), uint32(patient), uint32(replicate), uint32(scenario), key)
        size, turn = math.sqrt(-2.0 * math.log(_unit(a))), 2 * math.pi * _unit(b)
        out[4 * block], out[4 * block + 1] = size * math.cos(turn), size * math.sin(turn)
        size, turn = math.sqrt(-2.0 * math.log(_unit(c))), 2 * math.pi * _unit(d)
        out[4 * block + 2], out[4 * block + 3] = size * math.cos(turn), size * math.sin(turn)


@njit(cache=True, nogil=True, error_model="numpy")
def _see(patient: int, replicate: int, name: tuple[int, int, int], scene: Scene, room: Room) -> int:
    """The patient's row (1, arm, baseline, changes) as far as it is seen. Returns the last visit, counted from 0."""
    scenario, key = name[0], (name[1], name[2])
    arms, visits = scene.means.shape
    arm, luck, row = int(scene.pattern[patient % len(scene.pattern)]), room.luck, room.row
    _draw(patient, replicate, scenario, key, luck)
    row[0] = 1.0
    for k in range(1, arms):
        row[k] = 1.0 if arm == k else 0.0
    row[arms] = scene.low[0, 0] * luck[0]
    words: Words = (uint32(0), uint32(0), uint32(0), uint32(0))
    for t in range(visits):
        change = scene.means[arm, t]
        for s in range(t + 2):
            change += scene.low[t + 1, s] * luck[s]
        if t > 0:
            spot = (t - 1) & 3
            if spot == 0:
                block = uint32(((t - 1) >> 2) + LEAVING)
                words = philox(block, uint32(patient), uint32(replicate), uint32(scenario), key)
            word = words[0] if spot == 0 else words[1] if spot == 1 else words[2] if spot == 2 else words[3]
            hazard = scene.hazard[arm]
            logit = hazard[0] + hazard[1] * row[arms + t] + hazard[2] * change
            if _unit(word) * (1.0 + math.exp(-logit)) < 1.0:
                return t - 1
        row[arms + 1 + t] = change
    return int(visits - 1)


@njit(cache=True, nogil=True, error_model="numpy")
def add_up(replicate: int, name: tuple[int, int, int], scene: Scene, room: Room) -> None:
    """The sums of one trial into `room`: lower triangles, over the patients who are seen at each visit."""
    q, visits = len(room.work.e), len(room.seen)
    room.sscp[:] = 0.0
    room.seen[:] = 0.0
    for patient in range(scene.patients):
        last = _see(patient, replicate, name, scene, room)
        room.seen[last] += 1.0
        for i in range(q + last + 1):
            for j in range(i + 1):
                room.sscp[last, i, j] += room.row[i] * room.row[j]
    for t in range(visits - 2, -1, -1):
        room.seen[t] += room.seen[t + 1]
        for i in range(q + visits):
            for j in range(i + 1):
                room.sscp[t, i, j] += room.sscp[t + 1, i, j]


@njit(cache=True, nogil=True, error_model="numpy")
def room_for(scene: Scene) -> Room:
    """Room for a trial of that design."""
    arms, visits = scene.means.shape
    m = arms + 1 + visits
    luck = np.zeros((visits + 4) // 4 * 4)
    return Room(np.zeros((visits, m, m)), np.zeros(visits), np.zeros(m), luck, workspace(visits, arms + 1))


@njit(cache=True, nogil=True, error_model="numpy")
def run(first: int, name: tuple[int, int, int], scene: Scene, wishes: tuple[Floats, Floats], out: Floats) -> None:
    """Replicates first, first + 1, ... into `out` (R, C, 4 + 1): estimate, se, se_kr, df, and how many are seen last.

    `name` is scenario, low and high word of the seed; `wishes` are visit weights (C, T) and covariates (C, q).
    """
    room, (weights, covariates) = room_for(scene), wishes
    for r in range(len(out)):
        add_up(first + r, name, scene, room)
        fine = factor(room.sscp, room.seen, room.work)
        for c in range(len(weights)):
            out[r, c, NUMBERS] = room.seen[-1]
            if fine:
                contrast(room.sscp, room.seen, Wish(weights[c], covariates[c]), room.work, out[r, c])
            else:
                out[r, c, :NUMBERS] = np.nan
