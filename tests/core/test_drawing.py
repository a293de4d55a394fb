"""From mg/kg to mL: the drawn amount is never more than ordered, and what rounding leaves out is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from unstuck.core import refusals as no
from unstuck.core.drawing import drawn, ordered_mg
from unstuck.core.session_events import DoseOrdered

UNTIL = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ORDER = DoseOrdered("infusion", 1, "o1", "ketamine", "ketamine", "iv_infusion", 0.5, "mg/kg", 80.0, UNTIL, 40.0)


@given(
    per_kg=st.floats(0.1, 1.0),
    kg=st.floats(40, 150),
    strength=st.sampled_from((10.0, 50.0, 100.0)),
    step=st.sampled_from((0.01, 0.1)),
)
def test_drawn_is_at_most_ordered(per_kg: float, kg: float, strength: float, step: float) -> None:
    """Whatever the weight and the vial, the syringe holds no more than ordered, and less by under one step."""
    order = replace(ORDER, amount=per_kg)
    assume(per_kg * kg >= step * strength)
    made = drawn(order, kg, strength, "mL", step)
    assert made.amount_mg <= made.ordered_mg * (1 + 1e-9)
    assert made.rounded_mg < step * strength * (1 + 1e-6)
    assert made.units * strength == pytest.approx(made.amount_mg)


def test_the_same_order_from_two_vials() -> None:
    """0.5 mg/kg at 70 kg is 3.5 mL of 10 mg/mL, and 0.35 mL of 100 mg/mL: the mg are the same."""
    weak, strong = drawn(ORDER, 70, 10, "mL", 0.01), drawn(ORDER, 70, 100, "mL", 0.01)
    assert (weak.units, strong.units) == (3.5, 0.35)
    assert weak.amount_mg == strong.amount_mg == 35.0


def test_the_cap_cuts_and_says_so() -> None:
    """At 180 kg half a milligram per kilogram is 90 mg, and the order's cap of 80 mg holds."""
    assert ordered_mg(ORDER, 180) == (80.0, True)


def test_no_weight_no_amount() -> None:
    """An order by weight means nothing without a weight."""
    with pytest.raises(no.WeightUnknown):
        drawn(ORDER, None, 10, "mL", 0.01)


def test_a_tablet_too_strong_for_the_order_is_refused() -> None:
    """Where the smallest whole part holds more than ordered, nothing is drawn."""
    with pytest.raises(no.WrongLot):
        drawn(replace(ORDER, amount=25, unit="mg"), None, 100, "tablet", 1)


def test_a_lot_without_strength_is_refused() -> None:
    """A lot whose strength is not known gives no dose."""
    with pytest.raises(no.WrongLot):
        drawn(ORDER, 70, 0, "mL", 0.01)
