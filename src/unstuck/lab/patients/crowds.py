"""Effects of whole populations by the compiled kernel: the modes of a pharmacokinetic system handed over as arrays.

For doses by vein, into muscle or under the skin. The few people whose modes cannot be trusted, because rates of two
organs nearly coincide, are solved by the plain path and come out in the same place. Needs Numba.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.effects import kernel, plasticity
from unstuck.lab.effects.modes import OUTPUTS, Modes, timetable
from unstuck.lab.effects.parameters import Array, Model
from unstuck.lab.effects.people import Crowd, personal
from unstuck.lab.patients.response import Response, Setting, drivers, graded_for, marked, own_values, respond
from unstuck.lab.pk import People, Regimen, bolus, build, dose, infusion
from unstuck.lab.pk.modes import modes_of, shape_of
from unstuck.lab.pk.system import System

Marks = NDArray[np.bool_]
ROUTES = ("iv_infusion", "iv_bolus", "im", "sc")


@dataclass(frozen=True, slots=True)
class Doses:
    """The same doses for everybody: a route, mg/kg each, and (start h, hours) of each; 0 hours is at once."""

    route: str
    mg_per_kg: float
    times: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if self.route not in ROUTES:
            known = ", ".join(ROUTES)
            raise Complaint(f"The compiled path does not take {self.route!r}.", "route", f"It takes: {known}.")
        if not self.mg_per_kg >= 0:
            raise Complaint(f"{self.mg_per_kg:g} mg/kg is no dose.", "mg_per_kg", "Give 0 or more.")

    def regimen(self, weight_kg: float) -> Regimen:
        """The doses of one person in the words of the pharmacokinetics."""
        found = Regimen(())
        for start, hours in self.times:
            found = found + _one(self.route, self.mg_per_kg * weight_kg, hours).at(start)
        return found


def _one(route: str, mg: float, hours: float) -> Regimen:
    from_vein = infusion(hours * 60, mg=mg) if hours else bolus(mg=mg)
    return from_vein if route.startswith("iv") else dose(route, mg=mg)


def effects_of(
    given: Setting, doses: Doses, who: People, drawn: Crowd, outputs_h: ArrayLike, outputs: Sequence[str] = OUTPUTS
) -> Array:  # fmt: skip
    """Outputs of shape (people, times, outputs), named as in `modes.OUTPUTS`, at `outputs_h`, which rise from 0."""
    given.kinetics.check(who, {doses.route})
    system = build(given.kinetics, own_values(given.kinetics, who, drawn), who)
    model = personal(given.effects, marked(given.effects, who, drawn))
    modes, sound = modes_for(given, system, doses, who)
    found = kernel.solve(model, modes, timetable(doses.times, outputs_h), outputs)
    for row in np.flatnonzero(~sound):
        found[row] = _plain(given, doses, _alone(who, drawn, int(row)), outputs_h, outputs)
    return found


def modes_for(given: Setting, system: System, doses: Doses, who: People) -> tuple[Modes, Marks]:
    """The modes that a dose by that route excites, with their weights in ng/mL per mg, and whose can be trusted."""
    port = system.ports[doses.route][0]
    parent, metabolite = drivers(given.kinetics)
    small = system.reduced({doses.route}, tuple(name for name in (parent, metabolite) if name))
    basis = modes_of(small.matrix, shape_of(small.matrix))
    way = basis.left[:, :, small.states.index(port.state)] * port.share[:, None]

    def weight(output: str | None) -> Array:
        if output is None:
            return np.zeros_like(basis.rates)
        reading = small.readings[output]
        return np.asarray(basis.right[:, small.states.index(reading.state)] * way * reading.scale[:, None])

    fine = basis.sound[:, None]
    rates = np.where(fine, basis.rates, 1.0)
    weights = [np.where(fine, weight(name), 0.0) for name in (parent, metabolite)]
    return Modes(rates, weights[0], weights[1], doses.mg_per_kg * who.weight_kg), basis.sound


def _alone(who: People, drawn: Crowd, row: int) -> tuple[People, Crowd]:
    """One person with the luck that is theirs in the crowd."""
    prone = None if drawn.prone is None else drawn.prone[[row]]
    return who.part(slice(row, row + 1)), replace(drawn, people=drawn.people[[row]], prone=prone)


def _plain(
    given: Setting, doses: Doses, one: tuple[People, Crowd], outputs_h: ArrayLike, outputs: Sequence[str]
) -> Array:  # fmt: skip
    """The same outputs of one person by sampled curves."""
    who, drawn = one
    regimen = doses.regimen(float(who.weight_kg[0]))
    model = personal(given.effects, marked(given.effects, who, drawn))
    hours = np.asarray(outputs_h, dtype=float)
    grid = graded_for(regimen, float(hours[-1]), hours)
    seen = respond(replace(given, effects=model), regimen, who, grid, drawn)
    named = _by_name(model, seen)
    places = [int(np.abs(grid.edges_h - t).argmin()) for t in hours]
    return np.stack([named[name][places] for name in outputs], axis=-1)


def _by_name(model: Model, seen: Response) -> dict[str, Array]:
    states = plasticity.states(model, seen.exposure)[0]
    chain = {name: states[:, n] for n, name in enumerate(OUTPUTS[-states.shape[1] :])}
    edges = seen.exposure.grid
    levels = {
        "ketamine": edges.at_edges(seen.exposure.ketamine_ng_per_ml)[0],
        "norketamine": edges.at_edges(seen.exposure.norketamine_ng_per_ml)[0],
        "site": seen.acute.site_ng_per_ml[0],
        "vessels": seen.acute.vessels_ng_per_ml[0],
        "occupancy": seen.acute.occupancy[0],
    }
    return levels | chain
