"""Laboratory histories: trials, waits and agents one after the other, as methods sections write them.

Schedule().trials(7, seen(cue=1), outcome=1.0).wait(24).trials(20, seen(cue=1, context="B")).history()
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.fear.base import FEATURES, Array, Event, History
from unstuck.lab.fear.channels import Signals, at_events

CONTEXTS = "ABCD"
BETWEEN_H = 0.05  # three minutes from one trial to the next
BEDTIME_H = 16.0  # after the start of an experiment, which begins in the morning
AFTERWARDS_H = 48.0  # the last event's labile window closes undisturbed


def seen(cue: float = 0.0, other: float = 0.0, context: str = "A") -> tuple[float, ...]:
    """Features of a trial: two cues, then one of four contexts."""
    if len(context) != 1 or context not in CONTEXTS:
        raise Complaint(f"There is no context {context}.", "context", f"Known: {', '.join(CONTEXTS)}.")
    return (cue, other, *(float(place == context) for place in CONTEXTS))


@dataclass(frozen=True, slots=True)
class Trial:
    """One event of the laboratory at its hour."""

    at_h: float
    features: tuple[float, ...]
    outcome: float
    amnestic: float = 0.0
    sleep: float = 1.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Trials so far and the hour at which the next one would come. Every method returns a new schedule."""

    done: tuple[Trial, ...] = ()
    now_h: float = 0.0

    def trials(self, count: int, features: tuple[float, ...], outcome: float | Sequence[float] = 0.0) -> Schedule:
        """So many trials, three minutes apart; one outcome for all or one each."""
        outcomes = [outcome] * count if isinstance(outcome, int | float) else list(outcome)
        if len(outcomes) != count:
            raise Complaint(f"{count} trials cannot have {len(outcomes)} outcomes.", "outcome")
        more = tuple(Trial(self.now_h + n * BETWEEN_H, features, float(r)) for n, r in enumerate(outcomes))
        return Schedule(self.done + more, self.now_h + count * BETWEEN_H)

    def wait(self, hours: float) -> Schedule:
        """Nothing happens for so long."""
        return replace(self, now_h=self.now_h + hours)

    def with_agent(self, dose: float = 1.0) -> Schedule:
        """An amnestic agent is given straight after the last trial."""
        return self._with_last(replace(self._last(), amnestic=dose))

    def slept(self, quality: float) -> Schedule:
        """The nights before the last trial were that good; 1 is healthy, 0 is none."""
        return self._with_last(replace(self._last(), sleep=quality))

    def _last(self) -> Trial:
        if not self.done:
            raise Complaint("Nothing has happened yet.", "schedule", "Add trials first.")
        return self.done[-1]

    def _with_last(self, trial: Trial) -> Schedule:
        return replace(self, done=(*self.done[:-1], trial))

    @property
    def times_h(self) -> Array:
        """Hours of the trials."""
        return np.array([trial.at_h for trial in self.done])

    def history(self, drug: Signals | None = None) -> History:
        """One schedule of events, with what a drug does at each where one is given."""
        return history_of(self.times_h, self._columns(), drug)

    def _columns(self) -> dict[str, Array]:
        features = np.zeros((len(self.done), FEATURES))
        for n, trial in enumerate(self.done):
            features[n, : len(trial.features)] = trial.features
        return {
            "features": features,
            "outcome": np.array([trial.outcome for trial in self.done]),
            "amnestic": np.array([trial.amnestic for trial in self.done]),
            "sleep": np.array([trial.sleep for trial in self.done]),
        }


def nights_before(at_h: Array, bedtime_h: float) -> Array:
    """Whole nights between each event and the one before, when every night begins at that hour of a day."""
    night = np.floor((at_h + 24.0 - bedtime_h) / 24.0)
    return np.diff(night, prepend=night[0])


def history_of(
    at_h: Array, columns: dict[str, Array], drug: Signals | None = None, bedtime_h: float = BEDTIME_H
) -> History:
    """One schedule of events at these rising hours. `columns` holds `features` and any other field of an event."""
    gaps = np.diff(at_h)
    if at_h.size == 0 or (gaps < 0).any():
        raise Complaint("Events stand in the order of time, and there is one at least.", "at_h")
    told = {name: np.zeros(at_h.size) for name in ("outcome", "reaction", "expectation", "amnestic")}
    told |= {"observed": np.ones(at_h.size), "sleep": np.ones(at_h.size)}
    told |= {"since_h": np.concatenate([[0.0], gaps]), "until_h": np.concatenate([gaps, [AFTERWARDS_H]])}
    told |= {"nights": nights_before(at_h, bedtime_h), **at_events(drug, at_h), **columns}
    return History(Event(**{name: values[None] for name, values in told.items()}), np.array([at_h.size]))
