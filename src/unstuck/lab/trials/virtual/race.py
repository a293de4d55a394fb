"""The design that reaches a wanted share of successes for the least of something, the chance of a wrong answer held.

All candidates run at once, some trials a round. Out goes one whose success is shown to lie below the wanted share, and
one that surely takes more than a candidate already shown to reach it (successive elimination; Even-Dar, Mannor and
Mansour, J Mach Learn Res 2006;7:1079, give the idea). It ends when one candidate is left, or those left are all shown
to reach it and take nearly the same, or the work is spent; then it says what is not decided.

Half of the error goes to the shares (exact intervals, Clopper and Pearson) and half to what is taken (Student's
intervals, which are approximate), each split over candidates and over looks as d / (k (k + 1)) for the k-th.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from scipy.special import stdtrit

from unstuck.core.errors import Complaint
from unstuck.lab.trials.batched.draws import Bools, Floats
from unstuck.lab.trials.virtual.optimise import ROUND, bounds


class Standing(StrEnum):
    """What is shown of a candidate."""

    REACHES = "reaches it"
    BELOW = "does not reach it"
    DEARER = "takes more than one that reaches it"
    OPEN = "not decided"


@dataclass(frozen=True, slots=True)
class Rules:
    """How often a design must succeed, with how much error and work, and from when on costs count as the same."""

    target: float
    error: float = 0.05
    most: int = 2000  # trials of one candidate
    near: float = 0.01  # as a share

    def __post_init__(self) -> None:
        if not 0 < self.target < 1 or not 0 < self.error < 0.5 or not 0 <= self.near < 1:
            raise Complaint("Share, error and nearness must lie between 0 and 1, and the error below a half.")
        if self.most < ROUND:
            raise Complaint(f"--most {self.most} is too small.", mend=f"Give at least {ROUND}.")


@dataclass(slots=True)
class Runner:
    """One candidate so far. `low` and `high` bound its share of successes, the other two the mean of what it takes."""

    place: int
    met: int = 0
    takes: list[float] = field(default_factory=list)
    low: float = 0.0
    high: float = 1.0
    takes_low: float = -math.inf
    takes_high: float = math.inf
    standing: Standing = Standing.OPEN

    @property
    def of(self) -> int:
        """Trials simulated."""
        return len(self.takes)

    @property
    def mean(self) -> float:
        """What a trial takes on average."""
        return float(np.mean(self.takes))

    @property
    def runs(self) -> bool:
        """Whether it is still in the race."""
        return self.standing in (Standing.OPEN, Standing.REACHES)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some trials of a candidate: whether each succeeded, and what it took."""

    success: Bools
    takes: Floats


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a race: everybody, the choice if there is one, and who might still be better."""

    runners: tuple[Runner, ...]
    best: Runner | None

    @property
    def rivals(self) -> tuple[Runner, ...]:
        """Candidates that may be better than the choice, or as good."""
        return tuple(r for r in self.runners if r.runs and r is not self.best)


Ask = tuple[int, int, int]  # candidate, first trial, how many
Trials = Callable[[Sequence[Ask]], Sequence[Batch]]


def race(trials: Trials, count: int, rules: Rules, tell: Callable[[Sequence[Runner]], None] | None = None) -> Finish:
    """Runs so many candidates until the rules end it. Raises Complaint where a trial takes something unknown."""
    runners = tuple(Runner(place) for place in range(count))
    for look, (first, last) in enumerate(_rounds(rules.most), 1):
        running = [r for r in runners if r.runs]
        for runner, batch in zip(running, trials([(r.place, first, last - first) for r in running]), strict=True):
            _add(runner, batch)
        for runner in running:
            _judge(runner, rules.target, rules.error / (2 * count * look * (look + 1)))
        _drop_the_dear(runners)
        if tell:
            tell(runners)
        if _over(runners, rules.near):
            break
    reached = [r for r in runners if r.standing is Standing.REACHES]
    return Finish(runners, min(reached, key=lambda r: r.mean) if reached else None)


def _rounds(most: int) -> Iterator[tuple[int, int]]:
    """From which trial to before which each round goes, half as many again each time: few looks spend little error."""
    first = 0
    while first < most:
        last = min(most, max(first + ROUND, first * 3 // 2))
        yield first, last
        first = last


def _add(runner: Runner, batch: Batch) -> None:
    if not np.isfinite(batch.takes).all():
        raise Complaint(
            "What a trial takes is unknown: the design names no figure for something that happened.",
            mend="Add it to [costs], and per_month for days and what is paid by the month; or choose by people.",
        )
    runner.met += int(np.sum(batch.success))
    runner.takes.extend(batch.takes.tolist())


def _judge(runner: Runner, target: float, error: float) -> None:
    runner.low, runner.high = bounds(runner.met, runner.of, error)
    half = float(stdtrit(runner.of - 1, 1 - error / 2)) * float(np.std(runner.takes, ddof=1)) / math.sqrt(runner.of)
    runner.takes_low, runner.takes_high = runner.mean - half, runner.mean + half
    if runner.high < target:
        runner.standing = Standing.BELOW
    elif runner.low > target:
        runner.standing = Standing.REACHES


def _drop_the_dear(runners: Sequence[Runner]) -> None:
    most = min((r.takes_high for r in runners if r.standing is Standing.REACHES), default=math.inf)
    for runner in runners:
        if runner.runs and runner.takes_low > most:
            runner.standing = Standing.DEARER


def _over(runners: Sequence[Runner], near: float) -> bool:
    """Whether nothing is left to decide."""
    running = [r for r in runners if r.runs]
    if not running or any(r.standing is Standing.OPEN for r in running):
        return not running
    apart = max(r.takes_high for r in running) <= (1 + near) * min(r.takes_low for r in running)
    return len(running) == 1 or apart
