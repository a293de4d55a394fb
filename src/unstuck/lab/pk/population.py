"""Whole populations: who they are, how their parameters differ, and how they differ from one occasion to the next.

Every draw is named by (seed, participant, purpose), so that neither blocks nor threads change a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_table import Table, read_toml
from unstuck.lab.pk.parameter_sets import ParameterSet, spread
from unstuck.lab.pk.people import Floats, People
from unstuck.lab.random import uniform_array


@dataclass(frozen=True, slots=True)
class Makeup:
    """Who a population is: figures by name (weight_mean_kg, weight_cv, age_mean_years, age_sd_years, age_low_years,
    age_high_years, weight_low_kg, weight_high_kg), each with source and grade."""

    key: str
    figures: dict[str, Sourced]

    def __getitem__(self, name: str) -> float:
        return self.figures[name].value


@dataclass(frozen=True, slots=True)
class Luck:
    """The draws of `count` participants from `first` on under one seed; called with a purpose it gives standard normal
    numbers, shape (count,)."""

    seed: int
    first: int
    count: int

    def __call__(self, purpose: str) -> Floats:
        who = np.arange(self.first, self.first + self.count, dtype=np.uint64)
        drawn: Floats = ndtri(uniform_array(self.seed, who, f"pk/{purpose}", 1)[:, 0])
        return drawn


def load_makeup(key: str = "adults", root: Path | None = None) -> Makeup:
    """The population of that key in `library/pk/people/`."""
    path = (root or library_root()) / "pk" / "people" / f"{key}.toml"
    text = path.read_text(encoding="utf-8")
    table = read_toml(text, str(path))
    found = Makeup(table.key(), {t.text("name"): _figure(t) for t in table.tables("figure")})
    table.text("title")
    table.finish()
    table.notes.refuse()
    return found


def _figure(table: Table) -> Sourced:
    found = Sourced(
        value=table.number("value"),
        unit=table.text("unit"),
        source=table.text("source"),
        grade=table.choice("grade", Grade),
        note=table.text("note", ""),
    )
    table.finish()
    return found


def draw_people(makeup: Makeup, luck: Luck) -> People:
    """So many people of that makeup. Sex is left unstated, so that it acts on nothing: the publications disagree."""
    weight = spread(np.full(luck.count, makeup["weight_mean_kg"]), luck("weight"), makeup["weight_cv"], 0.0)
    age = makeup["age_mean_years"] + makeup["age_sd_years"] * luck("age")
    one, none = np.ones(luck.count), np.zeros(luck.count)
    return People(
        weight_kg=np.clip(weight, makeup["weight_low_kg"], makeup["weight_high_kg"]),
        age_years=np.clip(age, makeup["age_low_years"], makeup["age_high_years"]),
        woman=0.5 * one,
        clint_factor=one,
        asian=none,
        japanese=none,
    )


def draw_values(found: ParameterSet, who: People, luck: Luck) -> dict[str, Floats]:
    """Each parameter for each person: typical value, weight rule, spread between people with its correlations."""
    return found.values(who, _correlated(found, luck))


def at_occasion(found: ParameterSet, values: dict[str, Floats], luck: Luck, occasion: int) -> dict[str, Floats]:
    """These people's parameters on one occasion: their own values, moved by the spread between occasions."""
    moved = dict(values)
    for name, p in found.parameters.items():
        if p.occasion_cv or p.occasion_logit_sd:
            chance = luck(f"{name}/occasion {occasion}")
            moved[name] = spread(values[name], chance, p.occasion_cv, p.occasion_logit_sd)
    return moved


def as_measured(found: ParameterSet, output: str, conc_ng_per_ml: Floats, luck: Luck) -> Floats:
    """What an assay would show of these concentrations (n, T): each with its own log-normal error, by the set's
    residual. Raises Complaint where the set states none for that output."""
    log_sd = (found.residual_log_sd or {}).get(output)
    if log_sd is None:
        raise Complaint(f"{found.key} states no residual error of {output!r}.", "output", "Use the concentrations.")
    draws = [luck(f"assay {output}/{k}") for k in range(conc_ng_per_ml.shape[1])]
    shown: Floats = conc_ng_per_ml * np.exp(log_sd * np.stack(draws, axis=1))
    return shown


def _correlated(found: ParameterSet, luck: Luck) -> Callable[[str], Floats]:
    leaders = {second: (first, r) for first, second, r in found.correlations}

    def draw(name: str) -> Floats:
        if name not in leaders:
            return luck(name)
        first, r = leaders[name]
        mixed: Floats = r * luck(first) + np.sqrt(1 - r * r) * luck(name)
        return mixed

    return draw
