"""The table as an estimand sees it: scores after an event are kept, taken out, or replaced, as its strategy says.

| strategy           | scores from the event on                                                           |
| treatment policy   | as they are; after leaving there are none                                          |
| hypothetical       | missing: the model for repeated measures stands in for them (missing at random)    |
| while on treatment | the last one before the event                                                      |
| composite          | baseline plus the change that the estimand calls failure                           |

Where events meet, failure goes before the last score, and the last score before what is missing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from unstuck.core.estimands import Estimand, Happening, Strategy
from unstuck.core.trial import TrialDesign
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints
from unstuck.lab.trials.virtual.happenings import left_after
from unstuck.lab.trials.virtual.table import TrialTable

NEVER = 2**15  # a place beyond all visits


def handled(design: TrialDesign, estimand: Estimand, table: TrialTable) -> TrialTable:
    """The table with its scores as that estimand has them."""
    after = {s: _first(design, estimand, table, s) for s in Strategy}
    place = np.arange(table.scores.shape[2])
    scores = np.where(place >= after[Strategy.HYPOTHETICAL][..., None], np.nan, table.scores)
    ended = after[Strategy.WHILE_ON_TREATMENT]
    scores = np.where(place >= ended[..., None], before(table.base, table.scores, ended)[..., None], scores)
    failure = (table.base + (estimand.failure_change or 0.0))[..., None]
    return replace(table, scores=np.where(place >= after[Strategy.COMPOSITE][..., None], failure, scores))


def failed_at(design: TrialDesign, estimand: Estimand, table: TrialTable) -> Ints:
    """The place of the first visit from which on somebody counts as failure; NEVER for who does not."""
    return _first(design, estimand, table, Strategy.COMPOSITE)


def unseen_from(design: TrialDesign, estimand: Estimand, table: TrialTable) -> Ints:
    """The place of the first visit from which on nothing counts as seen; NEVER for who has no such event."""
    return _first(design, estimand, table, Strategy.HYPOTHETICAL)


def ended_at(design: TrialDesign, estimand: Estimand, table: TrialTable) -> Ints:
    """The place of the first visit after an event that ends what is looked at (while on treatment, or failure)."""
    on_treatment = _first(design, estimand, table, Strategy.WHILE_ON_TREATMENT)
    return np.minimum(on_treatment, failed_at(design, estimand, table))


def _first(design: TrialDesign, estimand: Estimand, table: TrialTable, strategy: Strategy) -> Ints:
    """The first visit after any of the events that are treated so."""
    mine = [at for name, at in _places(design, table) if estimand.strategy(name) is strategy]
    return np.asarray(np.min([np.full(table.arm.shape, NEVER), *mine], axis=0))


def _places(design: TrialDesign, table: TrialTable) -> list[tuple[Happening, Ints]]:
    """For each kind of event the place of the first visit after it; NEVER where it did not happen."""
    visits = table.scores.shape[2]
    found = [
        (Happening.LEFT_STUDY, left_after(table.left, table.scores)),
        (Happening.STOPPED_TREATMENT, left_after(table.stopped & ~table.left, table.scores)),
    ]
    found += [(event.happening, table.happened[..., k]) for k, event in enumerate(design.events)]
    return [(name, np.where(table.started & (at < visits), at, NEVER)) for name, at in found]


def before(base: Floats, scores: Floats, place: Ints) -> Floats:
    """The last score seen before that visit; the baseline where there was none."""
    early: Bools = np.isfinite(scores) & (np.arange(scores.shape[-1]) < place[..., None])
    last = np.where(early, np.arange(scores.shape[-1]), -1).max(axis=-1)
    found = np.take_along_axis(scores, np.maximum(last, 0)[..., None], axis=-1)[..., 0]
    return np.where(last >= 0, found, base)
