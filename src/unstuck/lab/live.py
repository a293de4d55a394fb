"""The light door for the clinic: what the model expects of this dose as it really runs. A model, not a measurement.

Asked again after a pause or a change of rate, it answers for the dose as it then stands; nothing is kept in between. It
imports NumPy and no heavier package, so that a server can ask it without a delay at its start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.effects.parameters import Array
from unstuck.lab.effects.people import Crowd
from unstuck.lab.effects.pressure import Statistic, load_series
from unstuck.lab.patients.response import Response, Setting, crowd, drivers, graded_for, setting, typical
from unstuck.lab.pk import Person, Regimen, bolus, dose, infusion, people

WORDING = "model, not a measurement"
CROWD = 240  # virtual people behind a band
SEED = 20  # of the crowd; always the same, so that the same dose gives the same band
BAND = (0.05, 0.5, 0.95)
EVERY_MIN = 2.0
LONGEST_MIN = 24 * 60.0
_NORMAL_95 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Stretch:
    """The drug ran at one rate, or is set to, from one minute to another after the start of the dose."""

    start_min: float
    end_min: float
    mg_per_min: float


@dataclass(frozen=True, slots=True)
class Part:
    """An amount given at once, so many minutes after the start of the dose."""

    at_min: float
    mg: float


@dataclass(frozen=True, slots=True)
class Case:
    """One dose to one person: what has run and what is set to run. A changed rate is a new stretch, a pause a gap."""

    drug: str
    route: str
    weight_kg: float | None
    age_years: float | None
    stretches: tuple[Stretch, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """The middle, and bounds within which the model expects nine people of ten, at each of the minutes."""

    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]

    def above(self, rest: float) -> Band:
        """The same band counted from a person's own level before the dose."""
        low, middle, high = (tuple(_rounded([rest + v for v in row])) for row in (self.low, self.middle, self.high))
        return Band(low, middle, high)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the model expects. Concentration in venous plasma; rises are above the person's own reading before the dose.

    The bands of pressure and pulse hold the error of single readings; those of pressure reach from the lowest to the
    highest published series, which disagree. `basis` names the models.
    """

    wording: str
    basis: tuple[str, ...]
    minutes: tuple[float, ...]
    conc_ng_per_ml: Band
    cadss_points: Band
    systolic_rise_mmhg: Band
    diastolic_rise_mmhg: Band
    pulse_rise_per_min: Band


def expect(case: Case, until_min: float = 240.0) -> Expectation:
    """The bands from the start of the dose to `until_min`, every two minutes.

    Raises Complaint that names the field where the case is impossible or outside what the model knows.
    """
    if not 0 < until_min <= LONGEST_MIN:
        raise Complaint(f"{until_min:g} minutes cannot be looked ahead.", "until_min", "Give 1 to 1440.")
    given = setting(case.drug)
    person = Person(case.weight_kg, case.age_years)
    regimen = regimen_of(case)
    who = people(*[person] * CROWD)
    minutes = np.append(np.arange(0.0, until_min, EVERY_MIN), until_min)
    seen = crowd(given, regimen, who, Crowd.of(SEED, CROWD), graded_for(regimen, until_min / 60, minutes / 60))
    return _told(given, seen, minutes)


def regimen_of(case: Case) -> Regimen:
    """The case's dose in the words of the pharmacokinetics. Raises Complaint for rates or amounts that cannot be."""
    found = Regimen(())
    for n, s in enumerate(case.stretches, 1):
        _check_stretch(s, f"stretches {n}")
        if s.mg_per_min > 0:
            minutes = s.end_min - s.start_min
            found = found + infusion(minutes, mg=s.mg_per_min * minutes).at(s.start_min / 60)
    for n, part in enumerate(case.parts, 1):
        if not (math.isfinite(part.mg) and part.mg >= 0 and part.at_min >= 0):
            raise Complaint("A part has a negative amount or time.", f"parts {n}", "Give mg and minutes of 0 or more.")
        found = found + _at_once(case.route, part.mg).at(part.at_min / 60)
    return found


def _check_stretch(stretch: Stretch, where: str) -> None:
    if not (stretch.start_min >= 0 and stretch.end_min > stretch.start_min and math.isfinite(stretch.end_min)):
        raise Complaint("A stretch does not end after it starts.", where, "Give minutes after the start of the dose.")
    if not (math.isfinite(stretch.mg_per_min) and stretch.mg_per_min >= 0):
        raise Complaint("A rate is negative or not a number.", where, "Give mg per minute, 0 for a pause.")


def _at_once(route: str, mg: float) -> Regimen:
    return bolus(mg=mg) if route in ("iv_bolus", "iv_infusion") else dose(route, mg=mg)


def _told(given: Setting, seen: Response, minutes: Array) -> Expectation:
    acute, spread = seen.acute, given.effects.spread
    curves: Mapping[str, Array] = {
        "conc_ng_per_ml": seen.conc_ng_per_ml[_venous(given)],
        "cadss_points": acute.cadss_points,
        "systolic_rise_mmhg": acute.systolic_rise_mmhg,
        "diastolic_rise_mmhg": acute.diastolic_rise_mmhg,
        "pulse_rise_per_min": acute.pulse_rise_per_min,
    }
    bands = {name: _at(np.quantile(c, BAND, axis=0), seen.time_h, minutes) for name, c in curves.items()}
    lowest, highest = _series_factors()
    for name, error in (
        ("systolic_rise_mmhg", spread.systolic_error_mmhg),
        ("diastolic_rise_mmhg", spread.diastolic_error_mmhg),
    ):
        bands[name] = _read(bands[name] * np.array([[lowest], [1.0], [highest]]), error)
    bands["pulse_rise_per_min"] = _read(bands["pulse_rise_per_min"], spread.pulse_error_per_min)
    basis = (f"{given.kinetics.key} (pharmacokinetics)", f"{given.effects.key} {given.effects.version} (effects)")
    return Expectation(WORDING, basis, tuple(minutes.tolist()), **{n: _band(b) for n, b in bands.items()})


def _venous(given: Setting) -> str:
    """The output that a blood sample from a vein would show; the only one there is, for some sets."""
    parent = drivers(given.kinetics)[0]
    venous = parent.replace("_arterial", "_venous")
    return venous if venous in given.kinetics.domain.outputs else parent


def _at(levels: Array, time_h: Array, minutes: Array) -> Array:
    return np.stack([np.interp(minutes / 60, time_h, row) for row in levels])


def _read(levels: Array, error: float) -> Array:
    """Bounds widened by the error of a reading less that of the one before the dose; distances add in squares."""
    low, middle, high = levels
    noise = _NORMAL_95 * math.sqrt(2.0) * error
    return np.stack([middle - np.hypot(middle - low, noise), middle, middle + np.hypot(high - middle, noise)])


def _series_factors() -> tuple[float, float]:
    """How the lowest and the highest published peak of means compare with the model's under the same infusion."""
    usual = typical(setting("ketamine"), infusion(40, mg_per_kg=0.5), Person(70.0, 40.0), 2.0)
    peak = float(usual.acute.systolic_rise_mmhg.max())
    rises = [s.systolic_mmhg for s in load_series() if s.statistic is Statistic.PEAK_OF_MEANS]
    return min(1.0, min(rises) / peak), max(1.0, max(rises) / peak)


def _band(levels: Array) -> Band:
    low, middle, high = (tuple(_rounded(row)) for row in levels)
    return Band(low, middle, high)


def _rounded(row: Sequence[float] | Array) -> list[float]:
    return [round(float(value), 2) for value in row]
