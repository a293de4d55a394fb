"""What a regimen does, told as plain values: for the command line and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.sourced import Grade
from unstuck.lab.effects import plasticity
from unstuck.lab.effects.parameters import Array, load_effects
from unstuck.lab.effects.people import Crowd
from unstuck.lab.effects.pressure import Series, load_series, read_rises
from unstuck.lab.patients.response import Response, Setting, crowd, graded_for, plasticity_index, typical
from unstuck.lab.pk import ParameterSet, Person, Regimen, people

WORDING = "model, not a measurement"
SHOWN = {
    "occupancy": ("NMDA channels blocked", "share"),
    "cadss_points": ("dissociation (CADSS)", "points"),
    "sedated_share": ("any sedation", "share of people"),
    "unresponsive_share": ("no answer to voice", "share of people"),
    "systolic_rise_mmhg": ("systolic rise", "mmHg"),
    "diastolic_rise_mmhg": ("diastolic rise", "mmHg"),
    "pulse_rise_per_min": ("pulse rise", "per min"),
}
READ_EVERY_MIN, READ_UNTIL_MIN = 10.0, 120.0
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """One effect: the typical person's peak, minutes after the dose before it, and 5 and 95 % of own peaks."""

    name: str
    title: str
    unit: str
    peak: float
    after_min: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Read:
    """One sort of pressure as a nurse reads it every ten minutes for two hours, in the crowd."""

    peak_of_means_mmhg: float
    mean_of_personal_peaks_mmhg: float


@dataclass(frozen=True, slots=True)
class Plasticity:
    """The index, each as (5, 50, 95 %): peaks against one standard session, hours above one half of it."""

    label: str
    spines_peak: tuple[float, ...]
    default_mode_peak: tuple[float, ...]
    permissive_hours: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EffectsAnswer:
    """What the model says of a regimen."""

    wording: str
    models: tuple[str, str]
    people: int
    seed: int
    lines: tuple[Line, ...]
    systolic: Read
    diastolic: Read
    plasticity: Plasticity

    def plain(self) -> dict[str, Any]:
        """The answer as values that JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Asked:
    """A regimen for one person, and how many others of the same weight and age stand behind the ranges."""

    found: ParameterSet
    regimen: Regimen
    person: Person
    until_h: float
    count: int = 500
    seed: int = 0


def answer(asked: Asked) -> EffectsAnswer:
    """The answer. Raises Complaint for a drug without described effects, or outside the parameter set's domain."""
    given = Setting(asked.found.drug, asked.found, load_effects().for_drug(asked.found.drug))
    until = max(asked.until_h, READ_UNTIL_MIN / 60)
    luck = Crowd.of(asked.seed, asked.count)
    who = people(*[asked.person] * asked.count)
    seen = crowd(given, asked.regimen, who, luck, graded_for(asked.regimen, until))
    alone = typical(given, asked.regimen, asked.person, until)
    minutes = np.arange(READ_EVERY_MIN, READ_UNTIL_MIN + 1, READ_EVERY_MIN)
    rises = read_rises(given.effects, seen.acute, luck, minutes.tolist())
    systolic, diastolic = (Read(r.peak_of_means, r.mean_of_personal_peaks) for r in rises)
    return EffectsAnswer(
        wording=WORDING,
        models=(asked.found.key, f"effects of {given.effects.key} {given.effects.version}"),
        people=asked.count,
        seed=asked.seed,
        lines=tuple(_line(name, alone, seen, asked.regimen) for name in SHOWN),
        systolic=systolic,
        diastolic=diastolic,
        plasticity=_plasticity(given, asked, until),
    )


def _line(name: str, alone: Response, seen: Response, regimen: Regimen) -> Line:
    curve = getattr(alone.acute, name)[0]
    at = float(alone.time_h[int(curve.argmax())])
    began = max((dose.start_h for dose in regimen.doses if dose.start_h <= at), default=0.0)
    low, high = np.quantile(getattr(seen.acute, name).max(axis=1), (0.05, 0.95))
    return Line(name, *SHOWN[name], float(curve.max()), 60 * (at - began), float(low), float(high))


def _plasticity(given: Setting, asked: Asked, until_h: float) -> Plasticity:
    told = plasticity_index(given, asked.regimen, asked.person, until_h)
    hours = plasticity.hours_above(told.time_h, told.permissive, HALF)
    return Plasticity(told.label, _three(told.spines.max(axis=1)), _three(told.default_mode.max(axis=1)), _three(hours))


def _three(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def text_of(told: EffectsAnswer) -> str:
    """The answer in lines that a person reads."""
    rows = [f"{told.wording}: {' with '.join(told.models)}; ranges of {told.people} people, seed {told.seed}"]
    rows.append(f"{'':24}{'typical peak':>14}{'after dose':>11}{'5 to 95 % of people':>24}")
    rows += [_row(line) for line in told.lines]
    rows.append("pressure as read every ten minutes, mmHg above the reading before (two statistics, not one):")
    for name, read in (("systolic", told.systolic), ("diastolic", told.diastolic)):
        peaks = f"peak of the means {read.peak_of_means_mmhg:.1f}, mean of personal peaks"
        rows.append(f"  {name:12}{peaks} {read.mean_of_personal_peaks_mmhg:.1f}")
    series = ", ".join(f"{s.systolic_mmhg:g}/{s.diastolic_mmhg:g} ({_infusions(s)})" for s in load_series())
    rows.append(f"  published after 0.5 mg/kg in 40 min (infusions): {series}; they disagree")
    p = told.plasticity
    rows.append(f"plasticity, {p.label}; one standard session is 1; 5, 50, 95 %:")
    for title, values in (("spines, peak", p.spines_peak), ("default mode, peak", p.default_mode_peak)):
        rows.append(f"  {title:24}{', '.join(f'{v:.2f}' for v in values)}")
    rows.append(f"  {'permissive, h above 1/2':24}{', '.join(f'{v:.0f}' for v in p.permissive_hours)}")
    return "\n".join(rows) + "\n"


def _infusions(series: Series) -> str:
    return f"{series.infusions}, from memory" if series.grade is Grade.ASSUMED else str(series.infusions)


def _row(line: Line) -> str:
    scale, unit = (100, "%") if line.unit.startswith("share") else (1, line.unit)
    own = f"{scale * line.low:.1f} to {scale * line.high:.1f}"
    return f"{line.title:24}{scale * line.peak:9.1f} {unit:8}{line.after_min:5.0f} min{own:>22}"


def person_of(person: Person | None) -> Person:
    """The person of a file. Raises Complaint where it names none."""
    if person is None:
        raise Complaint("The file names no person.", "person", "Add [person] with weight_kg and age_years.")
    return person
