"""Persons around the typical one: each draws its own figures by name, so that nothing depends on who drew before.

Amplitudes (how strong an effect gets) keep their mean over people; times and concentrations keep their median.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unstuck.lab.effects.parameters import Array, Circulation, Model
from unstuck.lab.random import normal_array

People = NDArray[np.uint64]
OWN = ("site", "ketamine", "norketamine", "dissociation_top", "dissociation_half", "pressure", "pulse")
DAY = ("dissociation", "pressure", "pulse")


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is drawn: numbers under a seed, the dose of the course (from one), and who is prone to high pressure.

    `prone` has shape (people,) and is true from the age at which the model says so, or with hypertension.
    """

    seed: int
    people: People
    dose: int = 1
    prone: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, seed: int, count: int) -> Crowd:
        """The first `count` people under that seed, none of them prone."""
        return cls(seed, np.arange(count, dtype=np.uint64))


def prone(model: Model, age_years: ArrayLike, hypertensive: ArrayLike = False) -> NDArray[np.bool_]:
    """Who reacts with more pressure: the older, and those with hypertension."""
    older = np.asarray(age_years, dtype=float) >= model.circulation.prone_from_years
    return np.asarray(older | np.asarray(hypertensive, dtype=bool))


def personal(model: Model, crowd: Crowd) -> Model:
    """The model with each person's own figures, arrays of shape (people, 1); the cascade stays common to all."""
    own = normal_array(crowd.seed, crowd.people, "effects", len(OWN))
    day = normal_array(crowd.seed, crowd.people, "effects of the day", len(DAY), crowd.dose)
    z = {name: own[:, [n]] for n, name in enumerate(OWN)}
    d = {name: day[:, [n]] for n, name in enumerate(DAY)}
    s = model.spread
    felt = keep_mean(z["dissociation_top"], s.dissociation_top) * keep_mean(d["dissociation"], s.occasion)
    tolerance = (1.0 - model.dissociation.less_per_dose) ** (crowd.dose - 1)
    return replace(
        model,
        site=replace(model.site, half_life_min=model.site.half_life_min * keep_median(z["site"], s.site)),
        occupancy=replace(
            model.occupancy,
            half_ketamine_ng_per_ml=model.occupancy.half_ketamine_ng_per_ml * keep_median(z["ketamine"], s.occupancy),
            half_norketamine_ng_per_ml=model.occupancy.half_norketamine_ng_per_ml
            * keep_median(z["norketamine"], s.occupancy),
        ),
        dissociation=replace(
            model.dissociation,
            top_points=model.dissociation.top_points * felt * tolerance,
            half_ng_per_ml=model.dissociation.half_ng_per_ml * keep_median(z["dissociation_half"], s.dissociation_half),
        ),
        circulation=_circulation(model, crowd, (z["pressure"], d["pressure"]), (z["pulse"], d["pulse"])),
    )


def _circulation(
    model: Model, crowd: Crowd, pressure: tuple[Array, Array], pulse: tuple[Array, Array]
) -> Circulation:  # fmt: skip
    """Pressure rises more in the prone, and systolic and diastolic rise together; each day differs a little."""
    figures, s = model.circulation, model.spread
    more = 1.0 if crowd.prone is None else np.where(crowd.prone[:, None], figures.prone_factor, 1.0)
    rise = keep_mean(pressure[0], s.pressure) * keep_mean(pressure[1], s.occasion) * more
    return replace(
        figures,
        systolic_top_mmhg=figures.systolic_top_mmhg * rise,
        diastolic_top_mmhg=figures.diastolic_top_mmhg * rise,
        pulse_top_per_min=figures.pulse_top_per_min * keep_mean(pulse[0], s.pulse) * keep_mean(pulse[1], s.occasion),
    )


def keep_median(z: Array, cv: float) -> Array:
    """Log-normal factors with median 1 and that coefficient of variation, from standard normal numbers."""
    return np.asarray(np.exp(np.sqrt(np.log1p(cv * cv)) * z))


def keep_mean(z: Array, cv: float) -> Array:
    """Log-normal factors with mean 1 and that coefficient of variation, from standard normal numbers."""
    variance = np.log1p(cv * cv)
    return np.asarray(np.exp(np.sqrt(variance) * z - variance / 2.0))
