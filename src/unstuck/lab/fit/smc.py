"""Approximate Bayesian computation by sequential Monte Carlo, resumable after every round.

Del Moral, Doucet and Jasra 2012 (doi 10.1007/s11222-011-9271-y): the bound falls by a quantile of the distances, those
within it are drawn anew, and each is moved by steps that keep the prior (Cotter and others, doi 10.1214/13-STS421),

    z' = sqrt(1 - b^2) z + b xi,      taken where the distance of z' is within the bound,

so that all particles weigh the same however many directions there are. The prior is the standard normal law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.effects.parameters import Array

Simulate = Callable[[Array, int], Array]  # (vector, seed) -> findings
Distance = Callable[[Array], float]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the procedure runs."""

    particles: int = 160
    directions: int = 30
    quantile: float = 0.5
    moves: int = 2  # of each particle in a round
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """One population: vectors (particles, directions), distances, findings (particles, targets), and the bound."""

    number: int
    bound: float
    step: float  # b of the moves
    vectors: Array
    distances: Array
    findings: Array
    taken: float  # share of moves that were

    @property
    def different(self) -> int:
        """How many particles differ."""
        return int(np.unique(self.vectors[:, 0]).size)


def first_round(settings: Settings, simulate: Simulate, distance: Distance, done: Callable[[int], None]) -> Round:
    """A population from the prior."""
    luck = np.random.default_rng([settings.seed, 0])
    vectors = luck.normal(size=(settings.particles, settings.directions))
    findings = []
    for n, vector in enumerate(vectors):
        findings.append(simulate(vector, _seed(settings, 0, n)))
        done(n + 1)
    told = np.array(findings)
    return Round(0, np.inf, 0.6, vectors, np.array([distance(f) for f in told]), told, 1.0)


def next_round(
    settings: Settings, before: Round, simulate: Simulate, distance: Distance, done: Callable[[int], None]
) -> Round:  # fmt: skip
    """The population after `before`, whose bound is a quantile of the distances before."""
    number, step = before.number + 1, before.step
    bound = float(np.quantile(before.distances, settings.quantile))
    luck = np.random.default_rng([settings.seed, number])
    within = np.flatnonzero(before.distances <= bound)
    places = within[np.arange(settings.particles) % within.size]
    vectors, distances, findings = (a[places].copy() for a in (before.vectors, before.distances, before.findings))
    taken = 0
    for n in range(settings.particles):
        for move in range(settings.moves):
            proposed = np.sqrt(1 - step**2) * vectors[n] + step * luck.normal(size=settings.directions)
            told = simulate(proposed, _seed(settings, number, settings.moves * n + move))
            if (off := distance(told)) <= bound:
                vectors[n], distances[n], findings[n] = proposed, off, told
                taken += 1
        done(n + 1)
    share = taken / (settings.particles * settings.moves)
    return Round(number, bound, _adapted(step, share), vectors, distances, findings, share)


def _adapted(step: float, taken: float) -> float:
    """Longer steps where most are taken, shorter ones where few are."""
    return float(np.clip(step * (1.3 if taken > 0.35 else 0.75 if taken < 0.2 else 1.0), 0.08, 0.95))


def _seed(settings: Settings, number: int, tried: int) -> int:
    return settings.seed * 1_000_003 + number * 10_007 + tried


def run(
    settings: Settings, rounds: int, folder: Path, simulate: Simulate, distance: Distance,
    tell: Callable[[str], None] = lambda line: None,
) -> Round:  # fmt: skip
    """So many rounds after the first, each kept in the folder; what is there of the same settings is not done again."""
    folder.mkdir(parents=True, exist_ok=True)
    population = None
    for number in range(rounds + 1):
        kept = read_round(folder, number, settings)
        if kept is None:
            done = _telling(tell, number, settings.particles)
            if population is None:
                kept = first_round(settings, simulate, distance, done)
            else:
                kept = next_round(settings, population, simulate, distance, done)
            write_round(folder, kept, settings)
        population = kept
        middle = float(np.median(kept.distances))
        words = f"bound {kept.bound:.2f}, median distance {middle:.2f}, {kept.taken:.2f} of moves taken"
        tell(f"round {number} whole: {words}, {kept.different} differ")
    assert population is not None
    return population


def _telling(tell: Callable[[str], None], number: int, of: int) -> Callable[[int], None]:
    def done(count: int) -> None:
        if count % 10 == 0:
            tell(f"round {number}: {count} of {of}")

    return done


def _path(folder: Path, number: int) -> Path:
    return folder / f"round_{number:02d}.npz"


ARRAYS, NUMBERS = ("vectors", "distances", "findings"), ("bound", "step", "taken")


def write_round(folder: Path, population: Round, settings: Settings) -> None:
    """Keeps a population; the file is whole or not there."""
    part = folder / "part.npz"
    told = {name: getattr(population, name) for name in (*ARRAYS, *NUMBERS, "number")}
    np.savez(part, settings=repr(settings), **told)
    part.rename(_path(folder, population.number))


def read_round(folder: Path, number: int, settings: Settings) -> Round | None:
    """A kept population, None where there is none. Raises Complaint for one of other settings."""
    path = _path(folder, number)
    if not path.is_file():
        return None
    with np.load(path) as kept:
        if str(kept["settings"]) != repr(settings):
            raise Complaint("The folder holds a fit with other settings.", str(folder), "Give another folder.")
        bound, step, taken = (float(kept[name]) for name in NUMBERS)
        vectors, distances, findings = (kept[name] for name in ARRAYS)
        return Round(int(kept["number"]), bound, step, vectors, distances, findings, taken)


def chosen(population: Round, count: int, faults: Array) -> NDArray[np.int64]:
    """Places of so many particles that differ, those with fewest faults. Raises Complaint for too few."""
    _, first = np.unique(population.vectors[:, 0], return_index=True)
    if first.size < count:
        raise Complaint(f"Only {first.size} particles differ.", "--members", f"Give at most {first.size}.")
    order = np.lexsort((np.sort(first), faults[np.sort(first)]))
    return np.asarray(np.sort(np.sort(first)[order[:count]]), dtype=np.int64)
