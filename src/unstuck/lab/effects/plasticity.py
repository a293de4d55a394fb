"""A model-relative index of plasticity with its uncertainty: a hypothesis, never a prediction for a patient.

One standard session is the unit: the typical adult of the model, 0.5 mg/kg of the racemate by vein over 40 minutes. In
each draw of the uncertain figures the regimen is divided by the standard session under the same draw, so that only
ratios are told. Rates and lives are drawn log-uniform over the range that their file gives.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.effects import cascade
from unstuck.lab.effects.acute import Exposure, occupied, site_curve
from unstuck.lab.effects.parameters import Array, Cascade, Model
from unstuck.lab.random import Stream

LABEL = "hypothesis: a model-relative index, not a prediction for any person"
LEVELS = (0.05, 0.5, 0.95)
DRAWS = 200


@dataclass(frozen=True, slots=True)
class Trace:
    """The chain at `time_h`, each of shape (..., times), in units of the model alone."""

    time_h: Array
    glutamate: Array
    ampa: Array
    mtorc1: Array
    bdnf: Array
    permissive: Array
    spines: Array
    default_mode: Array


@dataclass(frozen=True, slots=True)
class Index:
    """Quantiles 5, 50 and 95 % over the uncertain figures, shape (3, times); 1 is the standard session's peak."""

    time_h: Array
    permissive: Array
    spines: Array
    default_mode: Array
    label: str = LABEL


def trace(model: Model, seen: Exposure) -> Trace:
    """The chain at the edges of the exposure's grid."""
    return _named(model.cascade, seen.grid.edges_h, states(model, seen))


def states(model: Model, seen: Exposure) -> Array:
    """All states of the chain, shape (..., edges, states), in the order of `cascade.STATES`."""
    occupancy = occupied(model.occupancy, *_at_site(model, seen))
    return cascade.solve(model.cascade, seen.grid.step_h, cascade.surge(model.cascade, occupancy))


def _at_site(model: Model, seen: Exposure) -> tuple[Array, Array]:
    return np.maximum(site_curve(model, seen), 0.0), np.maximum(seen.norketamine_ng_per_ml, 0.0)


def _named(figures: Cascade, time_h: Array, found: Array) -> Trace:
    by_name = {name: found[..., n] for n, name in enumerate(cascade.STATES)}
    return Trace(
        time_h=time_h,
        glutamate=by_name["glutamate"],
        ampa=(1.0 - figures.ampa_blocked) * by_name["glutamate"],
        mtorc1=by_name["mtorc1"],
        bdnf=by_name["bdnf"],
        permissive=by_name["permissive"],
        spines=by_name["spines_early"] + by_name["spines_kept"],
        default_mode=by_name["default_mode"],
    )


def index(model: Model, seen: Exposure, standard: Exposure, seed: int = 1, draws: int = DRAWS) -> Index:
    """The regimen's index at the edges of its grid, for one typical person, over draws of the uncertain figures.

    Both exposures have no axis of people. Raises Complaint where they have one, or where `draws` is below 20.
    """
    if seen.ketamine_ng_per_ml.ndim != 2 or standard.ketamine_ng_per_ml.ndim != 2:
        raise Complaint("The index is told of one typical person.", "seen", "Give curves without an axis of people.")
    if draws < 20:
        raise Complaint(f"{draws} draws tell no interval.", "draws", "Give at least 20.")
    runs = [_relative(drawn(model, seed, n), seen, standard) for n in range(draws)]
    told = np.quantile(np.array(runs), LEVELS, axis=0)  # (levels, outputs, times)
    return Index(seen.grid.edges_h, told[:, 0], told[:, 1], told[:, 2])


def _relative(model: Model, seen: Exposure, standard: Exposure) -> Array:
    """Permissive state, spines and default mode over their peaks in the standard session, shape (3, times)."""
    mine, unit = trace(model, seen), trace(model, standard)
    names = ("permissive", "spines", "default_mode")
    return np.stack([getattr(mine, name) / getattr(unit, name).max() for name in names])


def drawn(model: Model, seed: int, number: int) -> Model:
    """The model with its uncertain figures of chain and receptor drawn from their ranges, named by seed and number."""
    return replace(
        model, cascade=_drawn(model, "cascade", seed, number), occupancy=_drawn(model, "occupancy", seed, number)
    )


def _drawn(model: Model, group: str, seed: int, number: int) -> Any:
    figures = getattr(model, group)
    found: dict[str, float] = {}
    for field in fields(figures):
        origin = model.origins[f"{group}.{field.name}"]
        if origin.low is not None and origin.high is not None and 0 < origin.low < origin.high:
            luck = Stream(seed, number, f"uncertain {group}.{field.name}").uniform()
            scale = getattr(figures, field.name) / origin.value  # another drug's potency, kept
            found[field.name] = scale * origin.low * (origin.high / origin.low) ** luck
    return replace(figures, **found)


def hours_above(time_h: Array, curve: Array, level: float) -> Array:
    """Hours for which a curve of shape (..., times) lies above the level, straight between its points."""
    first, last = curve[..., :-1] - level, curve[..., 1:] - level
    rise = np.where(first == last, 1.0, last - first)
    crossing = np.clip(-first / rise, 0.0, 1.0)
    share = np.where(first > 0, np.where(last > 0, 1.0, crossing), np.where(last > 0, 1.0 - crossing, 0.0))
    return np.asarray((share * np.diff(time_h)).sum(axis=-1))
