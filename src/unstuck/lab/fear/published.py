"""The published latent-cause model of memory modification, from its equations (Gershman and others 2017).

doi 10.7554/eLife.23763, Materials and methods: a prior over causes by a power law of the time since each was last
inferred, Gaussian features with unit prior variance of their mean, Gaussian outcomes around w x, expectation and
maximisation alternating between two events, at most three times and at least once, and the best cause kept as the
event's own. Written anew from the text; no code was read. It keeps every event, so that its cost grows with the
square of a history's length.

Time in the paper is in units of its trials; here `unit_h` hours are one unit. Nights and storage change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from unstuck.lab.fear.base import FEATURES, Array, Event, Learner, Members, Told, choose

CAUSES = 10
NOBODY = -1.0  # the cause of an event that a person did not live


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is remembered of a person; people first."""

    weights: Array  # (people, CAUSES, FEATURES)
    seen: Array  # (people, CAUSES, FEATURES)
    counts: Array  # (people, CAUSES)
    opened: Array  # (people,)
    now_h: Array  # (people,)
    at_h: Array  # (people, events so far)
    assigned: Array  # (people, events so far)


@final
class Published(Learner[State]):
    """The model as published, with the channels of a drug put in where their name says."""

    key = "published"
    names = (
        "new_cause", "power", "unit_h", "context_variance", "outcome_variance", "rate", "most_passes", "fear_threshold",
        "fear_slope", "drug_block", "drug_learning", "drug_weakening", "amnestic_loss",
    )  # fmt: skip

    def begin(self, people: int) -> State:
        """Nothing has happened yet."""
        by_cause, none = np.zeros((people, CAUSES, FEATURES)), np.zeros(people)
        past = np.zeros((people, 0))
        return State(by_cause, by_cause, np.zeros((people, CAUSES)), none, none, past, past)

    def kept(self, lived: NDArray[np.bool_], new: State, old: State) -> State:
        """Rows of the new state for those who lived the event; for the others it belongs to no cause."""
        longer = np.full((old.now_h.size, 1), NOBODY)
        past = [np.concatenate([values, longer], axis=1) for values in (old.at_h, old.assigned)]
        padded = State(old.weights, old.seen, old.counts, old.opened, old.now_h, *past)
        found: State = choose(lived, new, padded)
        return found

    def step(self, p: Members, state: State, e: Event) -> tuple[State, Told]:
        """The state after one event, and what it brought."""
        now_h = state.now_h + e.since_h
        log_prior, weights = _retrieve(p, state, e, now_h)
        prior = _shares(log_prior)
        predicted = (prior * _along(weights, e.features)).sum(axis=1)
        outcome = np.clip(e.outcome + e.reaction * np.clip(predicted, 0.0, 1.0), 0.0, 1.0)
        share, weights = _modify(p, e, log_prior, weights, outcome)
        expressed = ndtr((predicted - p["fear_threshold"]) / p["fear_slope"])
        after = _remember(p, state, e, share, weights, now_h)
        return after, Told(expressed, predicted, outcome, after.opened)


def _along(weights: Array, features: Array) -> Array:
    return np.asarray((weights * features[:, None, :]).sum(axis=2))


def _shares(log_share: Array) -> Array:
    raised = np.exp(log_share - log_share.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _retrieve(p: Members, state: State, e: Event, now_h: Array) -> tuple[Array, Array]:
    """Log prior over causes, given time and features, and the weights with those of the spare cause filled in."""
    units = np.maximum((now_h[:, None] - state.at_h) / p["unit_h"][:, None], 1.0)
    recent = units ** -p["power"][:, None]
    mine = state.assigned[:, None, :] == np.arange(CAUSES)[None, :, None]
    pull = (recent[:, None, :] * mine).sum(axis=2)
    spare = np.arange(CAUSES)[None, :] == state.opened[:, None]
    pull = np.where(spare, p["new_cause"][:, None], pull)
    noise = p["context_variance"][:, None]
    typical = state.seen / (state.counts + noise)[..., None]
    variance = noise + noise / (state.counts + noise)
    apart = ((e.features[:, None, :] - typical) ** 2).sum(axis=2)
    fit = -0.5 * apart / variance - 0.5 * FEATURES * np.log(variance)
    there = np.arange(CAUSES)[None, :] <= state.opened[:, None]
    log_prior = np.where(there & (pull > 0), np.log(np.maximum(pull, 1e-300)) + fit, -np.inf)
    unknown = np.clip(e.expectation, 0.0, 0.9) / np.maximum(e.features.sum(axis=1), 1.0)
    return log_prior, np.where(spare[..., None], unknown[:, None, None], state.weights)


def _modify(p: Members, e: Event, log_prior: Array, weights: Array, outcome: Array) -> tuple[Array, Array]:
    """Responsibilities and weights after as many rounds as fit before the next event."""
    rounds = np.clip(np.floor(e.until_h / p["unit_h"] + 1e-6), 1.0, p["most_passes"])
    rate = p["rate"] * (1.0 - p["drug_block"] * e.block) * (1.0 + p["drug_learning"] * e.plasticity) * e.observed
    share = _shares(log_prior)
    for number in range(int(rounds.max())):
        error = outcome[:, None] - _along(weights, e.features)
        held = _shares(log_prior - 0.5 * error**2 / p["outcome_variance"][:, None])
        on = (number < rounds)[:, None] & (e.observed > 0)[:, None]
        share = np.where(on, held, share)
        moved = np.where(on, rate[:, None] * share * error, 0.0)
        weights = weights + moved[..., None] * e.features[:, None, :]
    return share, weights


def _remember(p: Members, state: State, e: Event, share: Array, weights: Array, now_h: Array) -> State:
    """The event is filed under its best cause; a spare cause that is not the best is forgotten again."""
    best = share.argmax(axis=1)
    opened = np.minimum(state.opened + (best == state.opened), CAUSES)
    lost = (p["amnestic_loss"] * e.amnestic + p["drug_weakening"] * e.block_after) * e.observed
    kept = 1.0 - np.clip(share * lost[:, None], 0.0, 1.0)
    own = np.arange(CAUSES)[None, :] == best[:, None]
    active = np.arange(CAUSES)[None, :] < opened[:, None]
    return State(
        weights=np.where(active[..., None], weights * kept[..., None], 0.0),
        seen=state.seen + own[..., None] * e.features[:, None, :],
        counts=state.counts + own,
        opened=opened,
        now_h=now_h,
        at_h=np.concatenate([state.at_h, now_h[:, None]], axis=1),
        assigned=np.concatenate([state.assigned, best[:, None].astype(float)], axis=1),
    )
