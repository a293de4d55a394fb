"""Published experiments on fear, run on any learner of the family: what was measured in each, by name.

Every function plays one paper's design and returns expressed fear (0 to 1) of each member, shape (members,), or a
difference of two. Which quantity has to exceed which, and by how much, stands in library/fear/phenomena.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.fear.base import Array, History, Members, Told
from unstuck.lab.fear.channels import Signals
from unstuck.lab.fear.parameters import Model, Variant
from unstuck.lab.fear.schedule import Schedule, seen

Quantities = dict[str, Array]
ON_A, ON_B = seen(1), seen(1, context="B")


class Runner(Protocol):
    """Anything that runs a history as `Learner.run` does."""

    def __call__(self, p: Members, history: History, which: NDArray[np.int64] | None = None) -> tuple[object, Told]: ...


@dataclass(frozen=True, slots=True)
class Lab:
    """A model, its members, and how they are run."""

    model: Model
    members: Members
    runner: Runner

    def run(self, schedule: Schedule, variant: Variant = Variant.HEALTHY, drug: Signals | None = None) -> Array:
        """Expressed fear at each trial, shape (members, trials)."""
        return self.runner(self.model.variant(self.members, variant), schedule.history(drug))[1].expressed


def lab_of(model: Model, members: Members | None = None, runner: Runner | None = None) -> Lab:
    """A laboratory for these members, or the recommended vector; the plain reference runs unless another is given."""
    return Lab(model, model.people() if members is None else members, runner or model.learner.run)


def mean(fear: Array, first: int, count: int = 3) -> Array:
    """Mean over so many trials from the first on, shape (members,)."""
    return np.asarray(fear[:, first : first + count].mean(axis=1))


def learned(pairings: int = 5, context: str = "A") -> Schedule:
    """So many pairings of the cue with the outcome."""
    return Schedule().trials(pairings, seen(1, context=context), 1.0)


def acquisition_and_extinction(lab: Lab) -> Quantities:
    """Seven pairings, a day, twenty trials without outcome elsewhere."""
    fear = lab.run(learned(7).wait(24).trials(20, ON_B))
    return {
        "pairing_1": fear[:, 0], "pairing_7": fear[:, 6], "least_step": np.diff(fear[:, :7], axis=1).min(axis=1),
        "extinction_1": fear[:, 7], "extinction_4": mean(fear, 10), "extinction_end": mean(fear, 24),
    }  # fmt: skip


def partial_reinforcement(lab: Lab) -> Quantities:
    """Eight pairings among sixteen trials, or in a row; then extinction. After Grady 2016."""
    always = lab.run(learned(8).wait(24).trials(16, ON_A))
    half = lab.run(Schedule().trials(16, ON_A, [1.0, 0.0] * 8).wait(24).trials(16, ON_A))
    return {"after_always": mean(always, 8, 16), "after_half": mean(half, 16, 16)}


def spontaneous_recovery(lab: Lab) -> Quantities:
    """Share of the lost fear that is back after 0 to 14 days, and a second extinction. After Quirk 2002."""
    back = []
    for days in (0.01, 1, 2, 4, 6, 10, 14):
        fear = lab.run(learned(7).wait(1).trials(20, ON_A).wait(24 * days).trials(10, ON_A))
        end = mean(fear, 25, 2)
        back.append((mean(fear, 27, 2) - end) / np.maximum(fear[:, 7] - end, 0.05))
    return {
        "recovered_0": back[0], "recovered_1d": back[1], "recovered_10d": back[5],
        "least_growth": np.diff(np.stack(back), axis=0).min(axis=0),
        "extinction_first": fear[:, 7:17].mean(axis=1), "extinction_again": fear[:, 27:37].mean(axis=1),
    }  # fmt: skip


def renewal(lab: Lab) -> Quantities:
    """Learned, extinguished and tested in the same or other contexts. After Polack 2013, Bernal-Gamboa 2014."""
    found = {}
    for learn, extinguish, test in ("ABA", "ABC", "AAB", "ABB", "AAA"):
        schedule = learned(5, learn).wait(24).trials(20, seen(1, context=extinguish)).wait(24)
        found[learn + extinguish + test] = mean(lab.run(schedule.trials(3, seen(1, context=test))), 25, 2)
    return found


def reinstatement(lab: Lab) -> Quantities:
    """Two unsignalled outcomes a day after extinction, here or elsewhere. After Gershman 2013, experiment 2."""
    before = learned().wait(24).trials(24, ON_A).wait(24)

    def tested(schedule: Schedule, first: int) -> Array:
        return mean(lab.run(schedule.wait(24).trials(4, ON_A)), first, 2)

    return {
        "reinstated_none": tested(before, 29),
        "reinstated_here": tested(before.trials(2, seen(), 1.0), 31),
        "reinstated_elsewhere": tested(before.trials(2, seen(context="D"), 1.0), 31),
    }


def latent_inhibition(lab: Lab) -> Quantities:
    """Twenty harmless trials of the cue, or of the context alone, before three pairings."""

    def fear(before: tuple[float, ...]) -> Array:
        pairings = Schedule().trials(20, before).wait(24).trials(3, ON_A, 1.0)
        return mean(lab.run(pairings.wait(24).trials(2, ON_A)), 21)

    return {"met_before": fear(ON_A), "new_cue": fear(seen())}


def retrieval_then_extinction(lab: Lab) -> Quantities:
    """One trial, a gap, eighteen more; tested a day and a month later. After Monfils 2009."""
    found: Quantities = {}
    for name, gap_h in (("none", None), ("10min", 1 / 6), ("1h", 1.0), ("6h", 6.0), ("24h", 24.0)):
        before = learned(3).wait(24)
        gapped = before.trials(19, ON_A) if gap_h is None else before.trials(1, ON_A).wait(gap_h - 0.05)
        gapped = gapped if gap_h is None else gapped.trials(18, ON_A)
        fear = lab.run(gapped.wait(24).trials(4, ON_A).wait(24 * 30).trials(4, ON_A))
        found |= {f"day_after_{name}": mean(fear, 22, 4), f"month_after_{name}": mean(fear, 26, 4)}
    found["month_after_no_window"] = np.minimum(found["month_after_none"], found["month_after_24h"])
    return found


def reconsolidation(lab: Lab) -> Quantities:
    """What an amnestic agent takes after reactivation: fresh, old, strong, long, and without any. After Suzuki 2004."""

    def fear(pairings: int, days: float, trials: int, agent: bool) -> Array:
        schedule = learned(pairings).wait(24 * days)
        shown = schedule.trials(trials, ON_A) if trials else schedule.trials(1, seen(0, 1, "D"))
        shown = shown.with_agent() if agent else shown
        return mean(lab.run(shown.wait(24).trials(2, ON_A)), pairings + max(trials, 1), 1)

    def lost(pairings: int, days: float, trials: int) -> Array:
        return fear(pairings, days, trials, False) - fear(pairings, days, trials, True)

    fresh = lost(1, 1, 1)
    return {
        "lost_fresh": fresh, "half_lost_fresh": 0.5 * np.maximum(fresh, 0.1), "lost_old": lost(1, 30, 1),
        "lost_strong": lost(6, 1, 1), "lost_without_reactivation": lost(1, 1, 0), "lost_after_long": lost(1, 1, 10),
    }  # fmt: skip


def gradual_extinction(lab: Lab) -> Quantities:
    """Extinction with a few outcomes ever rarer, ever denser, or none. After Gershman 2013, experiment 1."""
    found: Quantities = {}
    for name, places in (("standard", ()), ("gradual", (0, 2, 5, 9, 14)), ("reverse", (0, 5, 9, 12, 14))):
        outcomes = [1.0 if n in places else 0.0 for n in range(24)]
        done = learned(3).wait(24).trials(24, ON_B, outcomes).wait(24)
        late = lab.run(done.trials(4, ON_B).wait(720).trials(4, ON_B))
        shocked = lab.run(done.trials(2, seen(context="B"), 1.0).wait(24).trials(4, ON_B))
        found |= {
            f"level_{name}": mean(late, 23, 4), f"recovery_{name}": mean(late, 31, 4) - mean(late, 27, 4),
            f"return_{name}": mean(shocked, 29, 4) - mean(late, 23, 4),
        }  # fmt: skip
    return found


def spacing(lab: Lab) -> Quantities:
    """Thirty trials of extinction in a row, or ten on each of three days; tested a month later."""
    massed = learned().wait(24).trials(30, ON_A).wait(720).trials(2, ON_A)
    spaced = learned()
    for _ in range(3):
        spaced = spaced.wait(24).trials(10, ON_A)
    return {"massed": mean(lab.run(massed), 35, 2), "spaced": mean(lab.run(spaced.wait(720).trials(2, ON_A)), 35, 2)}


def many_contexts(lab: Lab) -> Quantities:
    """Extinction in one context or in two, tested in a new one. After Bustamante 2023."""
    new, before = seen(1, context="D"), learned().wait(24)
    one = before.trials(18, ON_B).wait(24).trials(2, new)
    two = before.trials(9, ON_B).trials(9, seen(1, context="C")).wait(24).trials(2, new)
    return {"one_context": mean(lab.run(one), 23, 2), "two_contexts": mean(lab.run(two), 23, 2)}


def extinction_recall(lab: Lab) -> Quantities:
    """Patients and the healthy in acquisition, extinction and a day later. After Milad 2009."""
    schedule = learned().wait(1).trials(15, ON_B).wait(24).trials(4, ON_B)
    healthy, patient = lab.run(schedule), lab.run(schedule, Variant.PATIENT)
    return {
        "gap_in_acquisition": abs(mean(healthy, 2) - mean(patient, 2)),
        "gap_in_extinction": abs(mean(healthy, 17) - mean(patient, 17)),
        "recall_healthy": mean(healthy, 20, 2), "recall_patient": mean(patient, 20, 2),
    }  # fmt: skip


def context_use(lab: Lab) -> Quantities:
    """Fear a day later in the safe context and in the dangerous one. After Garfinkel 2014."""
    done = learned().wait(1).trials(15, ON_B).wait(24)
    found: Quantities = {}
    for name, variant in (("healthy", Variant.HEALTHY), ("imprecise", Variant.IMPRECISE)):
        found[f"safe_{name}"] = mean(lab.run(done.trials(2, ON_B), variant), 20, 2)
        found[f"danger_{name}"] = mean(lab.run(done.trials(2, ON_A), variant), 20, 2)
    return found


def generalisation(lab: Lab) -> Quantities:
    """Five cues between the one that was paired and the safe one. After Kaczkurkin 2017."""
    before = Schedule()
    for _ in range(8):
        before = before.trials(1, ON_A, 1.0).trials(1, seen(0, 1))
    found: Quantities = {}
    for name, variant in (("healthy", Variant.HEALTHY), ("imprecise", Variant.IMPRECISE)):
        levels = (1.0, 0.75, 0.5, 0.25, 0.0)
        slope = np.stack([lab.run(before.wait(1).trials(1, seen(s, 1 - s)), variant)[:, 16] for s in levels])
        found |= {
            f"largest_rise_{name}": np.diff(slope, axis=0).max(axis=0), f"drop_{name}": slope[0] - slope[4],
            f"half_drop_{name}": slope[0] - slope[2], f"safe_cue_{name}": slope[4],
        }  # fmt: skip
    return found


def sleep(lab: Lab) -> Quantities:
    """Extinction that was or was not slept on, tested ten days later. After Kleim 2014."""
    done = learned().wait(1).trials(15, ON_B).wait(240).trials(1, ON_B)
    found = {"slept": done.trials(3, ON_B), "awake": done.slept(0.0).trials(3, ON_B)}
    return {name: mean(lab.run(schedule), 20, 2) for name, schedule in found.items()}


def stress_before(lab: Lab) -> Quantities:
    """Ten outcomes elsewhere the day before one pairing. After Rau and Fanselow, Kaye 2023."""

    def fear(outcome: float) -> Array:
        before = Schedule().trials(10, seen(context="D"), outcome).wait(24)
        return lab.run(before.trials(1, ON_A, 1.0).wait(24).trials(1, ON_A))[:, 11]

    return {"stressed": fear(1.0), "unstressed": fear(0.0)}


EXPERIMENTS: tuple[Callable[[Lab], Quantities], ...] = (
    acquisition_and_extinction, partial_reinforcement, spontaneous_recovery, renewal, reinstatement, latent_inhibition,
    retrieval_then_extinction, reconsolidation, gradual_extinction, spacing, many_contexts, extinction_recall,
    context_use, generalisation, sleep, stress_before,
)  # fmt: skip


def measured(lab: Lab) -> Quantities:
    """Every quantity of every experiment, each of shape (members,)."""
    return dict(pair for experiment in EXPERIMENTS for pair in _items(experiment(lab)))


def _items(found: Quantities) -> Iterator[tuple[str, Array]]:
    yield from found.items()
