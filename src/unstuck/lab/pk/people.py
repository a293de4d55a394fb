"""Who takes the drug: the facts about one or many people that pharmacokinetics rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint

Floats = NDArray[np.float64]


class Sex(StrEnum):
    """Sex as far as clearance may depend on it; UNSTATED leaves the average of both."""

    WOMAN = "woman"
    MAN = "man"
    UNSTATED = "unstated"


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `clint_factor` multiplies the liver's intrinsic clearance (1 is nobody's inhibitor or inducer;
    below 1 an inhibitor of CYP2B6 or CYP3A4 or a failing liver; above 1 an inducer). Weight and age have no default."""

    weight_kg: float | None
    age_years: float | None
    sex: Sex = Sex.UNSTATED
    clint_factor: float = 1.0
    asian: bool = False
    japanese: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """Many people, one entry of each array a person: all of shape (n,). Weight kg, age years."""

    weight_kg: Floats
    age_years: Floats
    woman: Floats  # 1 woman, 0 man, 0.5 unstated
    clint_factor: Floats
    asian: Floats  # 1 or 0
    japanese: Floats  # 1 or 0

    def __len__(self) -> int:
        return int(self.weight_kg.size)

    def part(self, rows: slice | NDArray[np.int64]) -> People:
        """The people of those rows."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


_WOMAN = {Sex.WOMAN: 1.0, Sex.MAN: 0.0, Sex.UNSTATED: 0.5}


def people(*persons: Person) -> People:
    """These persons as arrays. Raises Complaint where a weight, an age or a factor is missing or impossible."""
    for person in persons:
        _positive("weight_kg", person.weight_kg, "Weigh the person, in kg.")
        _positive("age_years", person.age_years, "Give the age in years; it decides which models may be used.")
        _positive("clint_factor", person.clint_factor, "Write 1 where nothing inhibits or induces the liver's enzymes.")
    return People(
        weight_kg=np.array([p.weight_kg for p in persons], dtype=float),
        age_years=np.array([p.age_years for p in persons], dtype=float),
        woman=np.array([_WOMAN[p.sex] for p in persons]),
        clint_factor=np.array([p.clint_factor for p in persons], dtype=float),
        asian=np.array([float(p.asian or p.japanese) for p in persons]),
        japanese=np.array([float(p.japanese) for p in persons]),
    )


def _positive(name: str, value: float | None, mend: str) -> None:
    if value is None:
        raise Complaint(f"{name} is missing.", name, mend)
    if not (math.isfinite(value) and value > 0):
        raise Complaint(f"{name} = {value:g} is not above 0.", name, mend)
