"""Rescorla-Wagner with Pearce-Hall associability: one threat weight a cue, no causes, no nights, no forgetting.

The amygdala alone, so to speak. V = w x; the error moves the weights of what is present at a rate that depends on its
sign and on each cue's associability, which follows the size of past errors (Rescorla and Wagner 1972, Pearce and Hall
1980; in patients Homan and others 2019). Contexts are cues like any other, and no fear comes back with time. It is
here to show what then changes in a conclusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.fear.base import FEATURES, Array, Event, Learner, Members, Told, choose


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered of a person; people first."""

    weights: Array  # (people, FEATURES)
    associability: Array  # (people, FEATURES)


@final
class Associative(Learner[State]):
    """Knows nothing of what is new: what an event expects of anything new, storage and nights change nothing here."""

    key = "associative"
    names = (
        "rate_worse", "rate_better", "associability_share", "associability_rate", "fear_threshold", "fear_slope",
        "drug_block", "drug_learning", "drug_weakening", "amnestic_loss",
    )  # fmt: skip

    def begin(self, people: int) -> State:
        """No cue is known, every cue is fully associable."""
        return State(np.zeros((people, FEATURES)), np.ones((people, FEATURES)))

    def kept(self, lived: NDArray[np.bool_], new: State, old: State) -> State:
        """Rows of the new state for those who lived the event."""
        found: State = choose(lived, new, old)
        return found

    def step(self, p: Members, state: State, e: Event) -> tuple[State, Told]:
        """The state after one event, and what it brought."""
        predicted = (state.weights * e.features).sum(axis=1)
        outcome = np.clip(e.outcome + e.reaction * np.clip(predicted, 0.0, 1.0), 0.0, 1.0)
        error = (outcome - predicted) * e.observed
        rate = np.where(error > 0, p["rate_worse"], p["rate_better"])
        rate = rate * (1.0 - p["drug_block"] * e.block) * (1.0 + p["drug_learning"] * e.plasticity)
        share = p["associability_share"][:, None]
        attended = ((1.0 - share) + share * state.associability) * e.features
        attended = attended / np.maximum((e.features**2).sum(axis=1), 1.0)[:, None]
        present = np.clip(e.features, 0.0, 1.0) * e.observed[:, None]
        lost = p["amnestic_loss"] * e.amnestic + p["drug_weakening"] * e.block_after
        weights = (state.weights + (rate * error)[:, None] * attended) * (1.0 - np.clip(present * lost[:, None], 0, 1))
        drift = p["associability_rate"][:, None] * present
        associability = state.associability + drift * (np.abs(error)[:, None] - state.associability)
        expressed = 1.0 / (1.0 + np.exp(-(predicted - p["fear_threshold"]) / p["fear_slope"]))
        return State(weights, associability), Told(expressed, predicted, outcome, np.ones(p.people))
