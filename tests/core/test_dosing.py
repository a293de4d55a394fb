from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import small_protocol
from unstuck.core import refusals as no
from unstuck.core.dosing import ceiling_mg, planned_dose
from unstuck.core.protocol import DoseUnit

KETAMINE = small_protocol().regimens[0]
weights = st.floats(30, 250)


@given(weights)
def test_plan_never_exceeds_the_cap(weight):
    """The planned dose is half a mg/kg, cut at the cap, whatever the weight."""
    planned = planned_dose(KETAMINE, weight)
    assert planned.mg == pytest.approx(min(0.5 * weight, 50.0))
    assert planned.capped is (0.5 * weight > 50.0)


@given(weights, st.floats(0.1, 2), st.floats(0.1, 2))
def test_lowest_bound_counts(weight, per_kg, highest):
    """The ceiling is the lowest of cap, ceiling per kg and top of the range."""
    regimen = replace(KETAMINE, ceiling_mg_per_kg=per_kg, highest=highest)
    assert ceiling_mg(regimen, weight) == pytest.approx(min(50.0, per_kg * weight, highest * weight))


def test_weight_is_asked_for():
    """Without a weight neither an amount nor a ceiling by weight can be told."""
    with pytest.raises(no.WeightUnknown, match="kg"):
        planned_dose(KETAMINE, None)
    with pytest.raises(no.WeightUnknown):
        ceiling_mg(replace(KETAMINE, unit=DoseUnit.MG, highest=None, ceiling_mg_per_kg=1.0), None)


def test_silent_source():
    """A regimen whose source states no amount plans nothing."""
    with pytest.raises(no.WrongDrug, match="no amount"):
        planned_dose(replace(KETAMINE, amount=None), 70)


def test_no_bound_is_no_bound():
    """Where nothing bounds the dose the ceiling is None, not zero and not infinity."""
    assert ceiling_mg(replace(KETAMINE, cap_mg=None, highest=None), 70) is None
