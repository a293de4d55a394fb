"""The plasticity index: relative, uncertain, labelled as a hypothesis."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.lab.effects.parameters import load_effects
from unstuck.lab.effects.plasticity import LABEL, drawn, hours_above, index
from unstuck.lab.patients.response import first_of, plasticity_index, setting, standard_exposure, typical
from unstuck.lab.pk import Person, infusion

MODEL, KETAMINE, ADULT = load_effects(), setting("ketamine"), Person(70.0, 40.0)
STANDARD = infusion(40, mg_per_kg=0.5)
WEEK = 168.0


@cache
def _index(mg_per_kg=0.5, times=1):
    regimen = infusion(40, mg_per_kg=mg_per_kg).repeat(times, every_h=72)
    return plasticity_index(KETAMINE, regimen, ADULT, 24.0 * 21)


def test_it_says_what_it_is():
    """The index carries its label: a hypothesis and no prediction."""
    assert _index().label == LABEL
    assert "hypothesis" in LABEL and "not a prediction" in LABEL


def test_the_standard_session_is_the_unit():
    """In every draw the standard session peaks at one, so that the median of draws never passes one and comes near."""
    for name in ("permissive", "spines", "default_mode"):
        low, middle, high = getattr(_index(), name)
        assert (low <= middle).all() and (middle <= high).all()
        assert 0.9 < middle.max() <= high.max() <= 1 + 1e-3


def test_uncertainty_is_told():
    """A week after one session the interval of the spines is wide: its upper end is over 1.3 times its lower one."""
    told = _index()
    low, _, high = (np.interp(WEEK, told.time_h, row) for row in told.spines)
    assert high > 1.3 * low > 0


def test_more_sessions_build_more_spines():
    """Six sessions in 15 days raise every quantile of the spines above that of one, but less than six times."""
    one, six = _index(), _index(times=6)
    assert (six.spines.max(axis=1) > 1.5 * one.spines.max(axis=1)).all()
    assert (six.spines.max(axis=1) < 6 * one.spines.max(axis=1)).all()


def test_a_dose_of_nothing_changes_nothing():
    """Without drug the index is zero throughout."""
    told = _index(0.0)
    assert told.permissive.max() == told.spines.max() == told.default_mode.max() == 0


def test_draws_are_named_and_stay_in_range():
    """The same draw is the same model; each uncertain figure lies in its range, and certain ones stay."""
    one = drawn(MODEL, 1, 3)
    assert one == drawn(MODEL, 1, 3) != drawn(MODEL, 1, 4)
    for group in ("cascade", "occupancy"):
        for name in getattr(one, group).__slots__:
            origin = MODEL.origins[f"{group}.{name}"]
            assert origin.low <= getattr(getattr(one, group), name) <= origin.high
    assert one.site == MODEL.site


def test_wrong_questions_are_refused():
    """Curves of several people, and too few draws for an interval, are named."""
    seen, unit = typical(KETAMINE, STANDARD, ADULT, 24.0).exposure, standard_exposure(96.0)
    with pytest.raises(Complaint, match="one typical person"):
        index(MODEL, seen, unit)
    with pytest.raises(Complaint, match="tell no interval"):
        index(MODEL, first_of(seen), unit, draws=3)


@given(st.lists(st.floats(0.01, 5), min_size=2, max_size=30), st.data())
def test_hours_above_a_level(lengths, data):
    """Hours above a level agree with a fine count, and hours above and below add up to the whole."""
    time = np.concatenate([[0.0], np.cumsum(lengths)])
    curve = np.array([data.draw(st.floats(-2, 2)) for _ in time])
    level = data.draw(st.floats(-1.5, 1.5))
    above, below = hours_above(time, curve, level), hours_above(time, -curve, -level)
    fine = np.linspace(0, time[-1], 20_001)
    counted = (np.interp(fine, time, curve) > level).mean() * time[-1]
    assert above == pytest.approx(counted, abs=time[-1] * len(time) / 5_000)
    flat = np.diff(time)[(curve[1:] == level) & (curve[:-1] == level)].sum()
    assert above + below + flat == pytest.approx(time[-1], abs=1e-9)
