"""Esketamine by nose: the published kinetics drive the effects; the label's shares are the oracles."""

from functools import cache

import numpy as np
import pytest

from unstuck.lab.effects.parameters import load_effects
from unstuck.lab.effects.people import Crowd
from unstuck.lab.effects.pressure import readings, share_reaching, with_errors
from unstuck.lab.patients.response import crowd, graded_for, setting, typical
from unstuck.lab.pk import Person, dose, people

ESKETAMINE, SPREAD = setting("esketamine"), load_effects().spread
PEOPLE, SESSIONS = 800, 8  # two a week in the first four weeks
READ_AT_MIN = (40.0, 60.0, 90.0)


@cache
def _share(age_years):
    """Share of people with a rise of systolic pressure of 40 mmHg or more at least once in eight sessions of 84 mg."""
    regimen, who = dose("intranasal", mg=84), people(*[Person(75.0, age_years)] * PEOPLE)
    highest = []
    for session in range(1, SESSIONS + 1):
        luck = Crowd(3, np.arange(PEOPLE, dtype=np.uint64), session)
        seen = crowd(ESKETAMINE, regimen, who, luck, graded_for(regimen, 2.0, finer=0.5))
        read = readings(seen.time_h, seen.acute.systolic_rise_mmhg, READ_AT_MIN)
        highest.append(with_errors(read, luck, SPREAD.systolic_error_mmhg, "systolic"))
    return share_reaching(np.concatenate(highest, axis=1), 40.0)


@pytest.mark.xfail(
    strict=True, reason="35: 1.4 % of 800 in the model, 8 % (4 to 12) in the label: great rises are too rare"
)
def test_great_rises_of_pressure_under_65():
    """35: under 65 years 8 % rise by 40 mmHg or more at least once in four weeks, 4 to 12 %."""
    assert 0.04 <= _share(45.0) <= 0.12


@pytest.mark.xfail(
    strict=True, reason="35: 3.8 % of 800 in the model, 17 % (10 to 24) in the label: great rises are too rare"
)
def test_great_rises_of_pressure_from_65():
    """35: from 65 years on 17 % do, 10 to 24 %."""
    assert 0.10 <= _share(70.0) <= 0.24


def test_the_older_have_more_great_rises():
    """As in the label, great rises are commoner in the older."""
    assert _share(70.0) > _share(45.0)


@pytest.mark.parametrize(("mg", "share"), [(56, 0.49), (84, 0.61)])
def test_sedation_is_as_common_as_the_label_says(mg, share):
    """Any sedation at its peak: 49 to 61 % at 56 to 84 mg, which the figures were derived from, to 3 points."""
    seen = typical(ESKETAMINE, dose("intranasal", mg=mg), Person(70.0, 40.0), 4.0)
    assert seen.acute.sedated_share.max() == pytest.approx(share, abs=0.03)


def _at(mg, name, hours):
    acute = typical(ESKETAMINE, dose("intranasal", mg=mg), Person(70.0, 40.0), 4.0).acute
    return float(np.interp(hours, acute.time_h, getattr(acute, name)[0])), float(getattr(acute, name).max())


@pytest.mark.xfail(strict=True, reason="54 % are still sedated in the model at 1.5 hours; the placebo's share is 11 %")
def test_sedation_is_over_as_soon_as_the_maker_says():
    """After 84 mg sedation is over 1 to 1.5 hours after the dose: back at the placebo's share, to 5 points."""
    assert _at(84, "sedated_share", 1.5)[0] == pytest.approx(ESKETAMINE.effects.sedation.any_without_drug, abs=0.05)


def test_dissociation_by_nose_peaks_within_the_hour_and_below_an_infusion():
    """84 mg by nose peaks in the first hour, lower than the 20 points of an infusion of the racemate."""
    acute = typical(ESKETAMINE, dose("intranasal", mg=84), Person(70.0, 40.0), 4.0).acute
    assert 0 < 60 * acute.time_h[acute.cadss_points[0].argmax()] <= 60
    assert acute.cadss_points.max() < 20
