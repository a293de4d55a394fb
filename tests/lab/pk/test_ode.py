"""The ODE path meets the exact one where both hold, and departs from it as saturation says."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.core.errors import Complaint
from unstuck.lab.pk import Person, Regimen, bolus, dose, infusion, load_set, predict
from unstuck.lab.pk.ode import Nonlinear, predict_nonlinear
from unstuck.lab.pk.regimen import Dose

TYPICAL = Person(70, 40)
TIMES_H = np.array([0.1, 0.5, 40 / 60, 1.0, 2.0, 6.0, 12.0])


@pytest.mark.parametrize(
    ("regimen", "how"),
    [
        (infusion(40, mg_per_kg=0.5) + dose("oral", mg=50).at(2), Nonlinear()),
        (infusion(40, mg=35) + bolus(mg=5).at(5), Nonlinear(half_ng_per_ml=1e13)),
    ],
)
def test_the_linear_limit(regimen: Regimen, how: Nonlinear) -> None:
    """Where nothing saturates or rises, every output agrees with the exact path to 1e-6 of its peak."""
    exact = predict(load_set("ket1"), regimen, TYPICAL, TIMES_H)
    found = predict_nonlinear(load_set("ket1"), regimen, TYPICAL, TIMES_H, how)
    for name, curve in exact.conc_ng_per_ml.items():
        assert np.abs(found[name] - curve).max() <= 1e-6 * curve.max()


def test_saturation_keeps_the_drug_longer() -> None:
    """One compartment with saturable clearance follows its known integral: Km ln(C0/C) + C0 - C = Vmax t."""
    found = load_set("midazolam2002")
    values = {name: p.typical.value * 70 for name, p in found.parameters.items()}
    start, half = 10_000 / values["V1"], 50.0
    level = predict_nonlinear(found, bolus(mg=10), TYPICAL, TIMES_H, Nonlinear(half))["midazolam_venous"][0]
    most = values["CL"] / values["V1"] * half
    assert half * np.log(start / level) + start - level == pytest.approx(most * TIMES_H, rel=1e-6)


def test_a_rising_clearance_lowers_the_metabolite() -> None:
    """A metabolite whose clearance rises lies lower, and the parent is left alone."""
    regimen = infusion(60 * 12, mg=120)
    steady, rising = (
        predict_nonlinear(load_set("ket1"), regimen, TYPICAL, TIMES_H, Nonlinear(rise_per_h=r)) for r in (0.0, 0.0087)
    )
    assert rising["norketamine_venous"][0, -1] < 0.97 * steady["norketamine_venous"][0, -1]
    assert rising["ketamine_venous"] == pytest.approx(steady["ketamine_venous"], rel=1e-6)


def test_what_has_no_meaning_here_is_refused() -> None:
    """A steady state, a half-saturation of 0 and a set without central clearance are refused."""
    steady = Regimen((Dose("iv_bolus", 10, steady_every_h=12),))
    with pytest.raises(Complaint, match="steady state"):
        predict_nonlinear(load_set("ket1"), steady, TYPICAL, TIMES_H, Nonlinear())
    with pytest.raises(Complaint, match="half_ng_per_ml"):
        Nonlinear(half_ng_per_ml=0)
    with pytest.raises(Complaint, match="liver compartment"):
        predict_nonlinear(load_set("perezruixo2021"), bolus(mg=28), TYPICAL, TIMES_H, Nonlinear())
