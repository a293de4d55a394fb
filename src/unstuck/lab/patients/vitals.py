"""Readings around a dose: the person's own level, the day's variation, and what the drug adds until it wears off.

What it adds is either felt (`felt.py`: from the concentration at the site of effect) or, without that, a description of
means and spreads of 2,342 infusions (blood_pressure_yale_2024): a straight rise to its peak at 40 minutes, then an
exponential fall.
"""

from __future__ import annotations

import math

from unstuck.lab.patients.felt import Felt
from unstuck.lab.patients.living import Living
from unstuck.lab.random import Stream

READINGS = ("systolic_mmhg", "diastolic_mmhg", "pulse_per_min", "spo2_percent", "resp_per_min", "weight_kg")
RAISES = ("ketamine", "esketamine")


def course_of_rise(minutes: float, peak_min: float, settle_min: float) -> float:
    """Share of the peak, `minutes` after the start of the dose; 0 before it."""
    if minutes <= 0:
        return 0.0
    return minutes / peak_min if minutes <= peak_min else math.exp(-(minutes - peak_min) / settle_min)


class Visit:
    """One dosing visit of one person: the day's level is drawn once, each reading adds its own small error.

    With `felt`, pressure, pulse and dissociation follow the drug's concentration; else the description holds.
    """

    def __init__(
        self, patient: Living, number: int, drug: str, strength: float = 1.0, felt: Felt | None = None
    ) -> None:  # fmt: skip
        self.patient, self.number, self.felt = patient, number, felt
        self.strength = strength if drug in RAISES else 0.0
        figures, stream = patient.frame.figures, patient_stream(patient, "visit", number)
        day = stream.normal()  # one day is high in both pressures
        self.rest = {
            "systolic_mmhg": patient.person.systolic + figures.systolic_within * day,
            "diastolic_mmhg": patient.person.diastolic + figures.diastolic_within * day,
            "pulse_per_min": patient.person.pulse + 4 * stream.normal(),
            "spo2_percent": figures.spo2_rest,
            "resp_per_min": figures.breaths_rest,
            "weight_kg": patient.person.weight_kg + 0.4 * stream.normal(),
        }
        rise = stream.normal()
        self.rise = {
            "systolic_mmhg": figures.systolic_rise + figures.systolic_rise_sd * rise,
            "diastolic_mmhg": figures.diastolic_rise + figures.diastolic_rise_sd * rise,
            "pulse_per_min": figures.pulse_rise * (1 + 0.5 * stream.normal()),
            "spo2_percent": -0.8,
            "resp_per_min": 0.0,
            "weight_kg": 0.0,
        }

    def reading(self, name: str, minutes: float, attempt: int) -> float:
        """The reading `minutes` after the start of the dose (negative: before). Raises KeyError for another name."""
        luck = patient_stream(self.patient, f"reading {name} {self.number}", attempt).normal()
        error = self.felt.errors.get(name, ERRORS[name]) if self.felt else ERRORS[name]
        value = self.rest[name] + self._added(name, minutes) + error * luck
        low, high = BOUNDS[name]
        return round(min(high, max(low, value)), 1 if name == "weight_kg" else 0)

    def _added(self, name: str, minutes: float) -> float:
        """What the drug adds to that reading."""
        modelled = self.felt.rise(name, minutes) if self.felt else None
        if modelled is not None:
            return modelled
        figures = self.patient.frame.figures
        return self.strength * course_of_rise(minutes, figures.peak_min, figures.settle_min) * self.rise[name]


ERRORS = {
    "systolic_mmhg": 3.0,
    "diastolic_mmhg": 2.0,
    "pulse_per_min": 3.0,
    "spo2_percent": 0.6,
    "resp_per_min": 1.2,
    "weight_kg": 0.0,
}
BOUNDS = {
    "systolic_mmhg": (70.0, 240.0),
    "diastolic_mmhg": (40.0, 140.0),
    "pulse_per_min": (40.0, 170.0),
    "spo2_percent": (85.0, 100.0),
    "resp_per_min": (8.0, 30.0),
    "weight_kg": (40.0, 170.0),
}


def dissociation(patient: Living, visit: Visit, minutes: float) -> float:
    """Total of the CADSS `minutes` after the start of the dose; less with each dose (glue_2018), felt or described."""
    modelled = visit.felt.dissociation(minutes) if visit.felt else None
    if modelled is not None:
        return modelled
    figures = patient.frame.figures
    z = patient_stream(patient, "dissociation", visit.number).normal()
    if visit.strength == 0:
        return max(0.0, figures.cadss_control * (1 + z))
    peak = (figures.cadss_peak + figures.cadss_sd * z) * (1 - figures.cadss_less) ** (visit.number - 1)
    shape = course_of_rise(minutes, figures.peak_min, figures.cadss_settle_min)
    return max(0.0, peak * visit.strength * shape)


def patient_stream(patient: Living, purpose: str, index: int = 0) -> Stream:
    """The stream of that purpose for this person; the arm is not in its name."""
    return Stream(patient.seed, patient.person.number, purpose, index)
