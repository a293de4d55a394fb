"""What one dose does to one virtual person around a visit: which model says so, and its curves.

`model` takes vital signs and dissociation from the concentration at the person's own site of effect; `worst` the same,
with pressure as high as in the highest published series, for trying alarms; `spread` the older description by means and
spreads of one series of infusions, with no drug level behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.sourced import Sourced
from unstuck.lab.effects.parameters import Array, load_effects
from unstuck.lab.effects.people import Crowd
from unstuck.lab.effects.pressure import load_series, scaled_to, worst
from unstuck.lab.patients.living import Dosed, Living
from unstuck.lab.patients.response import SETS, Setting, crowd, graded_for, setting, typical
from unstuck.lab.pk import Person, Regimen, dose, infusion, people

HOURS = 6.0  # of a curve; later nothing is left
COARSE = 0.5  # steps twice as long as usual: 1e-4 of the peak is less than a reading shows
USED = ("site", "dissociation", "circulation", "spread")  # groups of figures that a visit rests on


class Acute(StrEnum):
    """Where vital signs and dissociation around a dose come from."""

    MODEL = "model"
    WORST = "worst"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Felt:
    """Curves over minutes since the start of the dose, above the person's rest; errors are those of one reading.

    Without curves (a control's drug, or a route that no model knows) the description holds, with the same errors, so
    that the arms of a trial share their luck.
    """

    errors: dict[str, float]
    minutes: Array
    rises: dict[str, Array]
    cadss: Array | None = None

    def rise(self, name: str, minutes: float) -> float | None:
        """The rise of that reading, None where the model says nothing of it."""
        curve = self.rises.get(name)
        return None if curve is None else float(np.interp(minutes, self.minutes, curve, right=0.0))

    def dissociation(self, minutes: float) -> float | None:
        """CADSS total at that minute, None where no model says so."""
        return None if self.cadss is None else float(np.interp(minutes, self.minutes, self.cadss, right=0.0))


def is_modelled(given: Dosed) -> bool:
    """Whether the recommended parameter set of the drug knows the route; a control's drug has none."""
    if given.drug not in SETS or given.mg <= 0 or (given.route == "iv_infusion" and not given.minutes):
        return False
    return given.route in _setting(given.drug, Acute.MODEL).kinetics.domain.routes


def felt(patient: Living, number: int, given: Dosed, acute: Acute) -> Felt:
    """What the `number`-th dose of the course does to this person; the arm is not in the luck's name."""
    spread = load_effects().spread
    errors = {
        "systolic_mmhg": spread.systolic_error_mmhg,
        "diastolic_mmhg": spread.diastolic_error_mmhg,
        "pulse_per_min": spread.pulse_error_per_min,
    }
    if is_modelled(given):
        with suppress(Complaint):  # a person or an amount outside the model's domain keeps the description
            return _modelled(patient, number, given, acute, errors)
    return Felt(errors, np.zeros(1), {})


def _modelled(patient: Living, number: int, given: Dosed, acute: Acute, errors: dict[str, float]) -> Felt:
    person = patient.person  # sex is left unstated: publications disagree whether it acts on clearance
    who = people(Person(person.weight_kg, float(person.age_years)))
    luck = Crowd(patient.seed, np.array([person.number], dtype=np.uint64), number)
    model = _setting(given.drug, acute)
    regimen = _regimen(given)
    seen = crowd(model, regimen, who, luck, graded_for(regimen, HOURS, finer=COARSE))
    return Felt(
        errors=errors,
        minutes=seen.time_h * 60,
        rises={
            "systolic_mmhg": seen.acute.systolic_rise_mmhg[0],
            "diastolic_mmhg": seen.acute.diastolic_rise_mmhg[0],
            "pulse_per_min": seen.acute.pulse_rise_per_min[0],
        },
        cadss=seen.acute.cadss_points[0],
    )


def basis(acute: Acute, drugs: Sequence[str]) -> tuple[str, ...]:
    """The models behind the acute effects of these drugs, by name and version; none for the description."""
    found = _settings(acute, drugs)
    return tuple(f"{s.kinetics.key}; effects of {s.effects.key} {s.effects.version}" for s in found)


def assumed_in(acute: Acute, drugs: Sequence[str]) -> list[tuple[str, Sourced]]:
    """The assumed figures that those models rest on, by name."""
    figures: dict[str, Sourced] = {}
    for one in _settings(acute, drugs):
        kinetics = one.kinetics
        figures |= {f"{kinetics.key} {n}": kinetics.parameters[n].typical for n in kinetics.assumed()}
        figures |= {f"effects {n}": f for n, f in one.effects.assumed() if n.split(".")[0] in USED}
    return sorted(figures.items())


def _settings(acute: Acute, drugs: Sequence[str]) -> list[Setting]:
    known = [] if acute is Acute.SPREAD else [drug for drug in sorted(set(drugs)) if drug in SETS]
    return [_setting(drug, acute) for drug in known]


def _regimen(given: Dosed) -> Regimen:
    if given.route == "iv_infusion" and given.minutes:
        return infusion(given.minutes, mg=given.mg)
    return dose(given.route, mg=given.mg)


@cache
def _setting(drug: str, acute: Acute) -> Setting:
    """The drug's setting; under `worst` scaled so that the typical person rises as in the highest series."""
    usual = setting(drug)
    if acute is not Acute.WORST:
        return usual
    ketamine = setting("ketamine")
    standard = typical(ketamine, infusion(40, mg_per_kg=0.5), Person(70.0, 40.0), 2.0)
    high = scaled_to(ketamine.effects, worst(load_series()), standard.acute)
    return Setting(drug, usual.kinetics, high.for_drug(drug))
