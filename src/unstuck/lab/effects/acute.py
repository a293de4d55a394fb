"""Effects while the drug is there: receptor, dissociation, sedation, blood pressure and pulse.

    dCe/dt = ke (Ca - Ce)                              effect site (Sheiner 1979, doi 10.1002/cpt1979253358)
    occupancy = r / (1 + r),  r = Ce / K + Cn / Kn      ketamine and norketamine at one site, competing
    CADSS     = E Ce^h / (C^h + Ce^h)                   at most 92
    rise      = R Cb / (Cp + Cb),  dCb/dt = kb (Ce - Cb)

Ca is arterial ketamine and Cn norketamine, in ng/mL of total plasma. Valid from zero to anaesthetic concentrations for
occupancy; the other curves were tuned below 300 ng/mL of the racemate and are extrapolations above. Card:
docs/science/effects.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from unstuck.core.errors import Complaint
from unstuck.lab.effects.filters import follow
from unstuck.lab.effects.grid import Grid
from unstuck.lab.effects.parameters import Array, Dissociation, Model, Occupancy, Sedation, Value

CADSS_TOP = 92.0  # 23 items of 0 to 4


@dataclass(frozen=True, slots=True)
class Acute:
    """Effects at `time_h`, each of shape (..., times). Rises are above the person's own rest, without reading error."""

    time_h: Array
    site_ng_per_ml: Array
    vessels_ng_per_ml: Array
    occupancy: Array
    cadss_points: Array
    sedated_share: Array
    unresponsive_share: Array
    systolic_rise_mmhg: Array
    diastolic_rise_mmhg: Array
    pulse_rise_per_min: Array


@dataclass(frozen=True, slots=True)
class Rest:
    """A person's own pressure and pulse before the dose; numbers, or arrays of shape (people, 1)."""

    systolic_mmhg: Value
    diastolic_mmhg: Value
    pulse_per_min: Value

    def with_rises(self, felt: Acute) -> dict[str, Array]:
        """Levels by the name of the reading, shape (..., times): the person's own rest and what the drug adds."""
        return {
            "systolic_mmhg": np.asarray(self.systolic_mmhg + felt.systolic_rise_mmhg),
            "diastolic_mmhg": np.asarray(self.diastolic_mmhg + felt.diastolic_rise_mmhg),
            "pulse_per_min": np.asarray(self.pulse_per_min + felt.pulse_rise_per_min),
        }


@dataclass(frozen=True, slots=True)
class Exposure:
    """Concentrations on a grid, ng/mL, each of shape (..., steps, 3)."""

    grid: Grid
    ketamine_ng_per_ml: Array
    norketamine_ng_per_ml: Array


def exposure(time_h: ArrayLike, ketamine_ng_per_ml: ArrayLike, norketamine_ng_per_ml: ArrayLike) -> Exposure:
    """An exposure from curves given at `time_h`, straight between; curves have shape (..., times).

    Raises Complaint for times that do not rise, and for concentrations that are negative or unknown.
    """
    time = np.asarray(time_h, dtype=float)
    if time.ndim != 1 or time.size < 2 or not np.all(np.diff(time) > 0):
        raise Complaint("Times must be a rising list of at least two.", "time_h", "Sort them and drop repeats.")
    grid = Grid(time)
    names = ("ketamine_ng_per_ml", "norketamine_ng_per_ml")
    curves = [_curve(n, c, time) for n, c in zip(names, (ketamine_ng_per_ml, norketamine_ng_per_ml), strict=True)]
    return Exposure(grid, *(_straight(curve) for curve in curves))


def _curve(name: str, given: ArrayLike, time: Array) -> Array:
    curve = np.asarray(given, dtype=float)
    if curve.shape[-1:] != time.shape:
        raise Complaint(f"{curve.shape[-1:]} values for {time.size} times.", name, "Give one value a time.")
    if not np.all(np.isfinite(curve)) or np.any(curve < 0):
        raise Complaint("A concentration is negative or not a number.", name, "Give ng/mL of zero or more.")
    return curve


def _straight(curve: Array) -> Array:
    first, last = curve[..., :-1], curve[..., 1:]
    return np.stack([first, (first + last) / 2, last], axis=-1)


def solve(model: Model, seen: Exposure) -> Acute:
    """The effects at the edges of the exposure's grid, for people who were free of the drug at its start."""
    grid = seen.grid
    site = follow(model.site.rate_per_h, grid.step_h, seen.ketamine_ng_per_ml)
    vessels = follow(model.circulation.rate_per_h, grid.step_h, site)
    at_site, at_vessels = np.maximum(grid.at_edges(site), 0.0), np.maximum(grid.at_edges(vessels), 0.0)
    nor = np.maximum(grid.at_edges(seen.norketamine_ng_per_ml), 0.0)
    pressure = saturation(at_vessels, model.circulation.pressure_half_ng_per_ml)
    pulse = saturation(at_vessels, model.circulation.pulse_half_ng_per_ml)
    return Acute(
        time_h=grid.edges_h,
        site_ng_per_ml=at_site,
        vessels_ng_per_ml=at_vessels,
        occupancy=occupied(model.occupancy, at_site, nor),
        cadss_points=cadss(model.dissociation, at_site),
        sedated_share=sedated(model.sedation, at_site),
        unresponsive_share=unresponsive(model.sedation, at_site),
        systolic_rise_mmhg=model.circulation.systolic_top_mmhg * pressure,
        diastolic_rise_mmhg=model.circulation.diastolic_top_mmhg * pressure,
        pulse_rise_per_min=model.circulation.pulse_top_per_min * pulse,
    )


def site_curve(model: Model, seen: Exposure) -> Array:
    """Concentration at the place of effect, ng/mL, shape (..., steps, 3)."""
    return follow(model.site.rate_per_h, seen.grid.step_h, seen.ketamine_ng_per_ml)


def occupied(figures: Occupancy, ketamine_ng_per_ml: Array, norketamine_ng_per_ml: Array) -> Array:
    """Share of NMDA channels that is blocked."""
    relative = (
        ketamine_ng_per_ml / figures.half_ketamine_ng_per_ml
        + norketamine_ng_per_ml / figures.half_norketamine_ng_per_ml
    )
    return np.asarray(relative / (1.0 + relative))


def cadss(figures: Dissociation, site_ng_per_ml: Array, dose: int = 1) -> Array:
    """CADSS total at that concentration with that dose of the course, counted from one; 0 to 92."""
    hill = np.power(site_ng_per_ml / figures.half_ng_per_ml, figures.steepness)
    felt = figures.top_points * hill / (1.0 + hill) * (1.0 - figures.less_per_dose) ** (dose - 1)
    return np.asarray(np.minimum(felt, CADSS_TOP))


def sedated(figures: Sedation, site_ng_per_ml: Array) -> Array:
    """Share of people with MOAA/S below 5, placebo's share included."""
    hill = np.power(site_ng_per_ml / figures.any_half_ng_per_ml, figures.any_steepness)
    return np.asarray(figures.any_without_drug + (1.0 - figures.any_without_drug) * hill / (1.0 + hill))


def unresponsive(figures: Sedation, site_ng_per_ml: Array) -> Array:
    """Share of people who would not answer to voice: their own thresholds are log-normal."""
    spread = np.sqrt(np.log1p(np.square(figures.unresponsive_cv)))
    with np.errstate(divide="ignore"):
        z = np.log(site_ng_per_ml / figures.unresponsive_half_ng_per_ml) / spread
    return np.asarray(_NORMAL(z), dtype=float)


def saturation(conc_ng_per_ml: Array, half_ng_per_ml: float | Array) -> Array:
    """Share of the top that is reached; half of it at the half concentration."""
    return np.asarray(conc_ng_per_ml / (half_ng_per_ml + conc_ng_per_ml))


_NORMAL = np.vectorize(NormalDist().cdf, otypes=[float])
