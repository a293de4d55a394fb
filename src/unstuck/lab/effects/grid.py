"""Times at which the effects are computed: dense after each dose, sparse later, with every event on an edge.

A step is sampled at its start, middle and end. A concentration that jumps at an event has two values there; the end of
the step before it is therefore sampled a moment earlier, the start of the next one a moment later.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from unstuck.core.errors import Complaint
from unstuck.lab.effects.parameters import Array

# Until so many hours after a dose began, steps of so many hours.
LADDER = ((1.0, 1 / 30), (2.0, 1 / 12), (4.0, 1 / 6), (8.0, 1 / 3), (24.0, 1.0))
LONGEST_H = 4.0
_SAME_H = 1e-9  # edges that lie closer are one
_MOMENT_H = 2e-9


@dataclass(frozen=True, slots=True)
class Grid:
    """Edges of the steps, shape (steps + 1,), in hours, and which of them are events where a concentration may jump."""

    edges_h: Array
    events: frozenset[float] = frozenset()

    @property
    def step_h(self) -> Array:
        """Lengths of the steps, shape (steps,)."""
        return np.diff(self.edges_h)

    @property
    def samples_h(self) -> Array:
        """Times to sample a concentration at, shape (steps * 3,): start, middle and end of each step in turn."""
        aside = _MOMENT_H * np.array([edge in self.events for edge in self.edges_h.tolist()])
        first, last = self.edges_h[:-1], self.edges_h[1:]
        middle = (first + last) / 2
        first, last = first + aside[:-1], last - aside[1:]
        return np.stack([first, middle, last], axis=-1).ravel()

    def sampled(self, values: Array) -> Array:
        """Values at `samples_h`, shape (..., steps * 3), as (..., steps, 3)."""
        return values.reshape(*values.shape[:-1], -1, 3)

    def at_edges(self, values: Array) -> Array:
        """Of values of shape (..., steps, 3) those at the edges, shape (..., steps + 1)."""
        return np.concatenate([values[..., 0], values[..., -1:, 2]], axis=-1)

    def through(self, time_h: Array, values: Array) -> Array:
        """A curve given at `time_h`, straight between, as (..., steps, 3)."""
        flat = np.apply_along_axis(lambda row: np.interp(self.samples_h, time_h, row), -1, values)
        return self.sampled(flat)


def graded(events_h: ArrayLike, outputs_h: ArrayLike, until_h: float, finer: float = 1.0) -> Grid:
    """A grid over 0 to `until_h` that is dense after each event; `finer` divides every step.

    `events_h` are starts and ends of doses. Raises Complaint where `until_h` is not positive.
    """
    if not until_h > 0:
        raise Complaint(f"The last time {until_h} h is not after the start.", "until_h", "Give hours above zero.")
    events, outputs = _within(events_h, until_h), _within(outputs_h, until_h)
    marks = _apart([0.0, until_h, *events, *outputs])
    edges = [marks[0]]
    for start, end in pairwise(marks):
        edges += _between(start, end, events, finer)
    jumps = [edge for edge in edges if any(abs(edge - t) <= _SAME_H for t in events)]
    return Grid(np.array(edges), frozenset(jumps))


def _within(times_h: ArrayLike, until_h: float) -> list[float]:
    return sorted({float(t) for t in np.atleast_1d(np.asarray(times_h, dtype=float)) if 0 <= t <= until_h})


def _apart(times: Iterable[float]) -> list[float]:
    """The times in order; of those that lie a moment apart the one named first."""
    kept: list[float] = []
    for t in times:
        if all(abs(t - k) > _SAME_H for k in kept):
            kept.append(t)
    return sorted(kept)


def _between(start: float, end: float, events: list[float], finer: float) -> list[float]:
    """The edges after `start` up to `end`: equal steps, no longer than the time since the last event allows."""
    found, now = [], start
    while now < end - _SAME_H:
        last = max((e for e in events if e <= now + _SAME_H), default=0.0)
        until, pace = _pace(now - last)
        stop = end if end <= last + until + _SAME_H else last + until
        count = max(1, math.ceil((stop - now) * finer / pace - _SAME_H))
        found += [now + (stop - now) * n / count for n in range(1, count)] + [stop]
        now = stop
    return found


def _pace(since_h: float) -> tuple[float, float]:
    """Until how many hours after the event which longest step holds."""
    return next(((until, step) for until, step in LADDER if since_h < until - _SAME_H), (math.inf, LONGEST_H))
