"""The table that a trial leaves behind: who was in which arm, and the score of each visit of the analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from unstuck.core.trial import TrialVisit
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints

DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class TrialTable:
    """Arrays of shape (replicates, size); `scores` has a last axis of visits, `happened` one of the design's events:
    the place of the first visit after it, or the number of visits where it did not happen. NaN is missing.

    Days count from the first treatment. Who never started has no baseline and belongs to no analysis.
    """

    arm: Ints
    veteran: Bools
    site: Ints
    therapist: Ints
    believes: Bools
    enrolled_day: Floats
    started: Bools
    left: Bools
    base: Floats
    scores: Floats
    doses: Ints
    sessions: Ints
    measured: Ints
    stopped: Bools
    happened: Ints

    @property
    def replicates(self) -> int:
        """How many trials there are."""
        return len(self.arm)

    def only(self, replicate: int) -> TrialTable:
        """One trial of them, still with its first axis."""
        return TrialTable(*(getattr(self, f.name)[replicate : replicate + 1] for f in fields(self)))

    def first_people(self, count: int) -> TrialTable:
        """The first people of each trial in order of enrolment, as an interim look sees them."""
        return TrialTable(*(getattr(self, f.name)[:, :count] for f in fields(self)))

    def different(self, other: TrialTable) -> list[str]:
        """Names of the columns in which the two are not equal; missing equals missing."""
        return [f.name for f in fields(self) if not _same(getattr(self, f.name), getattr(other, f.name))]


def _same(one: Ints, other: Ints) -> bool:
    if one.shape != other.shape:
        return False
    return bool(np.allclose(one, other, rtol=0, atol=1e-9, equal_nan=True))


def at_visits(visits: Sequence[TrialVisit], minutes: Sequence[float], scores: Sequence[float]) -> list[float]:
    """The score nearest to each visit's day within its window, the earlier of two as near; NaN where there is none."""
    found = []
    for visit in visits:
        low, high = (visit.day - visit.before) * DAY_MIN, (visit.day + visit.after) * DAY_MIN
        near = [(abs(m - visit.day * DAY_MIN), m, s) for m, s in zip(minutes, scores, strict=True) if low <= m <= high]
        found.append(min(near)[2] if near else float("nan"))
    return found


def many_at_visits(visits: Sequence[TrialVisit], minutes: Floats, scores: Floats) -> Floats:
    """The same for many people: minutes and scores of shape (people, most), NaN where there is none; (people, visits).

    Scores stand in order of time, so that the first of two as near is the earlier.
    """
    found = []
    for visit in visits:
        away = np.abs(minutes - visit.day * DAY_MIN)
        inside = (minutes >= (visit.day - visit.before) * DAY_MIN) & (minutes <= (visit.day + visit.after) * DAY_MIN)
        away = np.where(inside, away, np.inf)
        place = away.argmin(axis=1)
        rows = np.arange(len(place))
        found.append(np.where(np.isfinite(away[rows, place]), scores[rows, place], np.nan))
    return np.stack(found, axis=1)
