"""How a replicate ends: the final analysis, or the look at which it stopped, with arms dropped and sizes made anew.

A look sees the people enrolled first. Bounds spend alpha one-sided in favour of each active arm, and intervals are as
wide as the bound of their look, so that nothing reads as working which did not cross. Futility binds nobody: the bounds
are as if it were not there. A new size comes from the spread of the change with the arms unknown; what is left to be
spent is then spent at the shares of information that the looks really have.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.special import ndtri

from unstuck.core.trial import Interim, TrialDesign
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints
from unstuck.lab.trials.sequential import conditional_power, spending_bounds
from unstuck.lab.trials.virtual.analyse import analyse
from unstuck.lab.trials.virtual.results import Result, level_of, succeeds, wider
from unstuck.lab.trials.virtual.table import TrialTable


@dataclass(frozen=True, slots=True)
class Ended:
    """The primary analysis at the end of each replicate and arm: shape (replicates, active arms)."""

    result: Result
    success: Bools
    look: Ints  # the look at which it ended, from 1
    enrolled: Bools  # (replicates, size): who was randomised by the end


def ended(design: TrialDesign, table: TrialTable) -> Ended:
    """The primary analysis under the design's looks; one look at the end where it has none."""
    if design.interim is None:
        result = analyse(design, design.primary, table)
        shape = result.p.shape
        enrolled = np.ones(table.arm.shape, dtype=bool)
        return Ended(result, succeeds(design, design.primary, result), np.ones(shape, dtype=np.int64), enrolled)
    return _Looking(design, design.interim, table).run()


def _strength(result: Result) -> Floats:
    """The test statistic as a normal quantile, positive where the active arm is better; very low without an answer."""
    tail = np.clip(result.p / 2, 1e-300, 0.5)
    return np.where(result.failed, -np.inf, -ndtri(tail) * -np.sign(result.estimate))


class _Looking:
    """The replicates of one design at their looks, one look after another."""

    def __init__(self, design: TrialDesign, interim: Interim, table: TrialTable) -> None:
        self.design, self.interim, self.table = design, interim, table
        shape = (table.replicates, len(design.active))
        self.open, self.success = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
        self.look = np.full(shape, len(interim.looks))
        self.size = np.full(table.replicates, design.size)
        self.until = np.full((table.replicates, len(design.arms)), design.largest)  # people enrolled into each arm
        planned = spending_bounds(interim.spending, interim.looks, level_of(design) / 2)
        self.bounds = np.tile(planned, (table.replicates, 1))  # (replicates, looks)
        self.results: list[Result] = []

    def run(self) -> Ended:
        """Looks in turn; an arm that stopped keeps the result of its look."""
        for number, share in enumerate(self.interim.looks, 1):
            seen = np.maximum(2, np.floor(share * self.size + 1e-9)).astype(np.int64)
            result = analyse(self.design, self.design.primary, without(self.table, ~self._enrolled(seen)))
            self.results.append(wider(result, self.bounds[:, number - 1]))
            self._judge(number, share, result, seen)
        pick = self.look - 1
        fields_of = {f.name: self._picked(f.name, pick) for f in fields(Result) if f.name != "people"}
        people = np.stack([r.people for r in self.results])[pick.max(axis=1), np.arange(len(pick))]
        return Ended(Result(**fields_of, people=people), self.success, self.look, self._enrolled(self._last()))

    def _picked(self, name: str, pick: Ints) -> Floats:
        stacked = np.stack([getattr(result, name) for result in self.results])
        return np.asarray(np.take_along_axis(stacked, pick[None], axis=0)[0])

    def _last(self) -> Ints:
        """How many were enrolled when the last arm ended."""
        share = np.array(self.interim.looks)[self.look.max(axis=1) - 1]
        return np.asarray(np.floor(share * self.size + 1e-9).astype(np.int64))

    def _enrolled(self, seen: Ints) -> Bools:
        """Who of each replicate is randomised by that many people; nobody more enters an arm that was closed."""
        order = np.arange(self.table.arm.shape[1])[None, :]
        rows = np.arange(self.table.replicates)[:, None]
        return (order < seen[:, None]) & (order < self.until[rows, self.table.arm])

    def _judge(self, number: int, share: float, result: Result, seen: Ints) -> None:
        strength = _strength(result)
        crossed = self.open & (strength >= self.bounds[:, number - 1, None])
        self.success |= crossed
        last = number == len(self.interim.looks)
        futile = self.open & ~crossed & (False if last else self._futile(strength, share))
        worse = self.open & ~crossed & ~futile & (False if last or number > 1 else self._dropped(strength))
        ends = crossed | futile | worse
        self.look = np.where(ends, number, self.look)
        self.open &= ~ends
        self._close(ends, seen)
        if number == 1 and self.interim.reestimate_to is not None and not last:
            self.size = self._anew(seen)
            self.bounds = self._bounds_anew(seen)

    def _futile(self, strength: Floats, share: float) -> Bools:
        """Arms whose chance to succeed, were the trend to go on, lies below the limit."""
        if self.interim.futility is None:
            return np.zeros(strength.shape, dtype=bool)
        trend = np.where(np.isfinite(strength), strength, -9.0)
        ask = np.vectorize(lambda z, bound: conditional_power(z, share, bound, z / np.sqrt(share)))
        chance = ask(trend, self.bounds[:, -1, None])
        return np.asarray(chance < self.interim.futility)

    def _dropped(self, strength: Floats) -> Bools:
        """All but the best arms, where the design keeps only some."""
        if self.interim.keep is None:
            return np.zeros(strength.shape, dtype=bool)
        rank = np.argsort(np.argsort(-strength, axis=1, kind="stable"), axis=1, kind="stable")
        return np.asarray(rank >= self.interim.keep)

    def _close(self, ends: Bools, seen: Ints) -> None:
        """Arms that ended take nobody more; the trial goes on for the others and for the control."""
        active = [place for place, arm in enumerate(self.design.arms) if not arm.control]
        for column, place in enumerate(active):
            self.until[:, place] = np.where(
                ends[:, column], np.minimum(self.until[:, place], seen), self.until[:, place]
            )

    def _anew(self, seen: Ints) -> Ints:
        """The size at which the spread of the change, seen with arms unknown, gives the planned precision."""
        change = without(self.table, ~self._enrolled(seen)).scores[:, :, -1] - self.table.base
        spread = np.nanvar(change, axis=1, ddof=1)
        wanted = np.ceil(self.design.size * spread / (self.interim.planned_sd or 1.0) ** 2)
        largest = self.interim.reestimate_to or self.design.size
        sizes = np.clip(np.nan_to_num(wanted, nan=self.design.size), self.design.size, largest)
        return np.asarray(sizes.astype(np.int64))

    def _bounds_anew(self, seen: Ints) -> Floats:
        """The bounds of each replicate's size: the first look, already held, is a smaller share of a larger trial."""
        looks, found = self.interim.looks, self.bounds.copy()
        for size in np.unique(self.size[self.size > self.design.size]):
            held = (float(seen[0]) / float(size), *looks[1:])
            bounds = spending_bounds(self.interim.spending, looks, level_of(self.design) / 2, held)
            found[self.size == size] = bounds
        return found


def without(table: TrialTable, out: Bools) -> TrialTable:
    """The table as if these people had not been enrolled: (replicates, size)."""
    return replace(
        table,
        started=table.started & ~out,
        base=np.where(out, np.nan, table.base),
        scores=np.where(out[:, :, None], np.nan, table.scores),
        doses=np.where(out, 0, table.doses),
        sessions=np.where(out, 0, table.sessions),
        measured=np.where(out, 0, table.measured),
    )
