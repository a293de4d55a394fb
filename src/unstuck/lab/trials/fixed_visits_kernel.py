"""One trial with fixed visits from its luck to its answer, compiled: draw, leave, add up, REML, Kenward-Roger.

Patients stand side by side in rows, one for each covariate and visit, so that every loop runs over patients, in lanes
of the processor. The sums of a visit weigh each patient by whether it is still there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from unstuck.lab.analysis.closed_kernel import NUMBERS, Wish, Work, contrast, factor, workspace
from unstuck.lab.trials.luck_kernel import LANES, Bits, Floats, Name, exponentials, normals, uniforms

LEAVING = 1 << 16
"""Added to the first word of a name where the number says who leaves."""
SUMMED = LANES | {"reassoc"}  # sums in lanes too: their order is fixed by the number of patients


class Scene(NamedTuple):
    """A design as plain arrays: arms in their order of allocation, mean changes (A, T), the lower factor (T + 1, T + 1)
    of the covariance of baseline and changes, and the hazard (A, 3); see `fixed_visits`."""

    patients: int
    pattern: NDArray[np.int64]
    means: Floats
    low: Floats
    hazard: Floats


class Room(NamedTuple):
    """Room for one trial. Rows are (number, patients); `bits` shares its memory with `luck`."""

    rows: Floats  # 1, arms, baseline, changes: (m, n)
    there: Floats  # 1 while seen, then 0: (T, n)
    means: Floats  # of each patient's arm: (T, n)
    hazard: Floats  # of each patient's arm: (3, n)
    bits: Bits  # rows of luck, four of leaving, two of work, one of exponents
    luck: Floats
    sscp: Floats  # (T, m, m)
    seen: Floats  # (T,)
    work: Work


@njit(cache=True, nogil=True, error_model="numpy")
def room_for(scene: Scene) -> Room:
    """Room for a trial of that design, with all that does not change from trial to trial."""
    arms, visits = scene.means.shape
    n, m = scene.patients, arms + 1 + visits
    rows, means, hazard = np.zeros((m, n)), np.zeros((visits, n)), np.zeros((3, n))
    for i in range(n):
        arm = scene.pattern[i % len(scene.pattern)]
        rows[0, i] = 1.0
        if arm > 0:
            rows[arm, i] = 1.0
        means[:, i] = scene.means[arm]
        hazard[:, i] = scene.hazard[arm]
    bits = np.zeros(((visits + 4) // 4 * 4 + 7, n), np.uint64)
    return Room(
        rows, np.ones((visits, n)), means, hazard, bits, bits.view(np.float64),
        np.zeros((visits, m, m)), np.zeros(visits), workspace(visits, arms + 1),
    )  # fmt: skip


@njit(cache=True, nogil=True, fastmath=LANES, error_model="numpy")
def outcomes(replicate: int, name: Name, scene: Scene, room: Room) -> None:
    """Baselines and changes of everybody, as if nobody left."""
    arms, visits = scene.means.shape
    drawn = len(room.bits) - 7
    for block in range(drawn // 4):
        bits, luck = room.bits[4 * block : 4 * block + 4], room.luck[4 * block : 4 * block + 4]
        uniforms(block, replicate, name, bits, luck)
        normals(bits, luck, room.bits[drawn + 4 : drawn + 6], room.luck[drawn + 4 : drawn + 6])
    for t in range(visits + 1):
        row = room.rows[arms + t]
        for i in range(scene.patients):
            row[i] = room.means[t - 1, i] if t > 0 else 0.0
        for s in range(t + 1):
            share, luck_row = scene.low[t, s], room.luck[s]
            for i in range(scene.patients):
                row[i] += share * luck_row[i]


@njit(cache=True, nogil=True, fastmath=LANES, error_model="numpy")
def departures(replicate: int, name: Name, scene: Scene, room: Room) -> None:
    """Who is still there at each visit: before each but the first one may leave, for good."""
    arms, visits = scene.means.shape
    drawn = len(room.bits) - 7
    bits, luck = room.bits[drawn : drawn + 4], room.luck[drawn : drawn + 4]
    odds = room.luck[0]  # the normal numbers are used up
    for t in range(1, visits):
        if (t - 1) % 4 == 0:
            uniforms(LEAVING + (t - 1) // 4, replicate, name, bits, luck)
        before, now, chance = room.rows[arms + t], room.rows[arms + 1 + t], luck[(t - 1) % 4]
        for i in range(scene.patients):
            odds[i] = -(room.hazard[0, i] + room.hazard[1, i] * before[i] + room.hazard[2, i] * now[i])
        exponentials(odds, room.bits[drawn + 6], room.luck[drawn + 6])
        last, here = room.there[t - 1], room.there[t]
        for i in range(scene.patients):
            here[i] = last[i] if chance[i] * (1.0 + odds[i]) >= 1.0 else 0.0


@njit(cache=True, nogil=True, fastmath=SUMMED, error_model="numpy")
def add_up(scene: Scene, room: Room) -> None:
    """The sums of squares and products at each visit, lower triangles, over the patients who are still there."""
    q, visits = scene.means.shape[0] + 1, scene.means.shape[1]
    weighed = room.luck[0]
    for t in range(visits):
        here, total = room.there[t], 0.0
        for i in range(scene.patients):
            total += here[i]
        room.seen[t] = total
        for a in range(q + t + 1):
            row = room.rows[a]
            for i in range(scene.patients):
                weighed[i] = row[i] * here[i]
            for b in range(a + 1):
                other, total = room.rows[b], 0.0
                for i in range(scene.patients):
                    total += weighed[i] * other[i]
                room.sscp[t, a, b] = total


@njit(cache=True, nogil=True, error_model="numpy")
def run(first: int, name: Name, scene: Scene, wishes: tuple[Floats, Floats], out: Floats) -> None:
    """Replicates first, first + 1, ... into `out` (R, C, 4 + 1): estimate, se, se_kr, df, and how many are seen last.

    `name` is scenario, low and high word of the seed; `wishes` are visit weights (C, T) and covariates (C, q).
    """
    room, (weights, covariates) = room_for(scene), wishes
    for r in range(len(out)):
        outcomes(first + r, name, scene, room)
        departures(first + r, name, scene, room)
        add_up(scene, room)
        fine = factor(room.sscp, room.seen, room.work)
        for c in range(len(weights)):
            out[r, c, NUMBERS] = room.seen[-1]
            if fine:
                contrast(room.sscp, room.seen, Wish(weights[c], covariates[c]), room.work, out[r, c])
            else:
                out[r, c, :NUMBERS] = np.nan
