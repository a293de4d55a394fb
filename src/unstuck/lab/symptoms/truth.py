"""True severity: what scores would say without noise. Pure functions over arrays whose last axis is named in each.

    T_c = top_c (sum over states of loading x state) (1 - relief_c) + own_c      in points, kept within the range
    M   = (own + follows x S) (1 - relief)                                        depression, share of a range

S is PTSD severity as a share of the PCL-5's range. Relief of clusters and relief of mood are separate inputs, so that a
drug may lift depression and leave PTSD as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from unstuck.lab.symptoms.parameters import CAPS5_TOP, PCL5_TOP, TOPS, Array, Loading, Scores

MOOD_TOP = 0.95  # no mood lies at the very end of a scale


@dataclass(frozen=True, slots=True)
class States:
    """What the learner and its surroundings stand at, each between 0 and 1, any shape, all alike."""

    intrusion: Array
    avoidance: Array
    belief: Array
    arousal: Array


@dataclass(frozen=True, slots=True)
class Persons:
    """Who somebody is to the scales: points by cluster (people, 4), and lasting offsets (people,)."""

    clusters: Array
    caps5: Array
    mood: Array
    phq9: Array
    madrs: Array
    habits: Array  # (people, 20), adding up to 0 within each cluster


@dataclass(frozen=True, slots=True)
class Eased:
    """What lessens scores and leaves the states: shares taken from clusters (..., 4) and mood (...), and points by
    cluster that somebody reports less out of expectation (..., 4)."""

    clusters: Array
    mood: Array
    points: Array

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Eased:
        """Nothing."""
        return cls(np.zeros((*shape, 4)), np.zeros(shape), np.zeros((*shape, 4)))


@dataclass(frozen=True, slots=True)
class Truth:
    """True scores: clusters (..., 4); the others (...)."""

    clusters: Array
    caps5: Array
    mood: Array

    @property
    def pcl5(self) -> Array:
        """Total of the clusters."""
        return np.asarray(self.clusters.sum(axis=-1))


def persons(scores: Scores, normals: Array) -> Persons:
    """People from standard normal numbers of shape (people, 28): 4 clusters, CAPS-5, mood, PHQ-9, MADRS, 20 habits."""
    own, mood = scores.own, scores.mood
    habits = scores.pcl5.item_habit * normals[:, 8:28]
    return Persons(
        clusters=own.means + normals[:, :4] @ own.root.T,
        caps5=scores.caps5.spread(scores.pcl5)[0] * normals[:, 4],
        mood=mood.own_mean + mood.own_sd * normals[:, 5],
        phq9=mood.phq9_own * normals[:, 6],
        madrs=mood.madrs_own * normals[:, 7],
        habits=levelled(habits),
    )


PERSON_NORMALS = 28
_EDGES = (0, 5, 7, 14, 20)


def levelled(items: Array) -> Array:
    """The same item values less their mean within each cluster, shape (..., 20)."""
    parts = [items[..., a:b] - items[..., a:b].mean(axis=-1, keepdims=True) for a, b in pairwise(_EDGES)]
    return np.concatenate(parts, axis=-1)


def shares(loading: Loading, states: States, mood: Array) -> Array:
    """Clusters as shares of their ranges, shape (..., 4)."""
    i, k = states.intrusion, loading
    return np.stack(
        [
            k.b_intrusion * i,
            k.c_avoidance * states.avoidance + k.c_intrusion * i,
            k.d_belief * states.belief + k.d_intrusion * i + k.d_mood * mood,
            k.e_arousal * states.arousal + k.e_intrusion * i,
        ],
        axis=-1,
    )


def truth(scores: Scores, states: States, who: Persons, eased: Eased) -> Truth:
    """True scores of people (first axis) at times (second axis, if any)."""
    wide = (slice(None), *(None,) * (states.intrusion.ndim - 1))
    added = who.clusters[(*wide, slice(None))] - eased.points
    before = shares(scores.loading, states, np.zeros_like(states.intrusion))
    severity = np.clip(TOPS * before * (1 - eased.clusters) + added, 0.0, TOPS).sum(axis=-1) / PCL5_TOP
    mood = np.clip((who.mood[wide] + scores.mood.follows * severity) * (1 - eased.mood), 0.0, MOOD_TOP)
    share = shares(scores.loading, states, mood)
    clusters = np.clip(TOPS * share * (1 - eased.clusters) + added, 0.0, TOPS)
    return Truth(clusters, caps5_of(scores, clusters.sum(axis=-1), who.caps5[wide]), mood)


def caps5_of(scores: Scores, pcl5: Array, own: Array) -> Array:
    """True CAPS-5 at a true PCL-5 total; somebody without symptoms has none in either."""
    line = scores.caps5.level * np.minimum(pcl5 / 20.0, 1.0) + scores.caps5.slope * pcl5 + own
    return np.asarray(np.clip(line, 0.0, CAPS5_TOP))
