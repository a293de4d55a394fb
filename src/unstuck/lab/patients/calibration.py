"""Turns a published result into class weights, so that virtual patients repeat it: the arm is an input.

The classes of symptom course keep their shape; their weights are tilted by exp(theta * rank) until the share of
responders, or the mean fall, seen through the instrument's noise equals the published one. Theta is found by bisection.
What each class gives is counted on one fixed crowd of simulated people, so that the answer is exact and repeatable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.patients.population import CLASSES, CLUSTERS, Figures
from unstuck.lab.patients.studies import MeanFall, Responders, StudyArm
from unstuck.lab.random import normal_array

CROWD = 8192  # people in the fixed crowd; the error of a class's share is below 0.006
CROWD_SEED = 20_240_229
RANKS = (2.0, 1.0, 0.0, -1.0, -1.0)  # the last two keep their ratio: a weak arm is not thereby a harmful one
HIGHEST = 0.95  # no course removes more than this share of the baseline
LOWEST = -0.60
CLUSTER_TOP = (20, 8, 28, 24)  # highest score of each PCL-5 cluster
CAPS5_TOP = 80


@dataclass(frozen=True, slots=True)
class Effect:
    """One arm as patients feel it: class weights, the day they were calibrated for, and how long benefit lasts."""

    arm: str
    drug: str
    weights: tuple[float, ...]
    day: float
    dropout_per_day: float
    loss_per_day: float
    mood_bonus: float
    cluster_weights: tuple[float, ...]


def effect_of(arm: StudyArm, figures: Figures, share: float | None = None) -> Effect:
    """The calibrated arm. `share` replaces the published share of responders, where it is drawn with uncertainty."""
    if arm.effect is None:
        raise Complaint(f"No outcome of {arm.name} could be read, so that it cannot be repeated.")
    moved = cluster_weights(figures) if "ketamine" in arm.drug else (1.0,) * len(CLUSTERS)
    loss = arm.loss_days.value if arm.loss_days else math.inf
    return Effect(
        arm=arm.name,
        drug=arm.drug,
        weights=_weights(arm, figures, share),
        day=float(arm.day),
        dropout_per_day=-math.log(1 - arm.missing) / arm.day if arm.missing < 1 else math.inf,
        loss_per_day=math.log(2) / loss,
        mood_bonus=arm.mood_bonus.value if arm.mood_bonus else 0.0,
        cluster_weights=moved,
    )


def cluster_weights(figures: Figures) -> tuple[float, ...]:
    """How much more or less than the total each cluster falls, scaled so that the total falls as it should."""
    weights, means = figures.by_cluster("weight"), figures.by_cluster("pcl5_mean")
    scale = sum(means) / sum(w * m for w, m in zip(weights, means, strict=True))
    return tuple(w * scale for w in weights)


def tilted(weights: Sequence[float], theta: float) -> tuple[float, ...]:
    """The class weights tilted towards better (theta > 0) or worse courses, adding up to 1."""
    raw = [w * math.exp(theta * rank) for w, rank in zip(weights, RANKS, strict=True)]
    return tuple(w / sum(raw) for w in raw)


def _weights(arm: StudyArm, figures: Figures, share: float | None) -> tuple[float, ...]:
    effect = arm.effect
    moved = cluster_weights(figures) if "ketamine" in arm.drug else (1.0,) * len(CLUSTERS)
    if isinstance(effect, Responders):
        by_class = _responding(figures, effect.instrument, effect.fall_percent, moved)
        wanted = effect.share.value if share is None else share
        wanted = wanted if effect.of_assessed else wanted / (1 - arm.missing)
    else:
        assert isinstance(effect, MeanFall)
        by_class = _mean_falls(figures, effect.instrument, moved)
        wanted = effect.percent.value
    if not min(by_class) < wanted < max(by_class):
        raise Complaint(
            f"{arm.name} cannot be repeated: {wanted:.3g} lies outside what the classes of course give "
            f"({min(by_class):.3g} to {max(by_class):.3g}).",
            mend="Widen the classes in the population file, or leave this arm out.",
        )
    base = figures.class_weights
    theta = _solve(lambda t: sum(w * c for w, c in zip(tilted(base, t), by_class, strict=True)) - wanted)
    return tilted(base, theta)


def _solve(rising: Callable[[float], float]) -> float:
    low, high = -20.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


@lru_cache(maxsize=64)
def _responding(figures: Figures, instrument: str, percent: float, moved: tuple[float, ...]) -> tuple[float, ...]:
    """Share of each class whose observed score falls by at least `percent`."""
    falls = [_observed_falls(figures, instrument, moved, place) for place in range(len(CLASSES))]
    return tuple(float(np.mean(fall >= percent)) for fall in falls)


@lru_cache(maxsize=64)
def _mean_falls(figures: Figures, instrument: str, moved: tuple[float, ...]) -> tuple[float, ...]:
    """Mean observed fall of each class, in percent of baseline."""
    falls = [_observed_falls(figures, instrument, moved, place) for place in range(len(CLASSES))]
    return tuple(float(np.mean(fall)) for fall in falls)


def _observed_falls(figures: Figures, instrument: str, moved: tuple[float, ...], place: int) -> NDArray[np.float64]:
    """Observed falls of the crowd in percent of their observed baseline, were all of them in one class."""
    z = _crowd()
    fall = np.clip(figures.class_falls[place] + figures.fall_sd * z[:, 13], LOWEST, HIGHEST)
    before = _seen(figures, instrument, z[:, [0, 1, 2, 3, 4, 5, 6, 7, 8, 14]], moved, np.zeros_like(fall))
    after = _seen(figures, instrument, z[:, [0, 1, 2, 3, 4, 9, 10, 11, 12, 15]], moved, fall)
    return 100 * (before - after) / np.maximum(before, 1.0)


@lru_cache(maxsize=1)
def _crowd() -> NDArray[np.float64]:
    """Standard normal numbers of the crowd; 4 clusters, 1 of CAPS-5, 4 and 4 of noise, 1 of fall, 2 of noise."""
    return normal_array(CROWD_SEED, np.arange(CROWD, dtype=np.uint64), "calibration", 16)


def _seen(
    figures: Figures, instrument: str, z: NDArray[np.float64], moved: tuple[float, ...], fall: NDArray[np.float64]
) -> NDArray[np.float64]:  # fmt: skip
    """Observed totals after `fall`; the columns of z are 4 of the clusters, 1 of CAPS-5, 4 of noise, 1 of noise."""
    root = cholesky(figures)
    spread = math.sqrt(figures.pcl5_retest)
    true = np.array(figures.by_cluster("pcl5_mean")) + spread * z[:, :4] @ root.T
    if instrument.startswith("caps5"):
        total = caps5_of(figures, z[:, :4] @ root.sum(axis=0) / total_sd(figures), z[:, 4])
        noise = figures.caps5_sd * math.sqrt(1 - figures.caps5_retest) * z[:, -1]
        return np.clip(np.rint(total * (1 - fall) + noise), 0, CAPS5_TOP)
    true = np.clip(true, 0, CLUSTER_TOP) * (1 - fall[:, None] * np.array(moved))
    noise = math.sqrt(1 - figures.pcl5_retest) * z[:, 5:9] @ root.T
    seen: NDArray[np.float64] = np.clip(np.rint(true + noise), 0, CLUSTER_TOP).sum(axis=1)
    return seen


def caps5_of(figures: Figures, symptoms: NDArray[np.float64], own: NDArray[np.float64]) -> NDArray[np.float64]:
    """True CAPS-5 totals from the standardised PCL-5 total and an own part."""
    share = caps5_share(figures)
    spread = figures.caps5_sd * math.sqrt(figures.caps5_retest)
    total = figures.caps5_mean + spread * (share * symptoms + math.sqrt(1 - share**2) * own)
    return np.clip(total, 0, CAPS5_TOP)


def caps5_share(figures: Figures) -> float:
    """Correlation of the true totals: the observed one, freed of both instruments' noise (Spearman 1904)."""
    return min(0.99, figures.caps5_pcl5_r / math.sqrt(figures.caps5_retest * figures.pcl5_retest))


@lru_cache(maxsize=16)
def cholesky(figures: Figures) -> NDArray[np.float64]:
    """Lower root of the covariance of the PCL-5 clusters, shape (4, 4)."""
    sds = figures.by_cluster("pcl5_sd")
    rows = [
        [figures.correlation(a, b) * sds[i] * sds[j] for j, b in enumerate(CLUSTERS)] for i, a in enumerate(CLUSTERS)
    ]
    return np.linalg.cholesky(np.array(rows))


def total_sd(figures: Figures) -> float:
    """Standard deviation of the observed PCL-5 total that the clusters and their correlations make."""
    return float(np.linalg.norm(cholesky(figures).sum(axis=0)))
