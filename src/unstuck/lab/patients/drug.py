"""From doses to what a learner notices of them: pharmacokinetics and effects joined to the channels of `lab.fear`.

One dose gives each person a curve of blocked NMDA channels and a strength: the area of the glutamate surge over that
of one standard session (the typical adult, 0.5 mg/kg of the racemate by vein in 40 minutes). Plasticity after doses,

    P(t) = sum over doses of strength c (exp(-s / off) - exp(-s / on)),   s hours since the dose, peak of a session 1,

is a hypothesis: its times span an order of magnitude and its gains include zero. A control's drug has no curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.special import ndtri

from unstuck.lab.effects import plasticity
from unstuck.lab.effects.parameters import LN2, Array, Model, load_effects
from unstuck.lab.effects.people import Crowd as Drawn
from unstuck.lab.fear import channels
from unstuck.lab.patients.crowds import Doses, effects_of
from unstuck.lab.patients.inner import Signals
from unstuck.lab.patients.minds import Crowd, Numbers
from unstuck.lab.patients.population import load_population
from unstuck.lab.patients.response import Response, setting, standard_exposure, typical
from unstuck.lab.patients.timetable import RUN_IN_DAYS, Timetable
from unstuck.lab.pk import People, Person, infusion
from unstuck.lab.random import uniform_array

CURVE_H = np.array([0.0, 0.1, 0.2, 0.35, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 24.0])
LATER_H = np.array([30.0, 36.0, 48.0, 60.0, 72.0, 96.0, 120.0])  # further edges after a dose, for the slow curves
EVERY_H = 12.0
MOST = 2.0  # plasticity does not pass twice the peak of one session
NARROW = 0.8  # rise is at most this share of the fall, so that there is a peak
MODELLED = ("ketamine",)


@dataclass(frozen=True, slots=True)
class Curve:
    """What one dose does: block at CURVE_H, shape (people or 1, hours), and strength, (people or 1,)."""

    block: Array
    strength: Array


@dataclass(frozen=True, slots=True)
class Given:
    """A dose so many hours after enrolment."""

    at_h: float
    curve: Curve


def usual_curve(crowd: Crowd, mg_per_kg: float, minutes: float = 40.0, route: str = "iv_infusion") -> Curve:
    """The curve of one dose for each of these people, with their own pharmacokinetics and sensitivity."""
    doses = Doses(route, mg_per_kg, ((0.0, minutes / 60.0),))
    who = bodies(crowd.seed, crowd.numbers)
    luck = Drawn(crowd.seed, crowd.numbers)
    found = effects_of(setting("ketamine"), doses, who, luck, CURVE_H, ("occupancy", "glutamate"))
    return Curve(found[:, :, 0], strength_of(found[:, :, 1]))


def typical_curve(mg_per_kg: float, minutes: float = 40.0) -> Curve:
    """The curve of one infusion in the typical adult, one row for everybody."""
    seen = typical(setting("ketamine"), infusion(minutes, mg_per_kg=mg_per_kg), Person(70.0, 40.0), float(CURVE_H[-1]))
    return curve_from(seen)


def curve_from(seen: Response, model: Model | None = None) -> Curve:
    """The curve of a response that reaches CURVE_H's end, one row a person; `model` holds their own sensitivities."""
    told = plasticity.trace(model or load_effects(), seen.exposure)
    block = np.stack([np.interp(CURVE_H, seen.time_h, row) for row in seen.acute.occupancy])
    surge = np.stack([np.interp(CURVE_H, told.time_h, row) for row in told.glutamate])
    return Curve(block, strength_of(surge))


def strength_of(surge: Array) -> Array:
    """Strength of surges of glutamate at CURVE_H, (people, hours): their area over that of one standard session."""
    return np.asarray(np.trapezoid(surge, CURVE_H, axis=1) / _standard())


@cache
def _standard() -> float:
    """Area of the glutamate surge of one standard session, on the same hours."""
    seen = standard_exposure(float(CURVE_H[-1]))
    told = plasticity.trace(load_effects(), seen)
    return float(np.trapezoid(np.interp(CURVE_H, told.time_h, told.glutamate), CURVE_H))


def bodies(seed: int, numbers: Numbers) -> People:
    """Weight, age and sex of these people, as the descriptive population has them; sex is left unstated."""
    figures = load_population().figures
    luck = uniform_array(seed, numbers, "body", 4)
    female = luck[:, 0] < figures.female
    age = np.clip(np.rint(figures.age_mean + figures.age_sd * _normal(luck[:, 1])), 18, 75)
    mean = np.where(female, figures.weight_female, figures.weight_male)
    weight = np.clip(np.round(mean + figures.weight_sd * _normal(luck[:, 3]), 1), 42.0, 160.0)
    half, one, none = np.full(age.size, 0.5), np.ones(age.size), np.zeros(age.size)
    return People(weight, age, half, one, none, none)


def _normal(u: Array) -> Array:

    return np.asarray(ndtri(u))


@dataclass(frozen=True, slots=True)
class Course:
    """What the doses of a course do: signals at its events, and the fading state at any hour."""

    signals: Signals
    grid_h: Array
    state: Array  # (people or 1, hours of the grid)

    def state_at(self, days: Sequence[float] | Array) -> Array:
        """The fading state on these days after enrolment, shape (people or 1, days)."""
        hours = 24.0 * np.asarray(days, dtype=float)
        return np.stack([np.interp(hours, self.grid_h, row) for row in self.state])


def course_of(crowd: Crowd, table: Timetable, doses: Sequence[Given]) -> Course:
    """The signals of these doses for these people at the events of the table; nothing without doses."""
    if not doses:
        span = np.array([-24.0 * RUN_IN_DAYS, table.at_h[-1] + EVERY_H])
        return Course(Signals.none(table.events), span, np.zeros((1, 2)))
    life = crowd.life
    on, off = float(life["ketamine.plasticity_on_h"][0]), float(life["ketamine.plasticity_off_h"][0])
    grid = _grid(table, doses)
    block = np.max([_later(grid, d) for d in doses], axis=0)
    plastic = plasticity_at(grid, doses, min(on, NARROW * off), off)
    found = channels.at_events(channels.Signals(grid, block, plastic), table.at_h)
    felt, _ = channels.load_felt()
    own = replace(felt, symptomatic_life_d=float(life["ketamine.state_days"][0]))
    state = channels.fading_state(own, grid, plastic)
    lately = np.stack([np.interp(table.at_h, grid, row) for row in state])
    met = 1.0 - life["ketamine.release_gain"][:, None] * np.minimum(lately, 1.0)
    yielding = 1.0 + life["ketamine.default_mode"][:, None] * _default_mode(table.at_h, doses)
    return Course(Signals(**found, met=met, yielding=yielding), grid, state)


def _grid(table: Timetable, doses: Sequence[Given]) -> Array:
    regular = np.arange(-24.0 * RUN_IN_DAYS, table.at_h[-1] + 2 * EVERY_H, EVERY_H)
    dense = [d.at_h + np.concatenate([CURVE_H, LATER_H]) for d in doses]
    return np.unique(np.concatenate([regular, *dense]))


def _later(grid: Array, dose: Given) -> Array:
    since = grid - dose.at_h
    return np.stack([np.interp(since, CURVE_H, row, left=0.0, right=0.0) for row in dose.curve.block])


def plasticity_at(time_h: Array, doses: Sequence[Given], on_h: float, off_h: float) -> Array:
    """Plasticity at these hours, shape (people or 1, hours)."""
    peak_h = np.log(off_h / on_h) / (1 / on_h - 1 / off_h)
    top = np.exp(-peak_h / off_h) - np.exp(-peak_h / on_h)
    found = np.zeros((1, time_h.size))
    for dose in doses:
        since = np.maximum(time_h - dose.at_h, 0.0)
        shape = (np.exp(-since / off_h) - np.exp(-since / on_h)) / top
        found = found + dose.curve.strength[:, None] * shape
    return np.asarray(np.minimum(found, MOST))


def _default_mode(at_h: Array, doses: Sequence[Given]) -> Array:
    """How low the default mode is, 1 just after a standard session; falls with its half-life."""
    rate = LN2 / load_effects().cascade.default_mode_half_life_h
    found = np.zeros((1, at_h.size))
    for dose in doses:
        lowered = np.where(at_h >= dose.at_h, np.exp(-rate * np.maximum(at_h - dose.at_h, 0.0)), 0.0)
        found = found + dose.curve.strength[:, None] * lowered
    return np.asarray(np.minimum(found, MOST))
