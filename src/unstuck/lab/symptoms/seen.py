"""What is seen of true severity: items and totals with noise, which comes in as normal numbers named outside."""

from __future__ import annotations

import numpy as np

from unstuck.lab.symptoms.parameters import CAPS5_TOP, ITEMS, MADRS_TOP, PHQ9_TOP, Array, Scores
from unstuck.lab.symptoms.truth import Persons, Truth

OCCASION_NORMALS = 27  # 4 clusters, 20 items, CAPS-5, PHQ-9, MADRS
_PLACE = np.repeat(np.arange(4), ITEMS)


def pcl5_items(scores: Scores, clusters: Array, habits: Array, luck: Array) -> Array:
    """Answers 0 to 4 to the twenty items, shape (people, 20), from true clusters and normals (people, 24)."""
    wished = clusters + luck[:, :4] @ scores.pcl5.root.T
    level = (wished / np.array(ITEMS))[:, _PLACE]
    return np.asarray(np.clip(np.rint(level + habits + scores.pcl5.item_noise * luck[:, 4:24]), 0.0, 4.0))


def cluster_totals(items: Array) -> Array:
    """Totals by cluster, shape (people, 4), of items (people, 20)."""
    edges = np.cumsum((0, *ITEMS[:-1]))
    return np.asarray(np.add.reduceat(items, edges, axis=1))


def caps5(scores: Scores, true: Array, luck: Array) -> Array:
    """Whole CAPS-5 totals of true ones, shape (people,)."""
    noise = scores.caps5.spread(scores.pcl5)[1]
    return np.asarray(np.clip(np.rint(true + noise * luck), 0.0, CAPS5_TOP))


def phq9(scores: Scores, mood: Array, own: Array, luck: Array) -> Array:
    """Whole PHQ-9 totals, shape (people,)."""
    return _rated(PHQ9_TOP, mood, own + scores.mood.phq9_sem * luck)


def madrs(scores: Scores, mood: Array, own: Array, luck: Array) -> Array:
    """Whole MADRS totals, shape (people,)."""
    return _rated(MADRS_TOP, mood, own + scores.mood.madrs_sem * luck)


def _rated(top: float, mood: Array, added: Array) -> Array:
    return np.asarray(np.clip(np.rint(top * mood + added), 0.0, top))


def seen(scores: Scores, true: Truth, who: Persons, luck: Array) -> dict[str, Array]:
    """Every scale once: `items` (people, 20), the others (people,), from normals (people, 27)."""
    items = pcl5_items(scores, true.clusters, who.habits, luck[:, :24])
    return {
        "items": items,
        "pcl5": items.sum(axis=1),
        "caps5": caps5(scores, true.caps5, luck[:, 24]),
        "phq9": phq9(scores, true.mood, who.phq9, luck[:, 25]),
        "madrs": madrs(scores, true.mood, who.madrs, luck[:, 26]),
    }
