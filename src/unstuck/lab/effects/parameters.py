"""The figures behind the effects of a drug, read from the library; floats inside, their origins beside them.

A field holds one number for the typical person, or an array of shape (people, 1) that broadcasts against times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table

Array = NDArray[np.float64]
Value = float | Array
LN2 = float(np.log(2.0))
Group = TypeVar("Group")


@dataclass(frozen=True, slots=True)
class Site:
    """The place of effect, which follows arterial plasma."""

    half_life_min: Value

    @property
    def rate_per_h(self) -> Value:
        """First-order rate of equilibration."""
        return 60 * LN2 / self.half_life_min


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Concentrations at which half of the NMDA channels would be blocked by each alone."""

    half_ketamine_ng_per_ml: Value
    half_norketamine_ng_per_ml: Value


@dataclass(frozen=True, slots=True)
class Dissociation:
    """CADSS total as a power function of the concentration at the site that levels off."""

    top_points: Value
    half_ng_per_ml: Value
    steepness: Value
    less_per_dose: Value


@dataclass(frozen=True, slots=True)
class Sedation:
    """Chance of any sedation (MOAA/S below 5) and of no answer to voice."""

    any_half_ng_per_ml: Value
    any_steepness: Value
    any_without_drug: Value
    unresponsive_half_ng_per_ml: Value
    unresponsive_cv: Value


@dataclass(frozen=True, slots=True)
class Circulation:
    """Rises of blood pressure and pulse above the person's own rest."""

    systolic_top_mmhg: Value
    diastolic_top_mmhg: Value
    pressure_half_ng_per_ml: Value
    pulse_top_per_min: Value
    pulse_half_ng_per_ml: Value
    delay_min: Value
    prone_factor: Value
    prone_from_years: float

    @property
    def rate_per_h(self) -> Value:
        """First-order rate at which the vessels follow the effect site."""
        return 60 * LN2 / self.delay_min


@dataclass(frozen=True, slots=True)
class Cascade:
    """From the glutamate surge to spines and the default mode: a hypothesis, the same for everybody."""

    glutamate_gain: float
    bell_power: float
    glutamate_per_h: float
    ampa_blocked: float
    mtorc1_per_h: float
    bdnf_per_h: float
    permissive_half_life_h: float
    spine_life_h: float
    spine_kept_share: float
    spine_kept_life_h: float
    default_mode_half_life_h: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How people, days and readings differ."""

    site: float
    occupancy: float
    dissociation_top: float
    dissociation_half: float
    pressure: float
    pulse: float
    occasion: float
    systolic_error_mmhg: float
    diastolic_error_mmhg: float
    pulse_error_per_min: float


@dataclass(frozen=True, slots=True)
class Esketamine:
    """How much more one nanogram of esketamine does than one of the racemate."""

    ketamine_potency: float
    norketamine_potency: float


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that the effects are computed from. `origins` tells the source of each figure as `group.name`."""

    key: str
    version: str
    title: str
    site: Site
    occupancy: Occupancy
    dissociation: Dissociation
    sedation: Sedation
    circulation: Circulation
    cascade: Cascade
    spread: Spread
    esketamine: Esketamine
    origins: Mapping[str, Sourced]

    def assumed(self) -> tuple[tuple[str, Sourced], ...]:
        """The figures that nobody measured, by name."""
        return tuple((name, found) for name, found in sorted(self.origins.items()) if found.grade is Grade.ASSUMED)

    def for_drug(self, drug: str) -> Model:
        """The model read in nanograms of that drug. Raises Complaint for a drug whose effects are not described."""
        if drug == "ketamine":
            return self
        if drug == "esketamine":
            return _by_potency(self)
        raise Complaint(f"The effects of {drug} are not modelled.", "drug", "Known: esketamine, ketamine.")


GROUPS: dict[str, type[Any]] = {
    "site": Site,
    "occupancy": Occupancy,
    "dissociation": Dissociation,
    "sedation": Sedation,
    "circulation": Circulation,
    "cascade": Cascade,
    "spread": Spread,
    "esketamine": Esketamine,
}


def _by_potency(model: Model) -> Model:
    parent, nor = model.esketamine.ketamine_potency, model.esketamine.norketamine_potency
    occupancy = Occupancy(
        model.occupancy.half_ketamine_ng_per_ml / parent, model.occupancy.half_norketamine_ng_per_ml / nor
    )
    return replace(
        model,
        key="esketamine",
        occupancy=occupancy,
        dissociation=replace(model.dissociation, half_ng_per_ml=model.dissociation.half_ng_per_ml / parent),
        sedation=replace(
            model.sedation,
            any_half_ng_per_ml=model.sedation.any_half_ng_per_ml / parent,
            unresponsive_half_ng_per_ml=model.sedation.unresponsive_half_ng_per_ml / parent,
        ),
        circulation=replace(
            model.circulation,
            pressure_half_ng_per_ml=model.circulation.pressure_half_ng_per_ml / parent,
            pulse_half_ng_per_ml=model.circulation.pulse_half_ng_per_ml / parent,
        ),
    )


@cache
def load_effects(key: str = "ketamine", root: Path | None = None) -> Model:
    """The model of that name. Raises Complaint that tells every missing, unknown or faulty figure."""
    table = open_toml((root or library_root()) / "effects" / f"{key}.toml")
    parts: dict[str, Any] = {name: table.text(name) for name in ("key", "version", "title")}
    found = {group: _figures(table.table(group, required=True), kind) for group, kind in GROUPS.items()}
    table.finish()
    table.notes.refuse()
    origins = {f"{group}.{name}": figure for group, figures in found.items() for name, figure in figures.items()}
    parts |= {g: kind(**{name: found[g][name].value for name in found[g]}) for g, kind in GROUPS.items()}
    return Model(**parts, origins=origins)


def _figures(table: Table | None, kind: type[Any]) -> dict[str, Sourced]:
    """The figures of one group by field name; those that are missing have been complained of."""
    if table is None:
        return {}
    rows = {field.name: table.sourced(field.name) for field in fields(kind)}
    table.finish()
    return {name: figure for name, figure in rows.items() if figure is not None}
