"""The scenario of the pharmacokinetic benchmark: six infusions, 100 times, ketamine and norketamine, people who differ.

Three compartments and a metabolite; 0.5 mg/kg over 40 minutes on days 0, 3, 7, 10, 14 and 17. Clearances go with
weight to the power 0.75, volumes with weight; typical values are Kamp 2020's core. Everyone is asked the same in
every engine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from unstuck.lab.pk import People, build, infusion, load_set
from unstuck.lab.pk.regimen import Regimen
from unstuck.lab.pk.system import System

Floats = NDArray[np.float64]
TYPICAL = {"CL": 84.0, "V1": 25.0, "Q2": 161.0, "V2": 56.0, "Q3": 79.0, "V3": 157.0, "CLN": 60.0, "VN": 150.0}
CV = {"CL": 0.20, "V1": 0.40, "Q2": 0.30, "V2": 0.30, "Q3": 0.30, "V3": 0.25, "CLN": 0.30, "VN": 0.30}
FLOWS = ("CL", "Q2", "Q3", "CLN")
FM, DOSE_MG_PER_KG, HOURS = 0.8, 0.5, 40 / 60
STARTS_H = (0.0, 72.0, 168.0, 240.0, 336.0, 408.0)
AFTER_H = np.array([0, 10, 20, 30, 40, 50, 60, 80, 100, 120, 150, 180, 240, 360, 720, 1440]) / 60
TIMES_H = np.unique(np.concatenate([s + AFTER_H for s in STARTS_H] + [408.0 + np.array([48.0, 72.0, 96.0, 120.0])]))


@dataclass(frozen=True, slots=True)
class Scenario:
    """People (n,) with their parameters (n,) by name."""

    who: People
    values: dict[str, Floats]

    def first(self, count: int) -> Scenario:
        """The first of them."""
        return Scenario(self.who.part(slice(0, count)), {k: v[:count] for k, v in self.values.items()})


def people(count: int, seed: int = 1) -> Scenario:
    """So many people."""
    draw = np.random.default_rng(seed)
    weight = np.clip(np.exp(np.log(77) + 0.2 * draw.standard_normal(count)), 40, 160)
    values = {}
    for name, typical in TYPICAL.items():
        spread = np.exp(np.sqrt(np.log1p(CV[name] ** 2)) * draw.standard_normal(count))
        values[name] = typical * (weight / 70) ** (0.75 if name in FLOWS else 1.0) * spread
    values["FM"] = np.full(count, FM)
    one, none = np.ones(count), np.zeros(count)
    return Scenario(People(weight, 40 * one, 0.5 * one, one, none, none), values)


def regimen() -> Regimen:
    """The six infusions."""
    whole = Regimen(())
    for start in STARTS_H:
        whole = whole + infusion(40, mg_per_kg=DOSE_MG_PER_KG).at(start)
    return whole


def system(scenario: Scenario) -> System:
    """The system of these people, as Unstuck builds it."""
    kamp = load_set("kamp2020")
    outputs = ("ketamine_arterial", "norketamine_arterial")
    return build(replace(kamp, domain=replace(kamp.domain, outputs=outputs)), scenario.values, scenario.who)


def rates(scenario: Scenario) -> Floats:
    """What the peers need of each person, (n, 10): k10 k12 k21 k13 k31, metabolite formed and lost per hour, infusion
    in mg/h, volumes of ketamine and of norketamine."""
    p = scenario.values
    dose = DOSE_MG_PER_KG * scenario.who.weight_kg / HOURS
    columns = (
        p["CL"] / p["V1"], p["Q2"] / p["V1"], p["Q2"] / p["V2"], p["Q3"] / p["V1"], p["Q3"] / p["V3"],
        p["FM"] * p["CL"] / p["V1"], p["CLN"] / p["VN"], dose, p["V1"], p["VN"],
    )  # fmt: skip
    return np.ascontiguousarray(np.stack(columns, axis=1))


def stretches() -> list[tuple[float, float, bool, Floats]]:
    """Stretches at a constant rate: begin, end, whether the infusion runs, and the wanted times after begin, up to
    end."""
    edges = sorted({0.0, *STARTS_H, *(s + HOURS for s in STARTS_H), float(TIMES_H[-1])})
    found = []
    for begin, end in pairwise(edges):
        inside = TIMES_H[(begin + 1e-9 < TIMES_H) & (end + 1e-9 >= TIMES_H)]
        on = any(s - 1e-9 <= begin < s + HOURS - 1e-9 for s in STARTS_H)
        found.append((begin, end, on, inside))
    return found


def exact(scenario: Scenario) -> Floats:
    """Concentrations (n, 2, T) in ng/mL by SciPy's matrix exponential: the yardstick of every engine's error."""
    rows = rates(scenario)
    found = np.zeros((len(rows), 2, TIMES_H.size))
    for i, r in enumerate(rows):
        matrix = np.zeros((5, 5))
        matrix[0, :3] = -(r[0] + r[1] + r[3]), r[2], r[4]
        matrix[1, :2], matrix[2, 0], matrix[2, 2] = (r[1], -r[2]), r[3], -r[4]
        matrix[3, 0], matrix[3, 3] = r[5], -r[6]
        state = np.array([0, 0, 0, 0, 1.0])
        for begin, end, on, inside in stretches():
            matrix[0, 4] = r[7] * on
            for time in inside:
                at = expm(matrix * (time - begin)) @ state
                found[i, :, np.searchsorted(TIMES_H, time - 1e-9)] = 1000 * at[0] / r[8], 1000 * at[3] / r[9]
            state = expm(matrix * (end - begin)) @ state
    return found


def error(found: Floats, wanted: Floats) -> float:
    """Largest error as a share of its curve's peak; `found` and `wanted` (n, 2, T)."""
    return float((np.abs(found - wanted).max(axis=2) / wanted.max(axis=2)).max())
