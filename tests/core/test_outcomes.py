import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, before_dose, enrolled, pcl5, recorded, small_protocol, whole_course
from unstuck.core.course import replay
from unstuck.core.dataset import COLUMNS, tables
from unstuck.core.outcomes import Loss, baseline, evaluate, started_at, time_to_loss, who_started
from unstuck.core.shares import (
    Share,
    exact_interval,
    kaplan_meier,
    median_days,
    share,
    wilson_interval,
)

SMALL = small_protocol()
ENDPOINTS = {e.key: e for e in SMALL.endpoints}


def test_baseline_is_before_treatment():
    """The baseline is the last score before the first dose, not the first one and not a later one."""
    happened = before_dose(SMALL)
    course = replay(SMALL, [*happened, pcl5(44, 60, None), *whole_course(SMALL)[len(happened) :]])
    assert baseline(course, "pcl5_week").value == 44


@pytest.mark.parametrize(("final", "met"), [(35, True), (36, False), (34, True), (60, False)])
def test_reliable_change(final, met):
    """From 50, a fall of 15 points is a response, one of 14 is not."""
    result = evaluate(ENDPOINTS["response"], recorded(SMALL, whole_course(SMALL, final)))
    assert result.met is met and result.change == final - 50


def test_missing_is_not_met_and_not_hidden():
    """Who started and was never scored again stays in the denominator, as missing."""
    scored = recorded(SMALL, whole_course(SMALL, 20))
    silent = recorded(SMALL, whole_course(SMALL)[:-1])
    never = recorded(SMALL, [enrolled(SMALL)])
    counted = share(ENDPOINTS["response"], [scored, silent, never])
    assert counted == Share(met=1, missing=1, started=2)
    assert counted.of_started == 0.5 and counted.of_assessed == 1 and counted.bounds() == (0.5, 1.0)
    assert evaluate(ENDPOINTS["response"], silent).why == "no later score"
    assert who_started([never]) == () and started_at(never) is None


def test_non_response_and_remission():
    """After three doses without a fall of 15 a person is a non-responder; 28 is an end state, 29 is not."""
    assert evaluate(ENDPOINTS["none"], recorded(SMALL, whole_course(SMALL, 40))).met is True
    assert evaluate(ENDPOINTS["none"], recorded(SMALL, whole_course(SMALL, 30))).met is False
    assert evaluate(ENDPOINTS["none"], recorded(SMALL, before_dose(SMALL))).met is None
    assert evaluate(ENDPOINTS["remission"], recorded(SMALL, whole_course(SMALL, 28))).met is True
    assert evaluate(ENDPOINTS["remission"], recorded(SMALL, whole_course(SMALL, 29))).met is False


def test_relapse():
    """Loss of response is timed from the response to the first later score that is none."""
    course = recorded(SMALL, whole_course(SMALL, 20))
    start = course.assessments[-1].observed_at
    hours = (start - START) / timedelta(hours=1)
    held = replay(SMALL, [pcl5(30, hours + 24 * 14, None)], course)
    lost = replay(SMALL, [pcl5(45, hours + 24 * 28, None)], held)
    assert time_to_loss(ENDPOINTS["relapse"], held) == Loss(pytest.approx(14), False)
    assert time_to_loss(ENDPOINTS["relapse"], lost) == Loss(pytest.approx(28), True)
    assert evaluate(ENDPOINTS["relapse"], lost).met is True
    assert evaluate(ENDPOINTS["relapse"], recorded(SMALL, whole_course(SMALL, 48))).met is None


def test_published_intervals():
    """Feder 2021: 10 of 15 and 3 of 15 have exact 95 % intervals of 38.4 to 88.2 and 4.3 to 48.1 per cent."""
    assert exact_interval(10, 15) == (pytest.approx(0.38380, abs=1e-5), pytest.approx(0.88176, abs=1e-5))
    assert exact_interval(3, 15) == (pytest.approx(0.04331, abs=1e-5), pytest.approx(0.48089, abs=1e-5))


@given(st.integers(0, 400), st.integers(1, 400))
def test_intervals_hold_the_share(met, total):
    """Each interval holds the observed share; the exact one reaches the same tail on both sides."""
    met = min(met, total)
    for low, high in (exact_interval(met, total), wilson_interval(met, total)):
        assert 0 <= low <= met / total + 1e-9 and met / total - 1e-9 <= high <= 1
    low, high = exact_interval(met, total)
    if met > 0:
        tail = math.fsum(math.comb(total, k) * low**k * (1 - low) ** (total - k) for k in range(met, total + 1))
        assert tail == pytest.approx(0.025, abs=1e-6)


def test_kaplan_meier_by_hand():
    """Losses at 5 and 10 days of four, one of whom is last seen at 7, leave 3/4 and then 3/8 responding."""
    times = [Loss(5, True), Loss(7, False), Loss(10, True), Loss(20, False)]
    assert kaplan_meier(times) == ((5, 0.75), (10, 0.375))
    assert median_days(times) == 10
    assert median_days(times[1:2]) is None


def test_tables():
    """Every table has its columns, one row a thing that happened, and no instant unless asked for."""
    made = tables([recorded(SMALL, whole_course(SMALL, 30))])
    assert {name: len(t.rows) for name, t in made.items()} == {
        "courses": 1, "doses": 3, "therapy_sessions": 3, "assessments": 2, "answers": 2, "readings": 8,
        "adverse_events": 0,
    }  # fmt: skip
    for name, table in made.items():
        assert table.columns == COLUMNS[name]
        assert all(tuple(row) == table.columns for row in table.rows)
    assert made["doses"].rows[0]["mg_per_kg"] == 0.5
    assert made["therapy_sessions"].rows[0]["hours_since_dose"] == 26
    assert "at" in tables([recorded(SMALL, whole_course(SMALL, 30))], dates=True)["doses"].columns
