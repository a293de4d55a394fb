"""Effects against what was published, each at its tolerance. What the model misses is a strict expected failure."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from unstuck.lab.effects import cascade
from unstuck.lab.effects.acute import cadss, occupied
from unstuck.lab.effects.parameters import load_effects
from unstuck.lab.effects.people import Crowd
from unstuck.lab.effects.plasticity import trace
from unstuck.lab.effects.pressure import Statistic, load_series, read_rises, scaled_to
from unstuck.lab.patients.response import crowd, first_of, graded_for, setting, typical
from unstuck.lab.pk import Person, infusion, people

MODEL = load_effects()
KETAMINE = setting("ketamine")
ADULT = Person(70.0, 40.0)
STANDARD = infusion(40, mg_per_kg=0.5)
READ_AT_MIN = (10, 20, 30, 40, 55, 70, 85, 100)  # every ten minutes of the infusion, every fifteen after it
PEOPLE = 4000


@cache
def _course(until_h=6.0):
    return typical(KETAMINE, STANDARD, ADULT, until_h)


@cache
def _chain():
    return trace(MODEL, first_of(_course(24.0 * 15).exposure))


def _at(time_h, curve, hours):
    return float(np.interp(hours, time_h, curve))


@pytest.mark.parametrize("conc", [185.0, 200.0, 230.0])
def test_occupancy_at_the_concentrations_of_treatment(conc):
    """31: at 185 to 230 ng/mL between 45 and 55 % of the channels are blocked, to 10 points."""
    found = occupied(MODEL.occupancy, np.array([conc]), np.zeros(1))[0]
    assert 0.45 - 0.1 <= found <= 0.55 + 0.1


def test_dissociation_peaks_with_the_infusion_and_ends_within_two_hours():
    """32: CADSS peaks at 35 to 50 minutes; at most 20 % of the peak is left at two hours."""
    acute = _course().acute
    curve, time = acute.cadss_points[0], acute.time_h
    assert 35 <= 60 * time[curve.argmax()] <= 50
    assert _at(time, curve, 2.0) <= 0.2 * curve.max()


def test_pressure_rises_as_the_two_lower_series_say():
    """33: the typical rise peaks at 30 to 45 minutes within 3.3-7.4 / 3.2-6.0 mmHg, to 1 mmHg."""
    acute = _course().acute
    for curve, low, high in ((acute.systolic_rise_mmhg[0], 3.3, 7.4), (acute.diastolic_rise_mmhg[0], 3.2, 6.0)):
        assert low - 1 <= curve.max() <= high + 1
        assert 30 <= 60 * acute.time_h[curve.argmax()] <= 45


@cache
def _read(series=None):
    """Systolic and diastolic rises of a crowd of typical adults, scaled to that series where one is named."""
    given = KETAMINE
    if series is not None:
        scaled = scaled_to(MODEL, series, _course().acute)
        given = replace(KETAMINE, effects=scaled)
    luck = Crowd.of(1, PEOPLE)
    seen = crowd(given, STANDARD, people(*[ADULT] * PEOPLE), luck, graded_for(STANDARD, 2.0))
    return read_rises(MODEL, seen.acute, luck, READ_AT_MIN)


MISSED = {
    "infusions_684": "33: model 7.7/6.0 mmHg, published 3.28/3.17; the series disagree and are not averaged away",
    "infusions_2342": "33: model 7.7/6.0 mmHg, published 16.0/11.0; alarms are tried with this one",
    "infusions_205": "33: mean of personal peaks 13.9/10.7 mmHg in the model, 19.6/13.4 published (from memory)",
}


@pytest.mark.parametrize(
    "series",
    [
        pytest.param(s, id=s.key, marks=pytest.mark.xfail(strict=True, reason=MISSED[s.key]) if s.key in MISSED else ())
        for s in load_series()
    ],
)
def test_every_published_series_of_pressure(series):
    """33: the statistic that the series published comes out within 1 mmHg, systolic and diastolic."""
    systolic, diastolic = _read()
    assert systolic.of(series.statistic) == pytest.approx(series.systolic_mmhg, abs=1)
    assert diastolic.of(series.statistic) == pytest.approx(series.diastolic_mmhg, abs=1)


def test_the_two_statistics_differ_as_they_must():
    """The mean of personal peaks lies well above the peak of the means: readings have errors, and people differ."""
    for rises in _read():
        assert rises.of(Statistic.MEAN_OF_PERSONAL_PEAKS) > 1.5 * rises.of(Statistic.PEAK_OF_MEANS)


def test_scaling_to_a_series_reaches_it():
    """Scaled to the highest series, the peak of means is its 16.0/11.0 mmHg, to 1 mmHg of chance and reading times."""
    high = next(s for s in load_series() if s.key == "infusions_2342")
    systolic, diastolic = _read(high)
    assert systolic.peak_of_means == pytest.approx(16.0, abs=1)
    assert diastolic.peak_of_means == pytest.approx(11.0, abs=1)
    assert systolic.sd_at_peak == pytest.approx(high.systolic_sd_mmhg, rel=0.35)


def test_the_pulse_rises_a_little():
    """34: the pulse rises by 1.9 per minute, to 1.5."""
    assert _course().acute.pulse_rise_per_min.max() == pytest.approx(1.9, abs=1.5)


def test_dissociation_is_nearly_linear_where_it_was_measured():
    """36: at steady states of 50 to 200 ng/mL, CADSS against concentration has R of 0.98 or more."""
    conc = np.array([50.0, 100.0, 150.0, 200.0])
    assert np.corrcoef(conc, cadss(MODEL.dissociation, conc))[0, 1] >= 0.98


def test_glutamate_is_bell_shaped():
    """37: from treatment up to three times its concentration glutamate is driven; under anaesthesia it is not."""
    conc = np.array([185.0, 370.0, 555.0, 1959 * MODEL.esketamine.ketamine_potency])
    drive = cascade.surge(MODEL.cascade, occupied(MODEL.occupancy, conc, np.zeros(4)))
    assert (drive[:3] > 0.3 * MODEL.cascade.glutamate_gain).all()
    assert drive[3] < 0.02 * MODEL.cascade.glutamate_gain


def test_blocking_ampa_receptors_stops_what_follows():
    """With AMPA receptors blocked the surge is there and nothing after it is."""
    blocked = replace(MODEL, cascade=replace(MODEL.cascade, ampa_blocked=1.0))
    chain = trace(blocked, first_of(_course().exposure))
    assert chain.glutamate.max() > 0.5
    assert chain.ampa.max() == chain.mtorc1.max() == chain.spines.max() == chain.default_mode.max() == 0


def test_spines_are_raised_at_a_day_and_at_two_weeks():
    """38: spines stand above half of their peak at 24 hours and still above rest at 14 days."""
    chain = _chain()
    peak = chain.spines.max()
    assert _at(chain.time_h, chain.spines, 24) > 0.5 * peak
    assert 0.1 * peak < _at(chain.time_h, chain.spines, 14 * 24) < peak


def test_the_default_mode_shift_comes_and_goes():
    """38: the shift is there at 24 to 48 hours and under 15 % of its peak at ten days."""
    chain = _chain()
    curve, peak = chain.default_mode, chain.default_mode.max()
    assert min(_at(chain.time_h, curve, h) for h in (24, 36, 48)) > 0.5 * peak
    assert _at(chain.time_h, curve, 240) < 0.15 * peak


def test_the_order_of_events():
    """Glutamate peaks before mTORC1, that before BDNF, then the permissive state, and spines last (Li 2010)."""
    chain = _chain()
    peaks = [chain.time_h[getattr(chain, n).argmax()] for n in ("glutamate", "mtorc1", "bdnf", "permissive", "spines")]
    assert peaks == sorted(peaks) and len(set(peaks)) == len(peaks)
