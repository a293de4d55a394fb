"""What one result may be read as, once it is asked how far belief could have made it.

Belief can fake at most its strongest plausible effect, in the share by which more people of the active arm believed to
be treated. Only what remains beyond that speaks for the drug. A guess is made after randomisation and partly by those
who feel better, so that this bound is a sensitivity analysis and no proof.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from unstuck.core.trial import TrialDesign
from unstuck.lab.trials.batched.draws import Bools, Floats
from unstuck.lab.trials.virtual.results import Result
from unstuck.lab.trials.virtual.table import TrialTable


class Reading(StrEnum):
    """What a result says."""

    WORKS = "works"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"


READINGS = tuple(Reading)


def strongest_belief(design: TrialDesign) -> float:
    """The most that belief could plausibly improve the outcome, in points; 0 where the design says nothing of it."""
    if design.unblinding is None:
        return 0.0
    points = design.unblinding.points
    return max(0.0, -(points.value if points.low is None else points.low))


def fakeable(design: TrialDesign, table: TrialTable) -> Floats:
    """Points that belief could have made in each replicate and active arm, shape (replicates, active arms)."""
    shares = [_share(table, place) for place in range(len(design.arms))]
    control = next(place for place, arm in enumerate(design.arms) if arm.control)
    active = [place for place, arm in enumerate(design.arms) if not arm.control]
    return strongest_belief(design) * np.stack([np.maximum(0.0, shares[a] - shares[control]) for a in active], axis=1)


def _share(table: TrialTable, place: int) -> Floats:
    """Share of the arm's starters that believed to have had the active drug."""
    among = (table.arm == place) & table.started
    return np.asarray((among & table.believes).sum(axis=1) / np.maximum(among.sum(axis=1), 1))


def read(result: Result, bound: Floats) -> Floats:
    """The place in READINGS of each result on a scale where lower is better."""
    works: Bools = result.high + bound < 0
    worse: Bools = result.low > 0
    return np.where(works, 0, np.where(worse, 1, 2)).astype(float)
