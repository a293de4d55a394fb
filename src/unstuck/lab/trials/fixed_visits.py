"""Parallel trials with fixed visits, analysed by MMRM: ten thousand of them in a second or two.

Baseline and changes are normal with any covariance; means differ by arm and visit; before every visit but the first a
patient may leave for good with logit = hazard[0] + hazard[1] * last change seen + hazard[2] * change then unseen. So
the second number makes leaving depend on what was seen (MAR), the third on what was not (MNAR). It is a design of
numbers, for error rates, power and speed; what a protocol does is simulated elsewhere in this package.

A number is named by (seed, scenario, replicate, patient) and what it is for. So threads and blocks change no digit, and
scenarios that share their name share their luck.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats, ManyFits
from unstuck.lab.random import philox_array
from unstuck.lab.trials.fixed_visits_kernel import LEAVING, Scene, run

BLOCK = 250
"""Replicates that a thread takes at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class FixedVisits:
    """The design. Patient i goes to arm pattern[i mod its length]; arm 0 is what the others are compared with."""

    patients: int
    means: Floats  # (A, T), mean change from baseline
    covariance: Floats  # (1 + T, 1 + T), of baseline and changes
    hazard: Floats  # (3,) for all arms or (A, 3)
    pattern: tuple[int, ...] = (0, 1)

    def __post_init__(self) -> None:
        arms, visits = np.shape(self.means)
        if np.shape(self.covariance) != (visits + 1, visits + 1):
            raise Complaint(f"The covariance is not one of baseline and {visits} changes.", "covariance")
        if set(self.pattern) != set(range(arms)):
            raise Complaint(f"The pattern does not name arms 0 to {arms - 1}.", "pattern", "Name every arm.")
        if np.shape(self.hazard) not in {(3,), (arms, 3)}:
            raise Complaint("The hazard has three numbers, once or for each arm.", "hazard")
        if self.patients < 1 or self.patients >= 2**32:
            raise Complaint(f"{self.patients} patients make no trial.", "patients")

    def scene(self) -> Scene:
        """The same for the kernel. Raises Complaint for a covariance that is none."""
        try:
            low = np.linalg.cholesky(np.asarray(self.covariance, dtype=np.float64))
        except np.linalg.LinAlgError:
            raise Complaint("The covariance is not positive definite.", "covariance") from None
        means = np.ascontiguousarray(self.means, dtype=np.float64)
        hazard = np.array(np.broadcast_to(self.hazard, (len(means), 3)), dtype=np.float64)
        return Scene(self.patients, np.array(self.pattern, dtype=np.int64), means, low, hazard)


def made_up(patients: int, means: Floats | None = None) -> FixedVisits:
    """An invented design for benchmarks and figures: two arms (without difference, if no means are given), five visits,
    SD 9 at baseline to 12 at the end, correlations 0.55 falling to 0.28, a fifth gone at the end."""
    sd = np.array([9.0, 10, 10.5, 11, 11.5, 12])
    steps = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    covariance = np.outer(sd, sd) * np.where(steps == 0, 1, 0.55 * 0.55**steps + 0.25)
    return FixedVisits(patients, np.zeros((2, 5)) if means is None else means, covariance, np.array([-2.6, 0.04, 0.0]))


@dataclass(frozen=True, slots=True, eq=False)
class Luck:
    """Which trials: replicates first to first + count - 1 of a scenario under a seed."""

    seed: int
    count: int
    scenario: int = 0
    first: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.seed < 2**64 and 0 <= self.scenario < 2**32):
            raise Complaint("A seed has up to 64 bits and a scenario up to 32.", "seed")
        if self.count < 1 or self.first < 0 or self.first + self.count > 2**32:
            raise Complaint(f"{self.count} replicates from {self.first} on cannot be run.", "count")

    @property
    def name(self) -> tuple[int, int, int]:
        """Scenario, low and high word of the seed."""
        return self.scenario, self.seed & 0xFFFFFFFF, self.seed >> 32


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Answers by replicate and contrast, (R, C): arm k minus arm 0 at the last visit, in column k - 1. NaN where a
    trial has no answer; `unanswered` counts them, and every rate below counts them as not rejecting."""

    fits: ManyFits
    seen_last: Floats  # (R,), patients seen at the last visit

    @property
    def unanswered(self) -> int:
        """Trials without an answer."""
        return int(np.isnan(self.fits.estimate[:, 0]).sum())

    def p_values(self, kenward_roger: bool = True) -> Floats:
        """Two-sided p by t with Satterthwaite's df, from the Kenward-Roger error or the model's."""
        se = self.fits.se_kr if kenward_roger else self.fits.se
        return np.asarray(2 * stdtr(self.fits.df, -np.abs(self.fits.estimate / se)))

    def rejects(self, alpha: float = 0.05, kenward_roger: bool = True) -> Floats:
        """The share of trials with p below alpha, by contrast, (C,)."""
        return np.asarray((self.p_values(kenward_roger) < alpha).mean(axis=0))


def simulate(design: FixedVisits, luck: Luck, threads: int = 1, block: int = BLOCK) -> Trials:
    """The trials of that luck. The same digits whatever the threads and blocks are."""
    scene, wishes = design.scene(), _wishes(design)
    out = np.empty((luck.count, len(wishes[0]), 5))
    starts = range(0, luck.count, max(1, block))

    def one(start: int) -> None:
        run(luck.first + start, luck.name, scene, wishes, out[start : start + block])

    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(one, starts))
    return Trials(ManyFits(*(out[..., k] for k in range(4))), out[:, 0, 4])


def _wishes(design: FixedVisits) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Every arm minus arm 0 at the last visit."""
    arms, visits = np.shape(design.means)
    return np.tile(np.eye(visits)[-1], (arms - 1, 1)), np.eye(arms + 1)[1:arms]


def patients_of(design: FixedVisits, luck: Luck) -> tuple[Floats, Floats]:
    """The same trials patient by patient, in plain NumPy: x (R, n, q) = 1, arms, baseline and y (R, n, T), NaN where
    nobody was there to be seen. The yardstick of the kernel."""
    scene = design.scene()
    arms, visits = scene.means.shape
    shape = (luck.count, design.patients)
    arm = np.broadcast_to(scene.pattern[np.arange(design.patients) % len(scene.pattern)], shape)
    blocks = [_four_normals(*_words(luck, shape, block)) for block in range(visits // 4 + 1)]
    z = np.concatenate(blocks, axis=-1)[..., : visits + 1] @ scene.low.T
    y = z[..., 1:] + scene.means[arm]
    stays = np.ones(shape, dtype=bool)
    for t in range(1, visits):
        word = _words(luck, shape, LEAVING + (t - 1) // 4)[(t - 1) % 4]
        hazard = scene.hazard[arm]
        logit = hazard[..., 0] + hazard[..., 1] * y[..., t - 1] + hazard[..., 2] * y[..., t]
        stays &= word * (1 + np.exp(-logit)) >= 1
        y[..., t] = np.where(stays, y[..., t], np.nan)
    ones = [np.ones(shape), *((arm == k).astype(np.float64) for k in range(1, arms)), z[..., 0]]
    return np.stack(ones, axis=-1), y


def _words(luck: Luck, shape: tuple[int, int], first: int) -> tuple[Floats, ...]:
    """Four uniform numbers for each replicate and patient."""
    replicate, patient = np.indices(shape, dtype=np.uint64).reshape(2, -1)
    scenario, low, high = luck.name
    counter = np.stack(
        [np.full_like(patient, first), patient, replicate + np.uint64(luck.first), np.full_like(patient, scenario)]
    )
    return tuple((row.reshape(shape).astype(np.float64) + 0.5) * 2.0**-32 for row in philox_array(counter, (low, high)))


def _four_normals(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    first, second = np.sqrt(-2 * np.log(a)), np.sqrt(-2 * np.log(c))
    turn, other = 2 * np.pi * b, 2 * np.pi * d
    return np.stack(
        [first * np.cos(turn), first * np.sin(turn), second * np.cos(other), second * np.sin(other)], axis=-1
    )
