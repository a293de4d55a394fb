"""Parameter sets as data: typical values with unit, weight rule, spread, source and grade, and where each set holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.sourced import Grade, Sourced
from unstuck.lab.pk.people import Floats, People

REFERENCE_WEIGHT_KG = 70.0


class Standing(StrEnum):
    """What a set can be held to."""

    RECOMMENDED = "recommended"  # composed by this project from several sources and held to published measurements
    REPRODUCED = "reproduced"  # its publication's own output is reproduced in the tests
    PARAMETERS_ONLY = (
        "parameters_only"  # parameters as published; no output of the publication was there to compare with
    )
    REFERENCE_VALUES = "reference_values"  # meta-analytic values; not a model that could be solved
    USER = "user"  # from a user's own file


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typical value and how it varies. `weight_power` scales it by (weight / 70 kg) to that power. Spread between
    people and between occasions is a CV (log-normal) or an SD on the logit scale."""

    name: str
    typical: Sourced
    weight_power: float = 0.0
    cv: float = 0.0
    logit_sd: float = 0.0
    occasion_cv: float = 0.0
    occasion_logit_sd: float = 0.0


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a set holds: age, weight, routes, outputs. Both ends of a range belong to it."""

    age_years: tuple[float, float]
    weight_kg: tuple[float, float]
    routes: tuple[str, ...]
    outputs: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """One named set of parameters on one structure, for one drug. `residual` holds the log SD of each output."""

    key: str
    title: str
    drug: str
    structure: str
    standing: Standing
    source: str
    domain: Domain
    parameters: Mapping[str, Parameter]
    correlations: tuple[tuple[str, str, float], ...] = ()
    residual_log_sd: Mapping[str, float] | None = None
    note: str = ""

    def assumed(self) -> tuple[str, ...]:
        """Names of the parameters that nobody measured."""
        return tuple(name for name, p in self.parameters.items() if p.typical.grade is Grade.ASSUMED)

    def values(self, who: People, luck: Callable[[str], Floats] | None = None) -> dict[str, Floats]:
        """Each parameter for each person, shape (n,): typical value, weight rule and, where `luck` gives standard
        normal numbers by parameter name, the spread between people."""
        return {name: _value(p, who, luck) for name, p in self.parameters.items()}

    def check(self, who: People, routes: set[str], outputs: set[str] | None = None) -> None:
        """Raises Complaint where a person, a route or an output lies outside the set's domain."""
        if self.standing is Standing.REFERENCE_VALUES:
            raise Complaint(f"{self.key} holds reference values, no model.", "model", "Use kamp2020 or ket1.")
        for name in ("age_years", "weight_kg"):
            self._check_range(name, getattr(who, name))
        if "CLINT" not in self.parameters and (who.clint_factor != 1).any():
            raise Complaint(
                f"{self.key} has no intrinsic clearance on which an inhibitor or inducer could act.",
                "clint_factor",
                "Use ket1, or leave the factor at 1.",
            )
        for route in sorted(routes - set(self.domain.routes)):
            known = ", ".join(self.domain.routes)
            raise Complaint(f"{self.key} does not know the route {route!r}.", "route", f"It knows: {known}.")
        for output in sorted((outputs or set()) - set(self.domain.outputs)):
            known = ", ".join(self.domain.outputs)
            raise Complaint(f"{self.key} has no output {output!r}.", "output", f"It has: {known}.")

    def _check_range(self, name: str, values: Floats) -> None:
        low, high = getattr(self.domain, name)
        outside = values[(values < low) | (values > high)]
        if outside.size:
            raise Complaint(
                f"{name} {outside[0]:g} lies outside the domain of {self.key} ({low:g} to {high:g}).",
                name,
                "Choose a model that was made for such people ('unstuck pk --list' shows the domains).",
            )


def _value(p: Parameter, who: People, luck: Callable[[str], Floats] | None) -> Floats:
    scale = who.weight_kg if p.typical.unit.endswith("/kg") else (who.weight_kg / REFERENCE_WEIGHT_KG) ** p.weight_power
    base = p.typical.value * scale
    if luck is None or not (p.cv or p.logit_sd):
        return base
    return spread(base, luck(p.name), p.cv, p.logit_sd)


def spread(base: Floats, normal: Floats, cv: float, logit_sd: float) -> Floats:
    """`base` moved by a standard normal number: log-normal with that CV, or normal on the logit scale."""
    if logit_sd:
        logit = np.log(base / (1 - base)) + logit_sd * normal
        return 1 / (1 + np.exp(-logit))
    moved: Floats = base * np.exp(np.sqrt(np.log1p(cv * cv)) * normal)
    return moved
