"""Events that a design adds between visits (rescue, a new drug, a stay in hospital), in two spellings.

In the interval before a visit somebody who is still there has the event with the chance

    P = 1 / (1 + exp(-(a + b (x - c) / 10)))

x is the last score seen, c the average at baseline, a the log odds at it, b the log odds ratio of ten points. From then
on each score moves by the event's points, within the scale. Events happen once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unstuck.core.estimands import Intercurrent
from unstuck.lab.patients.calibration import CAPS5_TOP, CLUSTER_TOP
from unstuck.lab.random import Stream
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints, uniforms


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What events need to know beside the scores: seed, the average score, and the top of the scale."""

    seed: int
    centre: float
    top: float


def top_of(outcome: str) -> float:
    """The highest score of that outcome."""
    return float(CAPS5_TOP) if outcome.startswith("caps5") else float(np.sum(np.broadcast_to(CLUSTER_TOP, 4)))


def left_after(left: Bools, scores: Floats) -> Ints:
    """The place of the first visit after leaving, by (..., visits); the number of visits for who did not leave."""
    visits = scores.shape[-1]
    seen = np.where(np.isfinite(scores), np.arange(1, visits + 1), 0).max(axis=-1)
    return np.asarray(np.where(left, seen, visits))


def many_happenings(
    events: Sequence[Intercurrent], around: Surroundings, number: Ints, base: Floats, scores: Floats, here: Ints
) -> tuple[Floats, Ints]:
    """Scores after the events, and the place of the first visit after each: (..., visits), (..., events). `here` is the
    place of the first visit at which somebody is gone. Shapes before the last axis are those of `number`."""
    shown, last = scores.copy(), base.copy()
    visits = scores.shape[-1]
    happened = np.full((*number.shape, len(events)), visits, dtype=np.int64)
    for visit in range(visits):
        moved = np.zeros(number.shape)
        for place, event in enumerate(events):
            luck = uniforms(around.seed, number.ravel(), f"event {event.happening}", 1, visit).reshape(number.shape)
            with np.errstate(invalid="ignore", over="ignore"):
                now = (happened[..., place] == visits) & (visit < here) & (luck < _chances(event, around, last))
            happened[..., place] = np.where(now, visit, happened[..., place])
            moved += np.where(happened[..., place] <= visit, event.points.value if event.points else 0.0, 0.0)
        shown[..., visit] = np.where(moved != 0, np.clip(scores[..., visit] + moved, 0, around.top), scores[..., visit])
        last = np.where(np.isfinite(shown[..., visit]), shown[..., visit], last)
    return shown, happened


def _chances(event: Intercurrent, around: Surroundings, score: Floats) -> Floats:
    """NaN where the score is unknown: nothing happens to who never began."""
    share, slope = event.share.value, event.per_10.value if event.per_10 else 0.0
    return 1 / (1 + np.exp(-(math.log(share / (1 - share)) + slope * (score - around.centre) / 10)))


def happenings_of(
    events: Sequence[Intercurrent], around: Surroundings, number: int, base: float, scores: Sequence[float], left: bool
) -> tuple[list[float], list[int]]:
    """The same for one person, the plain spelling."""
    seen = [place for place, score in enumerate(scores) if not math.isnan(score)]
    gone = (seen[-1] + 1 if seen else 0) if left else len(scores)
    last, shown, happened = base, list(scores), [len(scores)] * len(events)
    for visit, score in enumerate(scores):
        moved = 0.0
        for place, event in enumerate(events):
            if happened[place] == len(scores) and visit < gone and not math.isnan(last):
                luck = Stream(around.seed, number, f"event {event.happening}", visit).uniform()
                happened[place] = visit if luck < _chance(event, around, last) else len(scores)
            if happened[place] <= visit and event.points is not None:
                moved += event.points.value
        if not math.isnan(score):
            shown[visit] = min(max(score + moved, 0.0), around.top) if moved else score
            last = shown[visit]
    return shown, happened


def _chance(event: Intercurrent, around: Surroundings, score: float) -> float:
    odds = event.share.value / (1 - event.share.value)
    odds *= math.exp((event.per_10.value if event.per_10 else 0.0) * (score - around.centre) / 10)
    return odds / (1 + odds)
