"""How unsure a figure is and how people differ in it: a law with a middle and nine tenths, drawn from normal numbers.

A standard normal number z gives the figure of a whole crowd, another the person's own place around it. So a vector of
such numbers is one candidate truth, and the prior is the standard normal law in every direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from statistics import NormalDist

import numpy as np

from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table
from unstuck.lab.effects.parameters import Array

_NORMAL = NormalDist()
NINE_TENTHS = _NORMAL.inv_cdf(0.95)
NEARLY_ALL = 0.98  # no share passes it by the spread between people


class Law(StrEnum):
    """On which scale a figure is normal, or that it is not drawn at all."""

    LOG = "log"
    LOGIT = "logit"
    PLAIN = "plain"
    GAIN = "gain"  # half-normal, with a chance of exactly 0
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One figure with its law. `between` is the SD between people, `zero` the chance that a gain is none."""

    name: str
    law: Law
    origin: Sourced
    between: float
    zero: float

    def crowd(self, z: float) -> float:
        """The figure of a crowd at that standard normal number; z = 0 is the middle (of a gain: its median)."""
        low, high = self._bounds()
        value = self.origin.value
        match self.law:
            case Law.FIXED:
                return value
            case Law.LOG:
                return float(value * np.exp(z * _sd(np.log(low), np.log(high))))
            case Law.LOGIT:
                return float(_expit(_logit(value) + z * _sd(_logit(low), _logit(high))))
            case Law.PLAIN:
                return value + z * _sd(low, high)
            case Law.GAIN:
                return self._gain(z, high)

    def _gain(self, z: float, high: float) -> float:
        """Half-normal above its chance of nothing; 95 % of the half-normal part lies below `high`."""
        share = (_NORMAL.cdf(z) - self.zero) / (1 - self.zero)
        if share <= 0:
            return 0.0
        half = 0.5 + min(share, 1 - 1e-9) / 2
        return high * _NORMAL.inv_cdf(half) / _NORMAL.inv_cdf(0.975)

    def people(self, value: float, z: Array) -> Array:
        """The figures of people around their crowd's, by their own standard normal numbers."""
        match self.law:
            case Law.FIXED:
                return np.full_like(z, value)
            case Law.LOG:
                return np.asarray(value * np.exp(self.between * z))
            case Law.GAIN:
                return np.asarray(value * np.exp(self.between * z))
            case Law.LOGIT:
                return np.asarray(_expit(_logit(value) + self.between * z))
            case Law.PLAIN:
                return value + self.between * z

    def _bounds(self) -> tuple[float, float]:
        low, high = self.origin.low, self.origin.high
        return (self.origin.value if low is None else low), (self.origin.value if high is None else high)


def _sd(low: float, high: float) -> float:
    return (high - low) / (2 * NINE_TENTHS)


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def _expit(x: float | Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.asarray(x))))


@dataclass(frozen=True, slots=True)
class Course:
    """Every figure between fear learning and scores, by `group.name`, in the order of the file."""

    key: str
    version: str
    title: str
    figures: Mapping[str, Drawn]

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the figures that a crowd draws."""
        return tuple(name for name, figure in self.figures.items() if figure.law is not Law.FIXED)

    def values(self, z: Mapping[str, float] | None = None) -> dict[str, float]:
        """The figures of one crowd; those without a number of their own stand in the middle."""
        given = z or {}
        return {name: figure.crowd(given.get(name, 0.0)) for name, figure in self.figures.items()}

    def assumed(self) -> tuple[tuple[str, Sourced], ...]:
        """The figures that nobody measured, by name."""
        found = ((name, figure.origin) for name, figure in sorted(self.figures.items()))
        return tuple((name, origin) for name, origin in found if origin.grade is Grade.ASSUMED)


GROUPS = ("life", "therapy", "report", "ketamine", "learner")


@cache
def load_course(key: str = "course", root: Path | None = None) -> Course:
    """The figures of that name. Raises Complaint that tells every missing or faulty one."""
    table = open_toml((root or library_root()) / "patients" / f"{key}.toml")
    named = [table.text(name) for name in ("key", "version", "title")]
    figures: dict[str, Drawn] = {}
    for group in GROUPS:
        rows = table.table(group, required=True)
        for name in rows.raw if rows else ():
            assert rows is not None
            found = _drawn(f"{group}.{name}", rows.table(name, required=True))
            if found:
                figures[f"{group}.{name}"] = found
    table.finish()
    table.notes.refuse()
    return Course(named[0], named[1], named[2], figures)


def _drawn(name: str, row: Table | None) -> Drawn | None:
    if row is None:
        return None
    law = row.choice("law", Law)
    between, zero = row.number("between"), row.maybe("zero") or 0.0
    origin = row.figure()
    row.finish()
    return Drawn(name, law, origin, between, zero) if origin else None
