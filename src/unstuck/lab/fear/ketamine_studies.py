"""Studies of ketamine and fear in animals, played on a learner: does later fear go down, up, or stay as reported?

The rodent's clock of blood and plasticity is rough and stands in library/fear/ketamine_studies.toml; dose 1 is 10
mg/kg into the abdomen. Answering "none" to every row is right often: the share of directions right means nothing
without that share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np

from unstuck.core.library_file import library_root
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table
from unstuck.lab.fear.base import Array
from unstuck.lab.fear.battery import ON_A, ON_B, Lab, Quantities, learned, mean
from unstuck.lab.fear.channels import Signals
from unstuck.lab.fear.schedule import Schedule, seen

CONTEXT_A = seen()
LN2 = float(np.log(2.0))
STEP_H = 0.02


class Direction(StrEnum):
    """What a drug did to later fear."""

    DOWN = "down"
    NONE = "none"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Rodent:
    """How long ketamine stays and what it sets off, in rats and mice."""

    half_life_h: float
    bolus_h: float
    infusion_h: float
    half_block_dose: float
    plasticity_half_dose: float
    plasticity_high_dose: float
    plasticity_scale: float
    onset_h: float
    offset_h: float
    smallest_change: float


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose at an hour, in units of 10 mg/kg."""

    at_h: float
    dose: float
    infused: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """One row of the table of studies."""

    key: str
    title: str
    source: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Studies:
    """The table and the clock."""

    rodent: Rodent
    rows: tuple[Reported, ...]

    def constant_share(self) -> float:
        """The largest share of rows that one and the same answer gets right."""
        given = [row.direction for row in self.rows]
        return max(given.count(direction) for direction in Direction) / len(given)

    def direction(self, change: float) -> Direction:
        """What a change of later fear counts as."""
        if abs(change) <= self.rodent.smallest_change:
            return Direction.NONE
        return Direction.UP if change > 0 else Direction.DOWN


@cache
def load_studies(root: Path | None = None) -> Studies:
    """The table of studies. Raises Complaint that tells every fault of its file."""
    table = open_toml((root or library_root()) / "fear" / "ketamine_studies.toml")
    table.skip("key", "version", "title")
    clock = table.table("rodent", required=True)
    figures = {field.name: clock.sourced(field.name) if clock else None for field in fields(Rodent)}
    if clock:
        clock.finish()
    rows = tuple(_row(row) for row in table.tables("rows"))
    table.finish()
    table.notes.refuse()
    return Studies(Rodent(**{name: figure.value for name, figure in figures.items() if figure}), rows)


def _row(table: Table) -> Reported:
    texts = {name: table.text(name) for name in ("key", "title", "source")}
    found = Reported(**texts, direction=table.choice("reported", Direction))
    table.finish()
    return found


def signals(rodent: Rodent, doses: tuple[Dose, ...], until_h: float) -> Signals | None:
    """Block and plasticity after these doses, on a fine grid; nothing without a dose."""
    if not doses:
        return None
    time_h = np.arange(0.0, until_h + 3.0, STEP_H)
    conc, plasticity = np.zeros_like(time_h), np.zeros_like(time_h)
    for given in doses:
        since = time_h - given.at_h
        conc += given.dose * _left(rodent, since, rodent.infusion_h if given.infused else rodent.bolus_h)
        bell = given.dose / (given.dose + rodent.plasticity_half_dose)
        bell = bell / (1 + (given.dose / rodent.plasticity_high_dose) ** 2)
        late = np.maximum(since, 0.0)
        rise = np.exp(-late / rodent.offset_h) - np.exp(-late / rodent.onset_h)
        plasticity += bell * rodent.plasticity_scale * rise
    return Signals(time_h, conc / (conc + rodent.half_block_dose), plasticity)


def _left(rodent: Rodent, since_h: Array, over_h: float) -> Array:
    """Share of a dose in the blood when it is given evenly over that time and lost at one rate."""
    rate = LN2 / rodent.half_life_h
    running = np.clip(since_h, 0.0, over_h)
    return np.asarray(-np.expm1(-rate * running) / (rate * over_h) * np.exp(-rate * np.maximum(since_h - over_h, 0.0)))


@dataclass(frozen=True, slots=True)
class Vivarium:
    """A laboratory in which doses can be given."""

    lab: Lab
    rodent: Rodent

    def fear(self, schedule: Schedule, *doses: Dose) -> Array:
        """Expressed fear at each trial, shape (members, trials)."""
        return self.lab.run(schedule, drug=signals(self.rodent, doses, schedule.now_h))


def girgenti(v: Vivarium) -> Quantities:
    """A dose a day after conditioning, extinction on three days, a test in the old context eight days later."""
    before = learned(7).wait(24)
    schedule = before
    for _ in range(3):
        schedule = schedule.wait(24).trials(15, ON_B)
    schedule = schedule.wait(192).trials(3, ON_A)
    change = v.fear(schedule, Dose(before.now_h, 1.0)) - v.fear(schedule)
    return {"girgenti_day1": mean(change, 7), "girgenti_day2": mean(change, 22), "girgenti_test": mean(change, 52)}


def clifton(v: Vivarium) -> Quantities:
    """Fear of a context with a dose half an hour before or straight after training; extinction on two days."""
    schedule = Schedule().wait(0.5).trials(3, CONTEXT_A, 1.0)
    after = Dose(schedule.now_h, 2.5)
    schedule = schedule.wait(24).trials(12, CONTEXT_A).wait(24).trials(12, CONTEXT_A)
    plain = v.fear(schedule)
    high, low, late = (v.fear(schedule, dose) - plain for dose in (Dose(0.0, 2.5), Dose(0.0, 0.8), after))
    return {
        "clifton_before_recall": mean(high, 3, 1), "clifton_before_extinction": mean(high, 15, 6),
        "clifton_low_extinction": mean(low, 15, 6), "clifton_after_recall": mean(late, 3, 1),
        "clifton_after_extinction": mean(late, 15, 6),
    }  # fmt: skip


def radford(v: Vivarium) -> Quantities:
    """A long infusion, or one injection, straight after conditioning."""
    before = learned(3)
    schedule = before.wait(48).trials(2, ON_B).wait(24).trials(15, ON_B).wait(24).trials(2, ON_B)
    plain = v.fear(schedule)
    infused = v.fear(schedule, Dose(before.now_h, 2.0, infused=True)) - plain
    injected = v.fear(schedule, Dose(before.now_h, 1.0)) - plain
    return {
        "radford_infused_retrieval": mean(infused, 3, 2), "radford_infused_extinction": mean(infused, 8, 6),
        "radford_injected_extinction": mean(injected, 8, 6),
    }  # fmt: skip


def reactivation(v: Vivarium) -> Quantities:
    """A dose half an hour before or straight after one reactivation, or with none."""
    before = learned(3).wait(24)

    def change(dose: Dose | None, dose_after: float = 0.0, cue: tuple[float, ...] = ON_A) -> Array:
        shown = before.wait(0.5).trials(1, cue)
        given = dose or Dose(shown.now_h, dose_after)
        schedule = shown.wait(24).trials(2, ON_A)
        return mean(v.fear(schedule, given) - v.fear(schedule), 4, 1)

    return {
        "honsberger_before": change(Dose(before.now_h, 0.6)), "honsberger_after": change(None, 0.6),
        "duclot_after": change(None, 1.0), "duclot_without": change(None, 1.0, seen(0, 1, "D")),
    }  # fmt: skip


def during_extinction(v: Vivarium) -> Quantities:
    """On board while extinction is learned."""
    before = learned().wait(24)

    def change(dose: float, lead_h: float) -> Array:
        schedule = before.wait(lead_h).trials(15, ON_B).wait(24).trials(4, ON_B)
        return v.fear(schedule, Dose(before.now_h, dose)) - v.fear(schedule)

    ten = change(1.0, 0.5)
    return {
        "bisby_retention": mean(change(2.0, 0.4), 20, 2), "fattahi_retention": mean(ten, 20, 2),
        "mcgowan_retention": mean(change(3.0, 0.5), 20, 2), "yuksel_extinction": mean(ten, 14, 6),
    }  # fmt: skip


def ju(v: Vivarium) -> Quantities:
    """Every day for three weeks, or two hours before each of two sessions of extinction."""
    before = learned().wait(24 * 15)
    first = before.trials(12, ON_B).wait(24)
    schedule = first.trials(12, ON_B).wait(24 * 7).trials(2, ON_B).trials(2, ON_A)
    plain = v.fear(schedule)
    every_day = v.fear(schedule, *(Dose(1.0 + 24 * day, 1.0) for day in range(22))) - plain
    short = v.fear(schedule, Dose(before.now_h - 2, 1.0), Dose(first.now_h - 2, 1.0)) - plain
    return {"ju_long_recovery": mean(every_day, 29, 2), "ju_long_renewal": mean(every_day, 31, 2),
            "ju_short_recovery": mean(short, 29, 2)}  # fmt: skip


DESIGNS: tuple[Callable[[Vivarium], Quantities], ...] = (
    girgenti, clifton, radford, reactivation, during_extinction, ju,
)  # fmt: skip


def changes(lab: Lab) -> Quantities:
    """Change of later fear by the drug in each row of the table, shape (members,)."""
    vivarium = Vivarium(lab, load_studies().rodent)
    return {key: change for design in DESIGNS for key, change in design(vivarium).items()}
