"""The curve that a learner notices of doses of different amounts, each person with their own body and luck.

By vein, into muscle and under the skin the compiled path serves; other routes are solved by sampled curves, amount by
amount. A control's drug has no curve. Both spellings of a mechanistic patient take their doses from here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.effects import kernel
from unstuck.lab.effects.modes import timetable
from unstuck.lab.effects.parameters import Array, Model
from unstuck.lab.effects.people import Crowd as Drawn
from unstuck.lab.effects.people import personal
from unstuck.lab.patients.crowds import ROUTES, Doses, modes_for
from unstuck.lab.patients.drug import CURVE_H, Curve, curve_from, strength_of
from unstuck.lab.patients.living import Dosed
from unstuck.lab.patients.response import SETS, Setting, graded_for, marked, own_values, respond, setting
from unstuck.lab.pk import People, build, dose, infusion

Rows = NDArray[np.int64]
CONTROLS = ("midazolam", "saline")  # drugs that stand for no ketamine; what else they do to learning is left out


def is_noticed(what: Dosed) -> bool:
    """Whether the dose has a curve at all."""
    return what.drug in SETS


def curves_of(what: Dosed, mg: Array, who: People, drawn: Drawn) -> Curve:
    """The curve of that drug, route and length for each of these people at their own amount, mg (people,)."""
    given = setting(what.drug)
    given.kinetics.check(who, {what.route})
    found = Curve(np.zeros((mg.size, CURVE_H.size)), np.zeros(mg.size))
    sampled = np.ones(mg.size, dtype=bool)
    if what.route in ROUTES:
        sampled = ~_compiled(given, what, mg, who, drawn, found)
    for amount in np.unique(mg[sampled]):
        rows = np.flatnonzero(sampled & (mg == amount))
        part = _sampled(given, what, float(amount), who.part(rows), _drawn(drawn, rows))
        found.block[rows], found.strength[rows] = part.block, part.strength
    return found


def _compiled(given: Setting, what: Dosed, mg: Array, who: People, drawn: Drawn, found: Curve) -> NDArray[np.bool_]:
    """Fills in the curves of those whose modes can be trusted; says who they are."""
    doses = Doses(what.route, 1.0, ((0.0, (what.minutes or 0.0) / 60.0),))
    system = build(given.kinetics, own_values(given.kinetics, who, drawn), who)
    model = personal(given.effects, marked(given.effects, who, drawn))
    modes, sound = modes_for(given, system, doses, who)
    seen = kernel.solve(
        model, replace(modes, dose_mg=mg), timetable(doses.times, CURVE_H), ("occupancy", "glutamate")
    )  # fmt: skip
    found.block[sound] = seen[sound, :, 0]
    found.strength[sound] = strength_of(seen[sound, :, 1])
    return np.asarray(sound)


def _sampled(given: Setting, what: Dosed, mg: float, who: People, drawn: Drawn) -> Curve:
    own = replace(given, effects=personal(given.effects, marked(given.effects, who, drawn)))
    regimen = infusion(what.minutes, mg=mg) if what.minutes else dose(what.route, mg=mg)
    grid = graded_for(regimen, float(CURVE_H[-1]), CURVE_H)
    return curve_from(respond(own, regimen, who, grid, drawn), _within_steps(own.effects))


def _within_steps(model: Model) -> Model:
    """The same people's model for curves that have three samples a step on their last axis."""
    o = model.occupancy
    halves = (np.asarray(half)[..., None] for half in (o.half_ketamine_ng_per_ml, o.half_norketamine_ng_per_ml))
    ketamine, norketamine = halves
    wide = replace(o, half_ketamine_ng_per_ml=ketamine, half_norketamine_ng_per_ml=norketamine)
    return replace(model, occupancy=wide)


def _drawn(drawn: Drawn, rows: Rows) -> Drawn:
    return replace(drawn, people=drawn.people[rows], prone=None if drawn.prone is None else drawn.prone[rows])
