"""Before a fit is trusted: simulation-based calibration, coverage and recovery, from a table of prior simulations.

Each row of the table plays the world once: the nearest of the other rows, after the regression adjustment of Beaumont
and others 2002 (doi 10.1093/genetics/162.4.2025), are its posterior. If the procedure is sound the truth's rank among
them is uniform (Talts and others 2018, arXiv 1804.06788) and an interval covers as often as it says. What has recovery
near zero is not learned from the findings: its posterior is its prior, and nothing may be concluded of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import kstest

from unstuck.lab.effects.parameters import Array


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction: coverage of intervals, correlation of truth with posterior mean, p of uniform ranks."""

    name: str
    cover_50: float
    cover_90: float
    recovery: float
    uniform_p: float


@dataclass(frozen=True, slots=True)
class Check:
    """The check over all directions."""

    rows: int
    kept: int
    cover_50: float
    cover_90: float
    learned: tuple[str, ...]
    directions: tuple[Direction, ...]

    def plain(self) -> dict[str, Any]:
        """The check as values that JSON can hold."""
        return asdict(self)


LEARNED = 0.3  # recovery from which the findings tell something of a direction


def check(names: Sequence[str], vectors: Array, findings: Array, tolerances: Array, kept: int) -> Check:
    """The check from vectors (rows, directions) drawn from the prior and their findings (rows, targets)."""
    scaled = findings / tolerances
    ranks, means, inside = [], [], []
    for row in range(vectors.shape[0]):
        posterior = adjusted(vectors, scaled, row, kept)
        truth = vectors[row]
        ranks.append((posterior < truth).mean(axis=0))
        means.append(posterior.mean(axis=0))
        edges = np.quantile(posterior, [0.25, 0.75, 0.05, 0.95], axis=0)
        inside.append([(edges[0] <= truth) & (truth <= edges[1]), (edges[2] <= truth) & (truth <= edges[3])])
    by_rank, mean, cover = np.array(ranks), np.array(means), np.array(inside, dtype=float).mean(axis=0)
    found = tuple(
        Direction(name, float(cover[0, d]), float(cover[1, d]), _r(vectors[:, d], mean[:, d]), _uniform(by_rank[:, d]))
        for d, name in enumerate(names)
    )
    learned = tuple(f.name for f in sorted(found, key=lambda f: -f.recovery) if f.recovery >= LEARNED)
    return Check(vectors.shape[0], kept, float(cover[0].mean()), float(cover[1].mean()), learned, found)


def adjusted(vectors: Array, scaled: Array, row: int, kept: int) -> Array:
    """The nearest rows but this one, moved along a linear regression to its findings, shape (kept, directions)."""
    apart = ((scaled - scaled[row]) ** 2).sum(axis=1)
    apart[row] = np.inf
    near = np.argsort(apart)[:kept]
    design = np.column_stack([np.ones(kept), scaled[near] - scaled[row]])
    ridge = design.T @ design + np.diag([0.0, *np.ones(design.shape[1] - 1)])
    slope = np.linalg.solve(ridge, design.T @ vectors[near])
    return np.asarray(vectors[near] - design[:, 1:] @ slope[1:])


def _r(one: Array, other: Array) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if one.std() > 0 and other.std() > 0 else 0.0


def _uniform(ranks: Array) -> float:
    return float(kstest(ranks, "uniform").pvalue)
