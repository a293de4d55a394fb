"""The light door of the clinic: light, lawful, and recomputed for the dose as it really runs."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.lab.live import WORDING, Case, Part, Stretch, expect

RATE = 35 / 40
PLAIN = Case("ketamine", "iv_infusion", 70, 40, (Stretch(0, 40, RATE),))
BANDS = ("conc_ng_per_ml", "cadss_points", "systolic_rise_mmhg", "diastolic_rise_mmhg", "pulse_rise_per_min")
HEAVY = ("scipy", "numba", "matplotlib", "pyarrow", "pandas", "django")


def _probe(code):
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return told.split()


def test_the_door_is_light():
    """In a fresh process the best of five imports takes under 0.3 s of processor time, and loads NumPy alone."""
    path = f"import sys; sys.path[:0] = {[p for p in sys.path if p]!r}; "
    timed = path + "import time; t = time.process_time(); import unstuck.lab.live; print(time.process_time() - t)"
    assert min(float(_probe(timed)[0]) for _ in range(5)) < 0.3
    loaded = set(_probe(path + "import unstuck.lab.live; print(*sys.modules)"))
    assert "numpy" in loaded and not loaded & set(HEAVY)


def test_a_plain_infusion_is_what_the_oracle_says():
    """At 40 minutes the middle of the venous band is within a quarter of 185 ng/mL, its edges in 100-300."""
    told = expect(PLAIN)
    at = told.minutes.index(40)
    assert told.wording == WORDING == "model, not a measurement"
    assert told.conc_ng_per_ml.middle[at] == pytest.approx(185, rel=0.25)
    assert 100 < told.conc_ng_per_ml.low[at] < told.conc_ng_per_ml.high[at] < 300
    assert 35 <= told.minutes[int(np.argmax(told.cadss_points.middle))] <= 50


def test_the_pressure_band_holds_all_published_series():
    """At the peak the band of systolic pressure holds 3.3, 7.4 and 16.0 mmHg."""
    told = expect(PLAIN)
    at = told.minutes.index(40)
    assert told.systolic_rise_mmhg.low[at] < 3.28 < 16.0 < told.systolic_rise_mmhg.high[at]


def test_a_pause_lowers_what_follows_and_leaves_what_was():
    """With a pause from minute 20 to 30, bands before it are the same and at minute 30 lower."""
    paused = replace(PLAIN, stretches=(Stretch(0, 20, RATE), Stretch(30, 50, RATE)))
    plain, told = expect(PLAIN).conc_ng_per_ml, expect(paused).conc_ng_per_ml
    assert told.middle[:11] == pytest.approx(plain.middle[:11], abs=0.02)
    assert told.middle[15] < 0.8 * plain.middle[15]
    assert told.middle[25] > told.middle[15]


def test_a_stretch_cut_in_two_is_the_same_dose():
    """A change to the same rate changes nothing."""
    cut = replace(PLAIN, stretches=(Stretch(0, 13, RATE), Stretch(13, 40, RATE)))
    for name in BANDS:
        assert np.allclose(getattr(expect(cut), name).middle, getattr(expect(PLAIN), name).middle, atol=0.02)


@given(st.floats(0.1, 1.5), st.floats(10, 90))
@settings(max_examples=10, deadline=None)
def test_bands_are_in_order_and_start_at_nothing(rate, minutes):
    """Low, middle and high never cross; before anything is given the concentration and CADSS are zero."""
    told = expect(replace(PLAIN, stretches=(Stretch(0, minutes, rate),)), 120)
    for name in BANDS:
        band = getattr(told, name)
        assert all(a <= b <= c for a, b, c in zip(band.low, band.middle, band.high, strict=True))
        assert len(band.low) == len(told.minutes)
    assert told.conc_ng_per_ml.high[0] == told.cadss_points.high[0] == 0


def test_parts_are_given_at_once():
    """An injection into muscle peaks within the first hour; nothing given is nothing expected."""
    told = expect(Case("ketamine", "im", 70, 40, parts=(Part(0, 35),)))
    assert 5 <= told.minutes[int(np.argmax(told.conc_ng_per_ml.middle))] <= 60
    nothing = expect(replace(PLAIN, stretches=()))
    assert max(nothing.conc_ng_per_ml.high) == max(nothing.cadss_points.high) == 0


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"weight_kg": None}, "weight_kg"),
        ({"age_years": 12}, "age_years"),
        ({"drug": "midazolam"}, "drug"),
        ({"stretches": (Stretch(10, 10, 1.0),)}, "stretches 1"),
        ({"stretches": (Stretch(0, 10, -1.0),)}, "stretches 1"),
        ({"parts": (Part(0, -5),)}, "parts 1"),
        ({"route": "eye", "parts": (Part(0, 5),)}, "route"),
    ],
)
def test_what_cannot_be_is_refused_by_field(change, where):
    """Missing weight, an age outside the model, another drug, empty stretches and unknown routes name their field."""
    with pytest.raises(Complaint) as caught:
        expect(replace(PLAIN, **change))
    assert caught.value.where == where


def test_a_band_can_be_told_from_the_persons_own_level():
    """Above a rest of 131 mmHg the band of pressure is the band of rises, 131 higher throughout."""
    rise = expect(PLAIN).systolic_rise_mmhg
    own = rise.above(131.0)
    for told, risen in ((own.low, rise.low), (own.middle, rise.middle), (own.high, rise.high)):
        assert told == pytest.approx([131.0 + value for value in risen])


def test_looking_ahead_has_an_end():
    """Nothing is computed for no minutes or for days."""
    for minutes in (0, -5, 1e6):
        with pytest.raises(Complaint, match="looked ahead"):
            expect(PLAIN, minutes)
