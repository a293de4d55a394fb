"""Which design tells a plasticity window from a symptomatic state? Each is tried on truths that differ in one thing.

Under *state* ketamine lifts symptoms for a while and teaches nothing. Under *state and window* the same state comes
with faster learning and better storage for days. A design tells them apart when its result under one rarely looks like
its result under the other: the area under the curve (AUC) is the chance that a trial under *state and window* shows
more than one under *state*; 0.5 is blind, 1 is sure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from unstuck.lab.effects.parameters import Array
from unstuck.lab.fear.parameters import FAMILY
from unstuck.lab.fit.arms import ARMS, Arm, Read, crowd_of, rated, weekly
from unstuck.lab.fit.findings import standardised
from unstuck.lab.fit.validate import prior_members
from unstuck.lab.patients.batch import simulate
from unstuck.lab.patients.ensemble import load_ensemble
from unstuck.lab.patients.inner_kernel import runner_for
from unstuck.lab.patients.minds import CHANNELS, TruthOf

FITTED = "latent_causes"
WINDOW = ("learner.drug_learning", "learner.drug_storage")
STATE = ("ketamine.state_gain",)
OFF = tuple(c for c in CHANNELS if c not in (*WINDOW, *STATE))
MIDDLE, STRONG = 0.4, 1.645  # standard normal places in the priors of gains: near the middle, and the upper twentieth
BLIND, TELLS = 0.70, 0.80  # below the one a design cannot tell, above the other it can
TRIALS = 25  # from each member
DOSED = (2.2, 9.2, 16.2)  # a day before the first three sessions
LAST = 66.0 + 91.0  # three months after the last of ten weekly sessions


@dataclass(frozen=True, slots=True)
class Design:
    """A trial: two arms and the look at which they are compared."""

    key: str
    title: str
    treated: Arm
    control: Arm


def designs() -> tuple[Design, ...]:
    """The drug alone for two weeks, and the drug with exposure looked at three months later."""
    looks = (0.0, LAST)
    with_drug = Arm("factorial_ket", "civilian", looks, "pe", weekly(10, first=3.0), DOSED, 0.5, 1.0)
    alone = replace(ARMS["ket6"], looks=(0.0, 14.0)), replace(ARMS["mdz6"], looks=(0.0, 14.0))
    return (
        Design("drug_only", "drug alone, two weeks", *alone),
        Design("factorial", "drug with exposure, three months on", with_drug, replace(with_drug, mg_per_kg=0.0)),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What one design shows under both truths, a number a trial (a fall is negative), and how well it tells them."""

    design: str
    title: str
    state: tuple[float, ...]
    window: tuple[float, ...]
    auc: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The finding under one learner: whether it holds, and from what."""

    learner: str
    members: int
    people: int
    strength: float
    designs: tuple[Told, ...]
    holds: bool

    def plain(self) -> dict[str, Any]:
        """The answer as values that JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Asked:
    """Trials of `n` an arm drawn from `people` simulated ones; `strength` is the window's place in its prior."""

    n: int = 100
    people: int = 200
    strength: float = STRONG
    seed: int = 1


def finding(truths: Sequence[TruthOf], asked: Asked) -> Answer:
    """The finding under these truths of one learner."""
    told = tuple(_told(d, truths, asked) for d in designs())
    by_key: Mapping[str, float] = {t.design: t.auc for t in told}
    holds = by_key["drug_only"] < BLIND and by_key["factorial"] > TELLS
    return Answer(truths[0].learner, len(truths), asked.n, asked.strength, told, holds)


def under_each_learner(members: int = 12, others: int = 3) -> list[Answer]:
    """The finding under each learner of the family, at a window in the middle of its prior and at a strong one.

    The recommended learner has the ensemble's members; the others, which were not fitted, draws from the priors.
    """
    found = []
    for key in FAMILY:
        fitted = key == FITTED
        truths = load_ensemble().members[:members] if fitted else prior_members(others, 3)
        for strength in (MIDDLE, STRONG):
            asked = Asked(people=150 if fitted else 110, strength=strength)
            found.append(finding([replace(t, learner=key) for t in truths], asked))
    return found


def _told(design: Design, truths: Sequence[TruthOf], asked: Asked) -> Told:
    shown: dict[str, list[float]] = {"state": [], "window": []}
    for number, truth in enumerate(truths):
        for name, one in _pair(truth, asked.strength).items():
            reads = [_read(one, arm, asked.people, asked.seed + number) for arm in (design.treated, design.control)]
            luck = np.random.default_rng([asked.seed, number, len(name)])
            shown[name] += [_trial(reads, asked.n, luck) for _ in range(TRIALS)]
    state, window = np.array(shown["state"]), np.array(shown["window"])
    return Told(design.key, design.title, tuple(shown["state"]), tuple(shown["window"]), auc(-window, -state))


def _pair(truth: TruthOf, strength: float) -> dict[str, TruthOf]:
    """The truth with a state alone, and with the same state and a window of that strength."""
    z = {name: strength for name in WINDOW} | {name: max(truth.z.get(name, 0.0), MIDDLE) for name in STATE}
    with_both = replace(truth, z={**truth.z, **z}).without(*OFF)
    return {"state": with_both.without(*WINDOW), "window": with_both}


def _read(truth: TruthOf, arm: Arm, people: int, seed: int) -> Read:
    crowd = crowd_of(truth, people, seed, arm.group)
    return rated(arm, simulate(crowd, arm.plan(), arm.looks, runner_for(crowd)))


def _trial(reads: Sequence[Read], n: int, luck: np.random.Generator) -> float:
    treated, control = (read.of(luck.integers(0, read.left.size, n)) for read in reads)
    return standardised(treated, control, "caps5", 1)


def auc(more: Array, less: Array) -> float:
    """Chance that a draw of the first lies above one of the second, ties counting half."""
    order = np.sort(less)
    below = np.searchsorted(order, more, side="left") + np.searchsorted(order, more, side="right")
    return float(below.mean() / (2 * order.size))


def text_of(answers: Sequence[Answer]) -> str:
    """The finding in lines that a person reads."""
    rows = ["Can the design tell a plasticity window from a symptomatic state? AUC: 0.5 is blind, 1 is sure."]
    for answer in answers:
        size = f"{answer.members} members, window at z {answer.strength:g}"
        rows.append(f"{answer.learner}: {'HOLDS' if answer.holds else 'FAILS'} ({size})")
        for t in answer.designs:
            state, window = float(np.median(t.state)), float(np.median(t.window))
            shown = f"state {state:+.2f} SD, state and window {window:+.2f} SD"
            rows.append(f"  {t.title:38} AUC {t.auc:.2f}   {shown}, {answer.people} an arm")
    return "\n".join(rows) + "\n"
