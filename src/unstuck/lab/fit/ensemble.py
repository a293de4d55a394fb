"""The fit of the ensemble: which directions are free, the distance to the fitted half, and the file that is shipped.

Free are every unsure figure of `library/patients/course.toml` and, near its shipped vector, every figure of the learner
that is no drug channel. Only the trials that are not held out make the distance; of the last round those members are
kept that fail fewest checks of the battery, again by a half of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unstuck.lab.effects.parameters import Array
from unstuck.lab.fear import kernel
from unstuck.lab.fear.parameters import load_model
from unstuck.lab.fear.phenomena import load_checks, margins
from unstuck.lab.fit.arms import ARMS, FITTED, read_all
from unstuck.lab.fit.findings import FINDINGS
from unstuck.lab.fit.smc import Round, chosen
from unstuck.lab.fit.targets import Target, load_targets
from unstuck.lab.patients.ensemble import load_ensemble
from unstuck.lab.patients.laws import load_course
from unstuck.lab.patients.minds import TruthOf

LEARNER = "latent_causes"
NEAR = 0.15  # SD on the log scale of a learner's figure around its shipped value: the battery tolerates no more
KEPT = ("weight_slow", "slow_h")  # units and horizons, not figures of people


@dataclass(frozen=True, slots=True)
class Space:
    """The free directions: figures of the course, then those of the learner with their shipped values."""

    course: tuple[str, ...]
    learner: tuple[str, ...]
    shipped: tuple[float, ...]

    @property
    def size(self) -> int:
        """How many directions."""
        return len(self.course) + len(self.learner)

    def truth(self, vector: Array) -> TruthOf:
        """The candidate truth of a vector of standard normal numbers."""
        z = dict(zip(self.course, (float(v) for v in vector[: len(self.course)]), strict=True))
        return TruthOf(LEARNER, None, z, self.figures(vector))

    def figures(self, vector: Array) -> dict[str, float]:
        """The learner's figures of a vector."""
        moved = np.array(self.shipped) * np.exp(NEAR * vector[len(self.course) :])
        return dict(zip(self.learner, (float(v) for v in moved), strict=True))


def space() -> Space:
    """The free directions of the shipped files."""
    model = load_model(LEARNER)
    shipped = model.people(1)
    free = [n for n in shipped.names if not n.startswith("drug_") and n not in KEPT and shipped[n][0] > 0]
    return Space(load_course().free, tuple(free), tuple(float(shipped[n][0]) for n in free))


def fitted_targets() -> tuple[Target, ...]:
    """The findings that make the distance."""
    return tuple(t for t in load_targets() if not t.held_out)


@dataclass(frozen=True, slots=True)
class Simulator:
    """From a vector to the fitted findings, with so many people in each arm."""

    free: Space
    people: int

    def __call__(self, vector: Array, seed: int) -> Array:
        reads = read_all(self.free.truth(vector), FITTED, self.people, seed)
        return np.array([FINDINGS[t.key](reads) for t in fitted_targets()])


def fitted_checks() -> tuple[str, ...]:
    """Every other check of the laboratory's battery, known failures left out; the rest is held out."""
    return tuple(c.key for c in load_checks() if not c.known_failure)[::2]


def battery_halves() -> tuple[float, float]:
    """Mean share of checks that members of the shipped ensemble pass: of the fitted half, and of the half held out."""
    model, fitted = load_model(LEARNER), fitted_checks()
    figures = [m.figures for m in load_ensemble().members]
    columns = {name: np.array([f[name] for f in figures]) for name in figures[0]}
    found = margins(model, model.people(len(figures)).having(**columns), kernel.run)
    held = [c.key for c in load_checks() if not c.known_failure and c.key not in fitted]
    shares = [float(np.mean([found[key] > 0 for key in half])) for half in (fitted, held)]
    return shares[0], shares[1]


def faults(free: Space, vectors: Array) -> Array:
    """How many of the fitted checks each vector's learner fails, shape (vectors,)."""
    columns = np.array([list(free.figures(v).values()) for v in vectors]).T
    model = load_model(LEARNER)
    members = model.people(vectors.shape[0]).having(**dict(zip(free.learner, columns, strict=True)))
    found = margins(model, members, kernel.run)
    return np.asarray(np.sum([found[key] <= 0 for key in fitted_checks()], axis=0, dtype=float))


def distance(findings: Array) -> float:
    """Root of the mean squared distance in units of tolerance; far where a figure is not finite."""
    off = np.array([t.off(float(f)) for t, f in zip(fitted_targets(), findings, strict=True)])
    return float(np.sqrt(np.mean(off**2))) if np.isfinite(off).all() else 1e6


def every_finding(truth: TruthOf, people: int, seed: int) -> dict[str, float]:
    """All findings, fitted and held out, of one truth."""
    reads = read_all(truth, tuple(ARMS), people, seed)
    return {t.key: FINDINGS[t.key](reads) for t in load_targets()}


def shipped(free: Space, population: Round, count: int, seed: int, command: str) -> str:
    """The text of the ensemble's file: `count` members, all of equal weight."""
    places = chosen(population, count, faults(free, population.vectors))
    vectors = population.vectors[places]
    rows = [[round(v, 6) for v in free.figures(vector).values()] for vector in vectors]
    told: dict[str, Any] = {
        "key": "ensemble",
        "version": "1",
        "title": "Candidate truths of fear learning and daily life; none of them is the truth",
        "command": command,
        "method": f"ABC-SMC, {population.vectors.shape[0]} particles, {population.number} rounds after the prior, "
        f"bound {population.bound:.3f}, {population.different} of them differ; of these the {count} that fail "
        "fewest of the battery's fitted half of checks",
        "seed": seed,
        "source": "unstuck_ensemble",
        "learner": LEARNER,
        "names": list(free.learner),
        "rows": rows,
        "patient_names": list(free.course),
        "patient_rows": [[round(float(v), 4) for v in vector[: len(free.course)]] for vector in vectors],
    }
    head = "# Made by the command below, never by hand; docs/science/patients.md says how and what it misses.\n"
    return head + "".join(f"{key} = {_toml(value)}\n" for key, value in told.items())


def _toml(value: object) -> str:
    """A value as TOML writes it; rows of numbers one a line."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + "".join(f"  {json.dumps(row)},\n" for row in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def columns(population: Round, targets: Sequence[Target]) -> dict[str, tuple[float, float, float]]:
    """Quantiles 5, 50 and 95 % of each fitted finding over the population."""
    told = np.quantile(population.findings, [0.05, 0.5, 0.95], axis=0)
    return {t.key: (float(a), float(b), float(c)) for t, a, b, c in zip(targets, *told, strict=True)}
