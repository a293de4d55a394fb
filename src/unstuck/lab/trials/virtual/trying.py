"""Trials of one design for a search: whether each would be read as working, and what it took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.trial import READ, TrialDesign, Truth
from unstuck.core.trial_file import checked
from unstuck.lab.trials.batched.draws import Bools, Floats
from unstuck.lab.trials.virtual.batch import many_tables
from unstuck.lab.trials.virtual.job import Setting, TrialJob, prepare_trial
from unstuck.lab.trials.virtual.looks import Ended, ended, without
from unstuck.lab.trials.virtual.optimise import Successes
from unstuck.lab.trials.virtual.race import Ask, Batch
from unstuck.lab.trials.virtual.reading import fakeable, read
from unstuck.lab.trials.virtual.spending import Spent, spent
from unstuck.lab.trials.virtual.table import TrialTable
from unstuck.lab.trials.virtual.truths import truth_of


class Least(StrEnum):
    """What the chosen design takes the least of."""

    COST = "cost"
    HOURS = "hours"  # that all participants give together
    PEOPLE = "people"
    DAYS = "days"

    def of(self, used: Spent) -> Floats:
        """That of each trial."""
        match self:
            case Least.COST:
                return used.cost
            case Least.HOURS:
                return used.burden_h * used.randomised
            case Least.PEOPLE:
                return used.randomised
            case Least.DAYS:
                return used.days


@dataclass(frozen=True, slots=True)
class Trying:
    """Makes trials of the cells of a job's sweep under one truth; the same trial whoever makes it, and when."""

    job: TrialJob
    truth: Truth
    least: Least

    def __call__(self, ask: Ask) -> Batch:
        """So many trials of a cell from the first on."""
        cell, first, count = ask
        setting = self.job.settings[cell]
        truths = [truth_of(setting, self.truth, self.job.seed, r) for r in range(first, first + count)]
        table = many_tables(setting, truths, self.job.seed, first)
        end = ended(setting.design, table)
        used = spent(setting.design, table, end.enrolled)
        return Batch(np.any(read_as_working(setting.design, end, table), axis=1), self.least.of(used))

    def over(self, pool: Executor | None) -> Callable[[Sequence[Ask]], list[Batch]]:
        """The same for many asks, by a pool of workers if there is one."""
        return lambda asks: list(map(self, asks) if pool is None else pool.map(self, asks))


def trying(design: TrialDesign, truth: Truth, least: Least, seed: int) -> Trying:
    """Ready to try every cell of the design's sweep. Raises Complaint for a field that is no choice."""
    if truth is Truth.PUBLISHED and design.mechanistic:
        raise Complaint("No published effect can be true of mechanistic patients.", mend="Give --truth drawn.")
    for name, _ in design.sweep:
        _refuse_the_world(design, name)
    job = prepare_trial(design, 1, seed)
    for setting in job.settings:
        _refuse_responders(setting)
    return Trying(job, truth, least)


def successes_of(design: TrialDesign, truth: Truth, seed: int) -> Successes:
    """How many replicates of the design at a size are read as working; people keep their numbers over sizes."""
    known: dict[int, Trying] = {}

    def count(size: int, first: int, trials: int) -> int:
        if size not in known:
            known[size] = trying(checked(replace(design, size=size, sweep=())), truth, Least.PEOPLE, seed)
        return int(known[size]((0, first, trials)).success.sum())

    return count


DECIDED = ("size", "primary", "last_visit", "interim", "patients.veteran")
DECIDED_OF_ARMS = ("ratio",)
TREATMENTS = ("protocol", "protocol_arm")


def _refuse_the_world(design: TrialDesign, name: str) -> None:
    """A search may set what a designer decides, not what is true; and no treatment whose effect is put in."""
    field = name.rsplit(".", 1)[-1]
    if field in TREATMENTS and design.mechanistic:
        return
    if field in TREATMENTS:
        raise Complaint(
            f"The search cannot set {name}: these patients repeat one published effect whatever they are given.",
            mend="Compare treatments with mechanistic patients, or in a trial.",
        )
    if name not in DECIDED and not (name.startswith("arm.") and field in DECIDED_OF_ARMS):
        raise Complaint(
            f"The search cannot set {name}: it is nothing that a designer may choose to make a trial succeed.",
            mend=f"Choose among {', '.join(DECIDED)}, arm.KEY.ratio.",
        )


def _refuse_responders(setting: Setting) -> None:
    if setting.design.primary.method not in READ and setting.design.unblinding:
        raise Complaint(
            "Responders and times are not held to what belief could fake, and would win a search for that alone.",
            mend="Make a change of the score the primary analysis.",
        )


def read_as_working(design: TrialDesign, end: Ended, table: TrialTable) -> Bools:
    """Whether each trial and active arm succeeded beyond what belief could have made; (replicates, active arms)."""
    if design.primary.method not in READ:
        return end.success
    bound = fakeable(design, without(table, ~end.enrolled))
    return np.asarray(end.success & (read(end.result, bound) == 0))
