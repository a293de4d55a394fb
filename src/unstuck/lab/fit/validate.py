"""Posterior-predictive checks: what each published trial would have shown at its own n under every member; misfits.

Beside every figure stands the same figure under the prior alone, so that nobody takes for evidence what was put in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.effects.parameters import Array
from unstuck.lab.fit.arms import ARMS, TIMED, read_all
from unstuck.lab.fit.findings import FINDINGS, TIMING
from unstuck.lab.fit.targets import Target, load_targets
from unstuck.lab.patients.batch import NOT_FOR_PERSONS
from unstuck.lab.patients.ensemble import Ensemble, load_ensemble
from unstuck.lab.patients.laws import load_course
from unstuck.lab.patients.minds import TruthOf

TRIALS = 8  # small trials drawn from each member's crowd
LEVELS = (0.05, 0.5, 0.95)
Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: what was published, and 5, 50 and 95 % of what trials would show, after the fit and before it."""

    key: str
    title: str
    unit: str
    half: str  # fitted or held out
    observed: float
    low: float | None
    high: float | None
    grade: str
    source: str
    note: str
    posterior: Three
    prior: Three
    covered: bool
    covered_by_prior: bool


@dataclass(frozen=True, slots=True)
class Timed:
    """One figure of timing with no published counterpart: 5, 50, 95 % of true effects, after the fit and before it."""

    key: str
    title: str
    posterior: Three
    prior: Three


@dataclass(frozen=True, slots=True)
class Validation:
    """The page."""

    wording: str
    ensemble: str
    members: int
    people: int
    lines: tuple[Line, ...]
    timing: tuple[Timed, ...]
    misfits: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """The page as values that JSON can hold."""
        return asdict(self)


def validate(
    members: int, people: int, seed: int = 1, tell: Callable[[int, int], None] = lambda done, of: None
) -> Validation:  # fmt: skip
    """The page from so many members of the ensemble with so many people an arm. Raises Complaint for too few."""
    ensemble = load_ensemble()
    if not 2 <= members <= len(ensemble.members):
        raise Complaint(f"{members} members cannot be used.", "--members", f"Give 2 to {len(ensemble.members)}.")
    if people < 20:
        raise Complaint(f"{people} people in an arm are too few.", "--people", "Give at least 20.")
    after = collect(ensemble.members[:members], people, seed, lambda n: tell(n, 2 * members))
    before = collect(prior_members(members, seed), people, seed, lambda n: tell(members + n, 2 * members))
    lines = tuple(_line(t, after.seen[t.key], before.seen[t.key]) for t in load_targets())
    timing = tuple(Timed(k, title, _three(after.timed[k]), _three(before.timed[k])) for k, (title, _) in TIMING.items())
    return Validation(NOT_FOR_PERSONS, _named(ensemble), members, people, lines, timing, tuple(_misfits(lines)))


def _named(ensemble: Ensemble) -> str:
    return f"{ensemble.key} {ensemble.version}: {ensemble.method}"


def prior_members(count: int, seed: int) -> tuple[TruthOf, ...]:
    """Truths drawn from the priors alone, with the learner's shipped vector."""
    luck = np.random.default_rng([seed, 17])
    names = load_course().free
    return tuple(TruthOf(z=dict(zip(names, luck.normal(size=len(names)), strict=True))) for _ in range(count))


@dataclass(frozen=True, slots=True)
class Collected:
    """Findings of small trials, and true timing effects, over members; by key."""

    seen: Mapping[str, Array]
    timed: Mapping[str, Array]


def collect(truths: Sequence[TruthOf], people: int, seed: int, tell: Callable[[int], None]) -> Collected:
    """Every finding under every truth."""
    seen: dict[str, list[float]] = {key: [] for key in FINDINGS}
    timed: dict[str, list[float]] = {key: [] for key in TIMING}
    for number, truth in enumerate(truths):
        reads = read_all(truth, tuple(ARMS), people, seed + 1000 * number)
        luck = np.random.default_rng([seed, number])
        for _ in range(TRIALS):
            few = {key: read.few(luck) for key, read in reads.items() if key not in TIMED}
            for key, finding in FINDINGS.items():
                seen[key].append(finding(few))
        for key, (_, effect) in TIMING.items():
            timed[key].append(effect(reads))
        tell(number + 1)
    return Collected({k: np.array(v) for k, v in seen.items()}, {k: np.array(v) for k, v in timed.items()})


def _three(values: Array) -> Three:
    low, middle, high = (float(v) for v in np.quantile(values[np.isfinite(values)], LEVELS))
    return low, middle, high


def _line(target: Target, after: Array, before: Array) -> Line:
    o = target.observed
    posterior, prior = _three(after), _three(before)
    return Line(
        target.key, target.title, o.unit, "held out" if target.held_out else "fitted", o.value, o.low, o.high,
        o.grade.value, o.source, o.note, posterior, prior, _covers(posterior, o.value), _covers(prior, o.value),
    )  # fmt: skip


def _covers(interval: Three, value: float) -> bool:
    return interval[0] <= value <= interval[2]


def _misfits(lines: Sequence[Line]) -> list[str]:
    """A sentence for every published value outside nine tenths of what trials would show."""
    found = []
    for line in lines:
        if not line.covered:
            low, middle, high = line.posterior
            where = f"trials would show {middle:.2f} ({low:.2f} to {high:.2f})"
            found.append(f"{line.title}: published {line.observed:.2f} {line.unit}, {where}; {line.half}.")
    return found


def text_of(page: Validation) -> str:
    """The page in lines that a person reads."""
    rows = [
        page.wording,
        f"{page.ensemble}; {page.members} members, {page.people} people an arm, trials at their own n.",
    ]
    for half in ("fitted", "held out"):
        lines = [line for line in page.lines if line.half == half]
        met = sum(line.covered for line in lines)
        rows += [
            "",
            f"{half.upper()}: {met} of {len(lines)} published values lie within nine tenths of simulated trials",
        ]
        rows.append(f"{'':58}{'published':>10}{'after the fit':>24}{'prior alone':>24}")
        rows += [_row(line) for line in lines]
    rows += ["", "TIMING, three months on; no trial has told (a fall is negative):"]
    rows += [f"  {t.title:56}{'':10}{_words(t.posterior):>24}{_words(t.prior):>24}" for t in page.timing]
    rows += ["", f"MISFITS: {len(page.misfits)}", *(f"  {m}" for m in page.misfits)]
    return "\n".join(rows) + "\n"


def _row(line: Line) -> str:
    mark = " " if line.covered else "!"
    title = line.title if len(line.title) <= 55 else f"{line.title[:54]}…"
    return f"{mark} {title:56}{line.observed:10.2f}{_words(line.posterior):>24}{_words(line.prior):>24}"


def _words(three: Three) -> str:
    return f"{three[1]:.2f} ({three[0]:.2f}, {three[2]:.2f})"
