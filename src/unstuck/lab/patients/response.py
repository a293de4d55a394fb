"""A dose and what it does: pharmacokinetics and effects joined, for one person or a crowd. NumPy only.

Effects are driven by the arterial concentration where the parameter set has one, else by the venous one (esketamine by
nose), which lags a little behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from unstuck.core.errors import Complaint
from unstuck.lab.effects import plasticity
from unstuck.lab.effects.acute import Acute, Exposure
from unstuck.lab.effects.acute import solve as acute_effects
from unstuck.lab.effects.grid import Grid, graded
from unstuck.lab.effects.parameters import Array, Model, load_effects
from unstuck.lab.effects.people import Crowd, personal, prone
from unstuck.lab.pk import ParameterSet, People, Person, Regimen, build, infusion, load_set, people, solve
from unstuck.lab.pk.parameter_sets import spread
from unstuck.lab.random import Stream, normal_array

SETS = {"ketamine": "ket1", "esketamine": "perezruixo2021"}
Luck = Callable[[str], Array]


@dataclass(frozen=True, slots=True)
class Response:
    """Concentrations by output name, ng/mL, and effects, each of shape (people, times)."""

    time_h: Array
    conc_ng_per_ml: Mapping[str, Array]
    exposure: Exposure
    acute: Acute


@dataclass(frozen=True, slots=True)
class Setting:
    """Which parameter set and which effects a drug gets."""

    drug: str
    kinetics: ParameterSet
    effects: Model


def setting(drug: str, kinetics: str | None = None) -> Setting:
    """The recommended setting of that drug, or with a named parameter set. Raises Complaint for an unknown drug."""
    if drug not in SETS:
        raise Complaint(f"What {drug} does is not modelled.", "drug", f"Known: {', '.join(sorted(SETS))}.")
    return Setting(drug, load_set(kinetics or SETS[drug]), load_effects().for_drug(drug))


def typical(given: Setting, regimen: Regimen, person: Person, until_h: float, outputs_h: ArrayLike = ()) -> Response:
    """The typical course of this person: covariates act, spread does not."""
    return respond(given, regimen, people(person), graded_for(regimen, until_h, outputs_h))


def crowd(given: Setting, regimen: Regimen, who: People, drawn: Crowd, grid: Grid) -> Response:
    """The courses of these people with all their spread; `drawn` names their luck."""
    own = replace(given, effects=personal(given.effects, marked(given.effects, who, drawn)))
    return respond(own, regimen, who, grid, drawn)


def marked(model: Model, who: People, drawn: Crowd) -> Crowd:
    """The crowd with those marked as prone to high pressure whose age says so."""
    older = prone(model, who.age_years)
    return replace(drawn, prone=older if drawn.prone is None else older | drawn.prone)


def own_values(found: ParameterSet, who: People, drawn: Crowd) -> dict[str, Array]:
    """Everybody's parameters on the occasion of this dose, drawn by the names of `pk.population`: the same people."""
    luck = luck_of(drawn)
    values = found.values(who, luck)
    for name, p in found.parameters.items():
        if p.occasion_cv or p.occasion_logit_sd:
            chance = luck(f"{name}/occasion {drawn.dose}")
            values[name] = spread(values[name], chance, p.occasion_cv, p.occasion_logit_sd)
    return values


def luck_of(drawn: Crowd) -> Luck:
    """Standard normal numbers by purpose, for the pharmacokinetics."""

    def draw(purpose: str) -> Array:
        named = f"pk/{purpose}"
        if drawn.people.size == 1:  # the same number, without the arrays
            return np.array([Stream(drawn.seed, int(drawn.people[0]), named).normal()])
        return normal_array(drawn.seed, drawn.people, named, 1)[:, 0]

    return draw


def graded_for(regimen: Regimen, until_h: float, outputs_h: ArrayLike = (), finer: float = 1.0) -> Grid:
    """A grid with every start and end of a dose on an edge."""
    events = [t for dose in regimen.doses for t in (dose.start_h, dose.start_h + dose.hours)]
    return graded(events, outputs_h, until_h, finer)


def respond(given: Setting, regimen: Regimen, who: People, grid: Grid, drawn: Crowd | None = None) -> Response:
    """Concentrations and effects at the edges of the grid, typical ones where no luck is drawn.

    Raises Complaint outside the parameter set's domain.
    """
    found = given.kinetics
    found.check(who, {dose.route for dose in regimen.doses})
    times, place = np.unique(grid.samples_h, return_inverse=True)
    values = found.values(who) if drawn is None else own_values(found, who, drawn)
    course = solve(build(found, values, who), regimen, who, times)
    sampled = {name: grid.sampled(np.maximum(conc[:, place], 0.0)) for name, conc in course.conc_ng_per_ml.items()}
    parent, metabolite = drivers(found)
    nothing = np.zeros_like(sampled[parent])
    seen = Exposure(grid, sampled[parent], sampled[metabolite] if metabolite else nothing)
    at_edges = {name: grid.at_edges(conc) for name, conc in sampled.items()}
    return Response(grid.edges_h, at_edges, seen, acute_effects(given.effects, seen))


def drivers(found: ParameterSet) -> tuple[str, str | None]:
    """The outputs that drive the effects: parent, arterial where there is one, and its first metabolite, if any."""
    outputs = found.domain.outputs
    parents = [name for name in outputs if name.startswith(found.drug)]
    arterial = [name for name in parents if name.endswith("_arterial")]
    metabolites = [name for name in outputs if name.startswith("nor")]
    return (arterial or parents)[0], metabolites[0] if metabolites else None


@cache
def standard_exposure(until_h: float) -> Exposure:
    """The unit of the plasticity index: the typical adult of 70 kg and 40 years, 0.5 mg/kg of the racemate, 40 min."""
    course = typical(setting("ketamine"), infusion(40, mg_per_kg=0.5), Person(70.0, 40.0), until_h)
    return first_of(course.exposure)


def first_of(seen: Exposure) -> Exposure:
    """The first person's exposure, without an axis of people."""
    return Exposure(seen.grid, seen.ketamine_ng_per_ml[0], seen.norketamine_ng_per_ml[0])


def plasticity_index(given: Setting, regimen: Regimen, person: Person, until_h: float) -> plasticity.Index:
    """The model-relative index of a regimen for the typical person, with its uncertainty: a hypothesis."""
    course = typical(given, regimen, person, until_h)
    unit = standard_exposure(max(until_h, 96.0))
    return plasticity.index(given.effects, first_of(course.exposure), unit)
