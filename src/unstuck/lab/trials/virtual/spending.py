"""What a trial costs and asks of its people: money, hours and days of each replicate, by the figures of its design.

Counted are doses, therapy sessions and measurements of the outcome that were held, whoever was randomised, the months
that the trial ran, and what is paid once. A figure that the design leaves out while the thing happened makes the sum
unknown (NaN); it is never taken as nothing. So are the days of a trial that does not say how fast it enrols, and with
them what is paid by the month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unstuck.core.sourced import Sourced
from unstuck.core.trial import Costs, TrialDesign
from unstuck.lab.trials.batched.draws import Bools, Floats
from unstuck.lab.trials.virtual.looks import without
from unstuck.lab.trials.virtual.table import TrialTable

MONTH_DAYS = 30.4375


@dataclass(frozen=True, slots=True)
class Spent:
    """Of each replicate; `burden_h` is the average participant's. All of shape (replicates,)."""

    randomised: Floats
    days: Floats  # from the opening to the last final visit; NaN where the design names no per_month
    cost: Floats
    burden_h: Floats


def spent(design: TrialDesign, table: TrialTable, enrolled: Bools) -> Spent:
    """What was spent on those `enrolled`; (replicates, size)."""
    held = without(table, ~enrolled)
    randomised = enrolled.sum(axis=1).astype(float)
    days = _days(design, table, enrolled)
    counts = {"dose": held.doses, "session": held.sessions, "measurement": held.measured}
    held_times = {name: count.sum(axis=1).astype(float) for name, count in counts.items()}
    costs = design.costs
    money = _sum(costs, held_times, "") + _once(costs, randomised, days)
    hours = _sum(costs, held_times, "_h") + (_value(costs.person_h) if costs else 0.0) * randomised
    return Spent(randomised, days, money, hours / randomised)


def _days(design: TrialDesign, table: TrialTable, enrolled: Bools) -> Floats:
    if design.per_month is None:  # not as if all were enrolled on one day
        return np.full(len(enrolled), np.nan)
    return np.asarray(np.where(enrolled, table.enrolled_day, 0.0).max(axis=1) + design.final.day)


def _sum(costs: Costs | None, counts: dict[str, Floats], ending: str) -> Floats:
    total = np.zeros(len(next(iter(counts.values()))))
    for name, count in counts.items():
        figure: Sourced | None = getattr(costs, f"{name}{ending}", None)
        total = total + np.where(count > 0, count * (figure.value if figure else np.nan), 0.0)
    return total


def _once(costs: Costs | None, randomised: Floats, days: Floats) -> Floats:
    if costs is None:
        return np.zeros(len(randomised))
    months = costs.month.value * days / MONTH_DAYS if costs.month else 0.0
    return _value(costs.person) * randomised + months + _value(costs.fixed)


def _value(figure: Sourced | None) -> float:
    return figure.value if figure else 0.0
