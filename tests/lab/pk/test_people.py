"""Who a person is changes the levels in the published direction and size, or is refused where a model cannot say."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.core.errors import Complaint
from unstuck.lab.pk import ParameterSet, Person, Sex, bolus, load_set, predict
from unstuck.lab.pk.population import Luck, as_measured, draw_people, draw_values, load_makeup

KET1 = load_set("ket1")


def _clearance(person: Person, found: ParameterSet = KET1) -> float:
    course = predict(found, bolus(mg=20), person, np.array([24.0]))
    output = found.domain.outputs[0]
    return 20_000 / float(course.auc[output][0] + course.auc_to_come[output][0])


def test_sex_acts_where_it_is_stated() -> None:
    """A woman's clearance is 1.1 and a man's 0.9 times that of a person whose sex is unstated (Sigtermans 2009)."""
    plain = _clearance(Person(70, 40))
    assert plain == pytest.approx(84, rel=1e-9)
    assert _clearance(Person(70, 40, Sex.WOMAN)) / plain == pytest.approx(1.1, rel=2e-3)
    assert _clearance(Person(70, 40, Sex.MAN)) / plain == pytest.approx(0.9, rel=2e-3)


def test_clearance_falls_after_sixty() -> None:
    """Up to 60 years age changes nothing; at 80 clearance is lower by less than the liver's flow, which is 29 %
    lower."""
    assert _clearance(Person(70, 60)) == pytest.approx(_clearance(Person(70, 30)), rel=1e-12)
    assert 0.71 < _clearance(Person(70, 80)) / _clearance(Person(70, 60)) < 0.9


def test_clearance_follows_weight_to_three_quarters() -> None:
    """Twice the weight is 2 to the power 0.75 times the clearance."""
    assert _clearance(Person(100, 40)) / _clearance(Person(50, 40)) == pytest.approx(2**0.75, rel=1e-9)


def test_an_inhibitor_is_refused_where_it_could_not_act() -> None:
    """A set without intrinsic clearance refuses an inhibitor instead of leaving it out in silence."""
    with pytest.raises(Complaint) as told:
        _clearance(Person(70, 40, clint_factor=0.5), load_set("kamp2020"))
    assert told.value.where == "clint_factor" and told.value.mend


@pytest.mark.parametrize(
    ("model", "person", "field"),
    [
        ("herd2007", Person(70, 40), "age_years"),
        ("flint2017", Person(70, 5), "weight_kg"),
        ("kamp2020", Person(70, 12), "age_years"),
    ],
)
def test_people_outside_a_domain_are_refused(model: str, person: Person, field: str) -> None:
    """An adult under a children's set, a child under an adults', a weight that no one in the set had: refused."""
    with pytest.raises(Complaint) as told:
        _clearance(person, load_set(model))
    assert told.value.where == field and told.value.mend


def test_drawn_spreads_are_those_of_the_set() -> None:
    """Drawn parameters have the set's CV and logit SD, and their median is the typical value."""
    luck = Luck(1, 0, 40_000)
    values = draw_values(KET1, draw_people(load_makeup(), luck), luck)
    tau, nose = values["TAUV"], values["F_N"]
    assert tau.std() / tau.mean() == pytest.approx(0.25, abs=0.01) and np.median(tau) == pytest.approx(
        16 / 60, rel=0.01
    )
    assert np.log(nose / (1 - nose)).std() == pytest.approx(0.71, abs=0.02)
    assert np.median(nose) == pytest.approx(0.33, abs=0.01)


def test_an_assay_adds_its_error() -> None:
    """Measured levels scatter around the true ones by the set's residual; a set without one refuses."""
    luck = Luck(1, 0, 20_000)
    shown = as_measured(KET1, "ketamine_venous", np.full((20_000, 2), 100.0), luck)
    assert np.log(shown / 100).std() == pytest.approx(0.28, abs=0.01)
    assert abs(np.corrcoef(shown.T)[0, 1]) < 0.03
    with pytest.raises(Complaint, match="no residual"):
        as_measured(load_set("kamp2020"), "ketamine_arterial", shown, luck)
