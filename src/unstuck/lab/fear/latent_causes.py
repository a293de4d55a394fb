"""The recommended learner: latent causes with three retrieval timescales; about 120 numbers a person.

A cause is one answer to "in which situation am I?" ("then and there", "here and now"). What does what, as read here:
the *amygdala* holds the threat weights of each cause and cue; the *hippocampus* assigns an experience to a cause from
features, context and how retrievable each cause is; the *prefrontal cortex* decides how well learned safety is stored
overnight and so expressed later; *arousal* (locus coeruleus) follows threat for hours, damps that storage, and leaves a
momentum of threat for days; negative *beliefs* come in as the threat expected of anything new.

Equations are our own, in the line of Gershman and others 2017 (doi 10.7554/eLife.23763: assignment, labile passes),
Song and others 2022 (nights), Kaye and others 2023 (momentum), Pearce and Hall 1980 (associability), Redish 2007
(persistent surprise opens a new situation). NumPy over people: the readable reference of `kernel`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.fear.base import FEATURES, Array, Event, Learner, Members, Told, choose

CAUSES = 6
FAST, MID, SLOW = range(3)
NAMES = (
    "new_cause", "context_variance", "outcome_variance", "rate_worse", "rate_better", "associability_share",
    "associability_rate", "weight_fast", "weight_mid", "weight_slow", "fast_h", "mid_h", "slow_h", "strengthen_fast",
    "strengthen_slow", "consolidation", "night_transfer", "prefrontal_gain", "labile_half_h", "labile_passes",
    "momentum_gain", "momentum_h", "surprise_gain", "surprise_rate", "surprise_h", "new_cause_variance",
    "new_cause_threat", "fear_threshold", "fear_slope", "arousal_gain", "arousal_h", "arousal_on_prefrontal",
    "arousal_from_fear", "momentum_step", "safety_steepness", "drug_block", "drug_storage", "drug_learning",
    "drug_weakening", "amnestic_loss", "labile_gain", "labile_spread", "labile_error_gain", "labile_open_per_h",
    "labile_close_per_h",
)  # fmt: skip
CLEARLY = 1e-9  # by how much a new cause must win; keeps ties from hanging on the last bit
TRACE = 1e-4  # retrieval strength that no cause falls below
FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is remembered of a person; people first."""

    weights: Array  # (people, CAUSES, FEATURES) threat of each cue under each cause
    seen: Array  # (people, CAUSES, FEATURES) sums of features
    counts: Array  # (people, CAUSES)
    strength: Array  # (people, CAUSES, 3) fast (minutes to hours), mid (days), slow (years)
    tag: Array  # (people, CAUSES) how well the last use will be stored
    opened: Array  # (people,) causes in use
    associability: Array  # (people, FEATURES)
    arousal: Array  # (people,)
    momentum: Array  # (people,)
    surprise: Array  # (people,)
    mismatch: Array  # (people, CAUSES) how clearly the last event contradicted what a cause had been retrieved to say
    labile: Array  # (people, CAUSES) how open to change a cause is since then


@dataclass(frozen=True, slots=True)
class _Retrieved:
    """What comes to mind before the outcome."""

    log_prior: Array  # (people, CAUSES), unnormalised; -inf where there is no such cause
    prior: Array
    weights: Array  # the spare cause's threat filled in
    spare: NDArray[np.bool_]
    predicted: Array  # (people,)


@dataclass(frozen=True, slots=True)
class _Learned:
    """What the outcome changed."""

    share: Array  # (people, CAUSES) responsibility
    weights: Array
    error: Array  # (people,) mean prediction error of what was held responsible
    outcome: Array
    won: NDArray[np.bool_]  # (people,) a new cause explains this best


@final
class LatentCauses(Learner[State]):
    """Section by section: time passes, causes are retrieved, an outcome comes, weights move, strengths settle."""

    key = "latent_causes"
    names = NAMES

    def begin(self, people: int) -> State:
        """Nobody has a cause yet; cues are fully associable."""
        by_weight, by_cause, none = np.zeros((people, CAUSES, FEATURES)), np.zeros((people, CAUSES)), np.zeros(people)
        return State(
            by_weight, by_weight, by_cause, np.zeros((people, CAUSES, 3)), np.ones((people, CAUSES)), none,
            np.ones((people, FEATURES)), none, none, none, by_cause, by_cause,
        )  # fmt: skip

    def kept(self, lived: NDArray[np.bool_], new: State, old: State) -> State:
        """Rows of the new state for those who lived the event."""
        found: State = choose(lived, new, old)
        return found

    def step(self, p: Members, state: State, e: Event) -> tuple[State, Told]:
        """The state after one event, and what it brought."""
        state = _after_time(p, state, e)
        found = _retrieve(p, state, e)
        outcome = np.clip(e.outcome + e.reaction * np.clip(found.predicted, 0.0, 1.0), 0.0, 1.0)
        learned = _learn(p, state, e, found, outcome)
        expressed = _logistic((found.predicted - p["fear_threshold"]) / p["fear_slope"])
        felt = np.maximum(outcome, p["arousal_from_fear"] * expressed)
        after = _with_causes(p, _surprised(p, state, e, found, learned), e, learned)
        after = replace(after, arousal=state.arousal + p["arousal_gain"] * felt)
        return after, Told(expressed, found.predicted, outcome, after.opened)


def _logistic(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _along(weights: Array, features: Array) -> Array:
    """Threat that each cause predicts of these features, shape (people, CAUSES)."""
    return np.asarray((weights * features[:, None, :]).sum(axis=2))


def _shares(log_share: Array) -> Array:
    """Shares that sum to 1 over causes, from logarithms up to a constant."""
    raised = np.exp(log_share - log_share.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _prefrontal_gain(p: Members, arousal: Array) -> Array:
    """How well safety is stored: the person's own gain, less while aroused."""
    return np.asarray(p["prefrontal_gain"] / (1.0 + p["arousal_on_prefrontal"] * arousal))


def _after_time(p: Members, state: State, e: Event) -> State:
    """Consolidation over the hours, nights, then decay of everything that fades."""
    lasting = np.stack([p["fast_h"], p["mid_h"], p["slow_h"]], axis=1)
    fading = np.exp(-e.since_h[:, None] / lasting)[:, None, :]
    arousal = state.arousal * np.exp(-e.since_h / p["arousal_h"])
    return replace(
        state,
        strength=_consolidated(p, state, e, _prefrontal_gain(p, arousal)) * fading,
        arousal=arousal,
        momentum=state.momentum * np.exp(-e.since_h / p["momentum_h"]),
        surprise=state.surprise * np.exp(-e.since_h / p["surprise_h"]),
        labile=_labile(p, state, e),
    )


def _labile(p: Members, state: State, e: Event) -> Array:
    """What a contradiction makes open to change: only after a pause of minutes, and no more after hours.

    Own addition, after the finding that reactivation without prediction error leaves a memory stable.
    """
    paused = (e.since_h * p["labile_open_per_h"]) ** 4
    over = (e.since_h * p["labile_close_per_h"]) ** 4
    fresh = state.mismatch * (paused / (1.0 + paused) / (1.0 + over))[:, None]
    return np.maximum(state.labile * np.exp(-e.since_h * p["labile_close_per_h"])[:, None], fresh)


def _consolidated(p: Members, state: State, e: Event, gain: Array) -> Array:
    """Fast strength passes into mid within hours as tagged, mid into slow at night, safety by the prefrontal gain."""
    stored = 1.0 + p["drug_storage"] * e.plasticity_since
    fast, mid, slow = (state.strength[..., n] for n in (FAST, MID, SLOW))
    gone = -np.expm1(-e.since_h / p["fast_h"])
    moved = p["consolidation"][:, None] * state.tag * fast * (gone * stored)[:, None]
    moved = moved / np.maximum(1.0, moved.sum(axis=1) / 0.95)[:, None]
    mid = mid + moved - mid * moved.sum(axis=1)[:, None]
    threat = np.clip(state.weights.max(axis=2), 0.0, 1.0)
    valued = 1.0 - (1.0 - gain)[:, None] * (1.0 - threat)
    nightly = np.clip(p["night_transfer"][:, None] * valued * (stored * e.sleep)[:, None], 0.0, 0.9)
    rate = 1.0 - (1.0 - nightly) ** e.nights[:, None]
    slow = slow + rate * (mid - slow * mid.sum(axis=1)[:, None])
    return np.stack([fast, mid, np.clip(slow, 0.0, 1.0)], axis=-1)


def _retrieve(p: Members, state: State, e: Event) -> _Retrieved:
    """Which causes come to mind, by how retrievable they are and how well they fit; and what they predict."""
    place = np.arange(CAUSES)[None, :]
    active, spare = place < state.opened[:, None], place == state.opened[:, None]
    kinds = np.stack([p["weight_fast"], p["weight_mid"], p["weight_slow"]], axis=1)
    strength = (state.strength * kinds[:, None, :]).sum(axis=2) + TRACE
    novelty = p["new_cause"] * np.exp(p["surprise_gain"] * np.abs(state.surprise))
    pull = np.where(active, strength, 0.0) + np.where(spare, novelty[:, None], 0.0)
    typical = np.where(active, 1.0, 0.0)[..., None] * state.seen / (state.counts + 1.0)[..., None]
    variance = p["context_variance"][:, None] * (1.0 + 1.0 / (state.counts + 1.0))
    variance = variance + np.where(active, 0.0, p["new_cause_variance"][:, None])
    apart = ((e.features[:, None, :] - typical) ** 2).sum(axis=2)
    fit = -0.5 * apart / variance - 0.5 * FEATURES * np.log(variance)
    log_prior = np.where(active | spare, np.log(pull + FLOOR) + fit, -np.inf)
    prior = _shares(log_prior)
    level = np.clip(p["new_cause_threat"] + p["momentum_gain"] * state.momentum + e.expectation, 0.0, 0.9)
    unknown = level / np.maximum(e.features.sum(axis=1), 1.0)
    weights = np.where(active[..., None], state.weights, unknown[:, None, None])
    predicted = (prior * _along(weights, e.features)).sum(axis=1)
    return _Retrieved(log_prior, prior, weights, spare, predicted)


def _learn(p: Members, state: State, e: Event, found: _Retrieved, outcome: Array) -> _Learned:
    """Responsibilities and weights in three passes; the last two belong to the labile window and need time to come."""
    effort = (1.0 - p["drug_block"] * e.block) * (1.0 + p["drug_learning"] * e.plasticity) * e.observed
    later = e.until_h**2 / (e.until_h**2 + p["labile_half_h"] ** 2) * p["labile_passes"] / 2.0
    share_of = p["associability_share"][:, None]
    attended = ((1.0 - share_of) + share_of * state.associability) * e.features
    attended = attended / np.maximum((e.features**2).sum(axis=1), 1.0)[:, None]
    heard = e.observed[:, None] > 0
    spread = p["outcome_variance"][:, None] * (1.0 + p["labile_spread"][:, None] * state.labile)
    eager = 1.0 + p["labile_gain"][:, None] * state.labile
    share, weights = found.prior, found.weights
    for number, scale in enumerate((np.ones_like(later), later, later)):
        error = outcome[:, None] - _along(weights, e.features)
        held = _shares(found.log_prior - 0.5 * error**2 / spread)
        held = np.where(heard, held, found.prior)
        share = held if number == 0 else share + scale[:, None] * (held - share)
        rate = np.where(error > 0, p["rate_worse"][:, None], p["rate_better"][:, None])
        moved = (scale * effort)[:, None] * np.minimum(rate * eager, 1.0) * share * error
        weights = weights + moved[..., None] * attended[:, None, :]
    error = (share * (outcome[:, None] - _along(found.weights, e.features))).sum(axis=1) * e.observed
    old = np.where(found.spare, -np.inf, share).max(axis=1)
    won = np.where(found.spare, share, 0.0).max(axis=1) > old + CLEARLY
    return _Learned(share, weights, error, outcome, won)


def _surprised(p: Members, state: State, e: Event, found: _Retrieved, learned: _Learned) -> State:
    """Associability, momentum of threat and persistent surprise after the error; the next event reads them."""
    drift = p["associability_rate"][:, None] * np.clip(e.features, 0.0, 1.0) * e.observed[:, None]
    recalled = np.where(found.spare | np.isinf(found.log_prior), 0.0, found.prior)
    known = recalled / np.maximum(recalled.sum(axis=1), 1e-6)[:, None]
    wrong = learned.outcome[:, None] - _along(found.weights, e.features)
    error = (known * wrong).sum(axis=1)
    clearly = (p["labile_error_gain"][:, None] * wrong) ** 4
    surprise = state.surprise + e.observed * p["surprise_rate"] * (error * e.observed - state.surprise)
    return replace(
        state,
        associability=state.associability + drift * (np.abs(learned.error)[:, None] - state.associability),
        momentum=state.momentum + p["momentum_step"] * e.observed * np.maximum(learned.error, 0.0),
        surprise=np.where(learned.won, 0.0, surprise),
        mismatch=e.observed[:, None] * recalled * clearly / (1.0 + clearly),
    )


def _with_causes(p: Members, state: State, e: Event, learned: _Learned) -> State:
    """A new cause opens only where it won; what was used is strengthened, tagged, and lost as far as it was blocked."""
    opened = state.opened + learned.won
    active = np.arange(CAUSES)[None, :] < opened[:, None]
    share = np.where(active, learned.share, 0.0)
    share = share / share.sum(axis=1, keepdims=True)
    made_labile = share * e.observed[:, None]
    lost = p["drug_weakening"] * e.block_after
    kept = 1.0 - np.clip(made_labile * (p["amnestic_loss"] * e.amnestic)[:, None], 0.0, 1.0)
    kept = kept * (1.0 - np.clip(made_labile * lost[:, None], 0.0, 1.0))
    encoded = 1.0 - p["drug_block"] * e.block
    safe = _logistic(-p["safety_steepness"] * learned.error) * (learned.outcome < 0.5)
    stored = 1.0 - safe * (1.0 - _prefrontal_gain(p, state.arousal))
    stored = stored * encoded * (1.0 - np.clip(e.amnestic, 0.0, 1.0)) * (1.0 - np.clip(lost, 0.0, 1.0))
    salience = p["strengthen_slow"] * learned.outcome * encoded * (1.0 + p["drug_storage"] * e.plasticity)
    gain = np.stack([p["strengthen_fast"], np.zeros(p.people), np.clip(salience, 0.0, 0.9)], axis=1)
    grown = gain[:, None, :] * (share[..., None] - state.strength) * active[..., None]
    return replace(
        state,
        weights=np.where(active[..., None], learned.weights * kept[..., None], 0.0),
        seen=state.seen + share[..., None] * e.features[:, None, :],
        counts=state.counts + share,
        strength=state.strength + grown,
        tag=state.tag + share * (stored[:, None] - state.tag),
        opened=opened,
    )
