"""How much of a dose is in the person at an instant: a dose as it really ran, with its pauses, rates and its end.

Pure arithmetic on recorded events. An infusion that was paused and not resumed has no end yet; nobody guesses one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from unstuck.core.events import DoseGiven, Event
from unstuck.core.session_events import Flow, InfusionChanged, PartGiven

_EPSILON_MG = 1e-9


class Running(StrEnum):
    """What an infusion does at an instant."""

    RUNS = "runs"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch at one rate; `end` is None where the stretch has no end yet (a pause that nobody ended)."""

    start: datetime
    end: datetime | None
    mg_per_min: float

    def given_mg(self, at: datetime) -> float:
        """What this stretch gave until `at`."""
        until = at if self.end is None else min(at, self.end)
        return self.mg_per_min * max(0.0, (until - self.start) / timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Infusion:
    """One dose as it ran: the parts that were given at once (a bolus, devices, tablets) and the stretches at a rate."""

    started_at: datetime
    ordered_mg: float
    parts: tuple[tuple[datetime, float], ...] = ()
    segments: tuple[Segment, ...] = ()
    stopped: bool = False

    @property
    def ends_at(self) -> datetime | None:
        """When it ended or will end as it runs now; None while it is paused."""
        return self.segments[-1].end if self.segments else self.parts[-1][0]

    def given_mg(self, at: datetime) -> float:
        """The amount given until `at`, in mg; never more than was ordered."""
        at_once = sum(mg for moment, mg in self.parts if moment <= at)
        return min(self.ordered_mg, at_once + sum(s.given_mg(at) for s in self.segments))

    def rate(self, at: datetime) -> float:
        """The rate at `at`, in mg per minute."""
        return next((s.mg_per_min for s in self.segments if s.start <= at and (s.end is None or at < s.end)), 0.0)

    def state(self, at: datetime) -> Running:
        """Whether it runs, is paused, or has ended at `at`."""
        end = self.ends_at
        if end is not None and at >= end:
            return Running.ENDED
        return Running.RUNS if self.rate(at) > 0 else Running.PAUSED


def infusion(dose: Event, session: Sequence[Event] = ()) -> Infusion:
    """The dose as it ran. `session` are the events of its session, of which changes and parts count, in any order."""
    given = dose.what
    assert isinstance(given, DoseGiven)
    if not given.minutes:
        parts = sorted((e.observed_at, e.what.amount_mg) for e in session if isinstance(e.what, PartGiven))
        return Infusion(dose.observed_at, given.amount_mg, tuple(parts) or ((dose.observed_at, given.amount_mg),))
    rate = given.amount_mg / given.minutes
    made = _Run(dose.observed_at, given.amount_mg, rate)
    changes = [e for e in session if isinstance(e.what, InfusionChanged) and e.observed_at >= dose.observed_at]
    for event in sorted(changes, key=lambda e: e.observed_at):
        assert isinstance(event.what, InfusionChanged)
        made.change(event.observed_at, event.what)
    return made.finish()


class _Run:
    """An infusion while it is replayed: the stretches so far, and the one that runs."""

    def __init__(self, start: datetime, ordered_mg: float, rate: float) -> None:
        self.start, self.ordered, self.rate = start, ordered_mg, rate
        self.usual = rate  # the rate to which a pause returns
        self.since, self.before_mg = start, 0.0
        self.done: list[Segment] = []
        self.stopped = False

    def end(self) -> datetime | None:
        """When the ordered amount is in, at the present rate."""
        left = self.ordered - self.before_mg
        if left <= _EPSILON_MG:
            return self.since
        return self.since + timedelta(minutes=left / self.rate) if self.rate > 0 else None

    def change(self, at: datetime, what: InfusionChanged) -> None:
        """Closes the present stretch at `at` and begins the next. After the end nothing changes any more."""
        end = self.end()
        if self.stopped or (end is not None and at >= end):
            return
        self.done.append(Segment(self.since, at, self.rate))
        self.before_mg += self.done[-1].given_mg(at)
        self.since = at
        match what.flow:
            case Flow.PAUSED:
                self.rate = 0.0
            case Flow.RESUMED:
                self.rate = self.usual
            case Flow.RATE:
                self.rate = self.usual = what.rate_mg_per_min or 0.0
            case Flow.STOPPED:
                self.stopped = True

    def finish(self) -> Infusion:
        """The whole run."""
        if not self.stopped:
            self.done.append(Segment(self.since, self.end(), self.rate))
        return Infusion(self.start, self.ordered, (), tuple(self.done), self.stopped)
