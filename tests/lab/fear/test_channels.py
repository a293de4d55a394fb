"""A drug's curves as the events of a history feel them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.lab.fear.channels import (
    LABILE_H,
    Signals,
    at_events,
    avoidance_factor,
    belief_factor,
    fading_state,
    load_felt,
    symptom_factor,
)

GRID = np.linspace(0.0, 100.0, 2001)
CURVES = Signals(GRID, np.exp(-(((GRID - 20) / 2) ** 2)), np.stack([np.exp(-GRID / 50), 0.5 * np.exp(-GRID / 50)]))
FELT, ORIGINS = load_felt()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.0, 95.0), min_size=2, max_size=8))
def test_means_are_integrals(hours):
    """The mean plasticity since the event before and the block afterwards agree with fine sums over the curves."""
    at_h = np.unique(np.round(hours, 3))
    found = at_events(CURVES, at_h)
    for n in range(1, at_h.size):
        fine = np.linspace(at_h[n - 1], at_h[n], 4001)
        assert found["plasticity_since"][0, n] == pytest.approx(np.exp(-fine / 50).mean(), abs=2e-4)
    fine = np.linspace(at_h[-1], at_h[-1] + LABILE_H, 4001)
    excess = np.interp(fine, GRID, CURVES.block).mean() - np.interp(at_h[-1], GRID, CURVES.block)
    assert found["block_after"][-1] == pytest.approx(max(excess, 0.0), abs=2e-4)
    assert found["plasticity_since"][1] == pytest.approx(found["plasticity_since"][0] / 2)


def test_no_drug_is_zero_and_crowded_events_have_no_window():
    """Without signals every field is zero; an event followed within a quarter of an hour leaves no labile window."""
    assert all((values == 0).all() for values in at_events(None, np.array([1.0, 2.0])).values())
    found = at_events(CURVES, np.array([17.0, 17.1, 17.2]))["block_after"]
    assert found[0] == found[1] == 0 and found[2] > 0


def test_the_state_rises_and_fades_as_its_equation_says():
    """Under constant plasticity it nears rise times life; without, it halves in life times ln 2."""
    hours = np.arange(0.0, 24 * 400, 6.0)
    on = fading_state(FELT, hours, np.ones_like(hours))
    assert on[-1] == pytest.approx(FELT.symptomatic_rise_per_d * FELT.symptomatic_life_d, rel=1e-6)
    pulse = fading_state(FELT, hours, (hours < 24).astype(float))
    later = np.interp(24 * (10 + FELT.symptomatic_life_d * np.log(2)), hours, pulse)
    assert later == pytest.approx(np.interp(240, hours, pulse) / 2, rel=1e-3)


def test_factors_are_one_without_the_state_and_the_default_mode_is_off():
    """No state, no change; the default-mode term changes nothing until it is switched on; every range holds zero."""
    none = np.zeros(3)
    assert (symptom_factor(FELT, none) == 1).all() and (avoidance_factor(FELT, none) == 1).all()
    assert (belief_factor(FELT, np.ones(3)) == 1).all() and FELT.default_mode == 0
    gains = ("symptomatic", "avoidance", "default_mode")
    assert all(ORIGINS[name].low == 0 for name in gains)


def test_faulty_curves_are_complained_of():
    """A grid that does not rise and a curve of another length are refused."""
    for grid, curve in ((GRID[::-1], GRID), (GRID, GRID[:5])):
        with pytest.raises(Complaint):
            Signals(grid, curve, GRID)
