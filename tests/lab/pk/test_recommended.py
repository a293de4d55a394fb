"""The recommended model stays where published measurements put it."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.core.errors import Complaint
from unstuck.lab.pk import Person, bolus, dose, infusion, load_set, predict

KET1 = load_set("ket1")
TYPICAL = Person(weight_kg=70, age_years=40)
HALF_MG = infusion(minutes=40, mg_per_kg=0.5)
FINE_H = np.arange(0, 24.0001, 1 / 120)


def test_arterial_core_is_kamp_2020() -> None:
    """Arterial ketamine during and after 0.5 mg/kg over 40 minutes is that of the Kamp 2020 core, within 0.5 ng/mL."""
    course = predict(KET1, HALF_MG, TYPICAL, np.array([10, 20, 30, 40, 60]) / 60)
    assert course["ketamine_arterial"][0] == pytest.approx([155, 198, 228, 253, 96], abs=0.5)


def test_venous_level_at_the_end_of_the_infusion() -> None:
    """Venous ketamine at 40 minutes is 185 ng/mL within a quarter (Zarate 2006 in Zanos 2018, Table 1)."""
    assert predict(KET1, HALF_MG, TYPICAL, np.array([40 / 60]))["ketamine_venous"][0, 0] == pytest.approx(185, rel=0.25)


def test_arterial_and_venous_cross() -> None:
    """Arterial lies above venous during the infusion and below it afterwards (Henthorn 2018)."""
    course = predict(KET1, HALF_MG, TYPICAL, np.arange(5, 180, 5) / 60)
    over = course["ketamine_arterial"][0] > course["ketamine_venous"][0]
    assert over[course.time_h <= 40 / 60].all() and not over[course.time_h >= 1].any()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (lambda: infusion(minutes=0, mg=35), "minutes"),
        (lambda: infusion(minutes=40, mg=-1), "amount"),
        (lambda: dose("rectal", mg=35), "route"),
        (lambda: bolus(), "mg"),
        (lambda: predict(KET1, HALF_MG, Person(weight_kg=None, age_years=40), FINE_H), "weight_kg"),
        (lambda: predict(KET1, HALF_MG, Person(weight_kg=70, age_years=None), FINE_H), "age_years"),
        (lambda: predict(KET1, HALF_MG, Person(weight_kg=70, age_years=12), FINE_H), "age_years"),
    ],
)
def test_bad_input_names_the_field_and_the_mend(given, field: str) -> None:  # type: ignore[no-untyped-def]
    """A dose, a route or a person that cannot be is refused with the field's name and how to put it right."""
    with pytest.raises(Complaint) as told:
        given()
    assert told.value.where == field and told.value.mend
