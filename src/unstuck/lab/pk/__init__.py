"""Pharmacokinetics: what happens to the drug in the body, exactly.

    from unstuck.lab.pk import Person, infusion, load_set, predict
    course = predict(load_set("ket1"), infusion(mg_per_kg=0.5, minutes=40), Person(weight_kg=70, age_years=40), times_h)
    course["ketamine_arterial"]        # ng/mL, shape (1, T)

This package needs NumPy alone; the compiled solver for populations is in `unstuck.lab.pk.cohort`.
"""

from unstuck.lab.pk.exact import Course, predict, solve
from unstuck.lab.pk.parameter_sets import Domain, Parameter, ParameterSet, Standing
from unstuck.lab.pk.people import People, Person, Sex, people
from unstuck.lab.pk.regimen import Dose, Regimen, bolus, dose, infusion
from unstuck.lab.pk.sets_file import RECOMMENDED, load_set, set_names
from unstuck.lab.pk.structures import build

__all__ = [
    "RECOMMENDED",
    "Course",
    "Domain",
    "Dose",
    "Parameter",
    "ParameterSet",
    "People",
    "Person",
    "Regimen",
    "Sex",
    "Standing",
    "bolus",
    "build",
    "dose",
    "infusion",
    "load_set",
    "people",
    "predict",
    "set_names",
    "solve",
]
