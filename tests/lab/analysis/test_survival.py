"""Time to an event: frozen figures of R, lifelines beside us, and laws."""

from __future__ import annotations

import lifelines
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.statistics import logrank_test

from tests.lab.analysis.examples import DATA
from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.cox import cox
from unstuck.lab.analysis.survival import (
    Times,
    incidence,
    kaplan_meier,
    log_rank,
    restricted_mean_difference,
    times,
)


def _frozen() -> tuple[Times, Floats, Floats]:
    """The made-up trial: times, arm, x."""
    cells = np.genfromtxt(DATA / "surv.csv", delimiter=",", skip_header=1)
    return times(cells[:, 2], cells[:, 3]), cells[:, 0], cells[:, 1]


def _random(seed: int, people: int = 120) -> tuple[Times, Floats]:
    """Times on a coarse grid, so that many are equal, with three kinds of end, and two covariates."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.integers(0, 2, people), rng.normal(size=people)]).astype(float)
    return times(np.ceil(rng.exponential(8 * np.exp(0.5 * x[:, 0]))), rng.integers(0, 3, people)), x


def test_cox_gives_what_survival_gives() -> None:
    """Efron's Cox model of the frozen trial: coefficients, errors, log likelihood of survival 3.5-3 to ten digits."""
    data, arm, x = _frozen()
    found = cox(data, np.column_stack([arm, x]), ["arm", "x"])
    assert [a.estimate for a in found.coefficients] == pytest.approx([-0.4041734688, 0.3839065051], abs=1e-10)
    assert [a.se for a in found.coefficients] == pytest.approx([0.1526122121, 0.0736930307], abs=1e-10)
    assert found.log_likelihood == pytest.approx(-848.11149800, abs=1e-8)


def test_log_rank_gives_what_survival_gives() -> None:
    """The log-rank chi-square of the frozen trial is survdiff's to ten digits."""
    data, arm, _ = _frozen()
    assert log_rank(data, arm).chi2 == pytest.approx(12.1897972537, abs=1e-9)


@pytest.mark.parametrize(
    ("arm", "shares", "median", "area"),
    [
        (0, (0.6040737582, 0.3870352693, 0.1950244504), (7.01, 5.67, 9.83), (9.08, 0.643)),
        (1, (0.7655072646, 0.5729350271, 0.3311619764), (11.30, 9.20, 17.91), (11.90, 0.671)),
    ],
)
def test_curves_give_what_survfit_gives(
    arm: int, shares: tuple[float, ...], median: tuple[float, ...], area: tuple[float, float]
) -> None:
    """Survival at 5, 10 and 20, the median with its interval, the restricted mean until 20, as survfit says."""
    data, arms, _ = _frozen()
    curve = kaplan_meier(data.only(arms == arm))
    assert [curve.at(when) for when in (5, 10, 20)] == pytest.approx(list(shares), abs=1e-10)
    assert curve.median() == pytest.approx(median, abs=1e-9)
    found = curve.restricted_mean(20)
    assert (found.estimate, found.se) == (pytest.approx(area[0], abs=0.005), pytest.approx(area[1], abs=0.0005))


@pytest.mark.parametrize("seed", range(4))
def test_lifelines_agrees_where_times_are_tied(seed: int) -> None:
    """With many equal times, lifelines gives the same curve, Cox model and log-rank test."""
    data, x = _random(seed)
    frame = pd.DataFrame({"t": data.time, "e": data.event == 1, "a": x[:, 0], "b": x[:, 1]})
    curve = kaplan_meier(data)
    km = lifelines.KaplanMeierFitter().fit(frame.t, frame.e)
    assert curve.survival == pytest.approx(km.survival_function_.iloc[1:, 0].to_numpy(), abs=1e-12)
    theirs = lifelines.CoxPHFitter().fit(frame, "t", "e", fit_options={"precision": 1e-10})
    ours = cox(data, x, ["a", "b"])
    assert [c.estimate for c in ours.coefficients] == pytest.approx(theirs.params_.to_list(), abs=1e-5)
    assert [c.se for c in ours.coefficients] == pytest.approx(theirs.standard_errors_.to_list(), rel=1e-5)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-7)
    one = x[:, 0] == 1
    test = logrank_test(frame.t[one], frame.t[~one], frame.e[one], frame.e[~one])
    assert log_rank(data, x[:, 0]).chi2 == pytest.approx(test.test_statistic, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_lifelines_agrees_about_competing_causes(seed: int) -> None:
    """With distinct times, lifelines' Aalen-Johansen curve and its variance are ours."""
    data, _ = _random(seed)
    apart = times(data.time + np.random.default_rng(seed).random(len(data.time)), data.event)
    fit = lifelines.AalenJohansenFitter(calculate_variance=True).fit(apart.time, apart.event, event_of_interest=2)
    found = incidence(apart, 2)
    assert found.share == pytest.approx(fit.cumulative_density_.iloc[1:, 0].to_numpy(), abs=1e-12)
    theirs = np.sqrt(fit.variance_.iloc[1:].to_numpy().ravel())
    assert found.se[20:-5] == pytest.approx(theirs[20:-5], rel=0.02)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 60))
def test_causes_and_nobody_yet_make_one(seed: int, people: int) -> None:
    """At every time the incidences of all causes and the share without any add up to one."""
    data, _ = _random(seed, people)
    causes = [k for k in (1, 2) if (data.event == k).any()]
    total = sum((incidence(data, k).share for k in causes), np.zeros(len(np.unique(data.time))))
    free = kaplan_meier(times(data.time, data.event > 0)).survival
    assert total + free == pytest.approx(np.ones_like(free), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.1, 100), min_size=2, max_size=30, unique=True))
def test_without_censoring_curves_are_counts(when: list[float]) -> None:
    """If everybody has the event, the curve is the share of later times, the restricted mean the mean of times."""
    data = times(when, np.ones(len(when)))
    curve, last = kaplan_meier(data), max(when)
    assert curve.survival == pytest.approx([np.mean(np.array(when) > t) for t in sorted(when)], abs=1e-12)
    assert curve.restricted_mean(last).estimate == pytest.approx(np.mean(when))
    assert incidence(data).share == pytest.approx(1 - curve.survival, abs=1e-12)


def test_differences_of_restricted_means_are_differences() -> None:
    """The difference of the frozen arms is that of their two means, and their errors add as squares."""
    data, arm, _ = _frozen()
    found = restricted_mean_difference(data, arm == 1, 20)
    assert (found.estimate, found.se) == (pytest.approx(11.90 - 9.08, abs=0.01), pytest.approx(0.929, abs=0.002))


def test_a_curve_that_stays_high_has_no_median() -> None:
    """Where fewer than half had the event, the median is unknown and not the last time."""
    assert kaplan_meier(times([1, 2, 3, 4], [1, 0, 0, 0])).median() == (None, 1.0, None)


@pytest.mark.parametrize(
    ("time", "event", "said"),
    [
        ([-1, 2], [1, 0], "impossible"),
        ([1, np.nan], [1, 0], "impossible"),
        ([1, 2], [0.5, 0], "impossible"),
        ([1], [1, 0], "go together"),
    ],
)
def test_impossible_times_are_refused(time: list[float], event: list[float], said: str) -> None:
    """Negative or unknown times, half an event and unlike lengths are refused."""
    with pytest.raises(Complaint, match=said):
        times(time, event)


def test_questions_without_answer_are_refused() -> None:
    """A time beyond the data, a group alone, a cause that nobody had, a separating covariate and a repeated one."""
    data, x = _random(1)
    with pytest.raises(Complaint, match="as late as"):
        kaplan_meier(times([1, 2], [1, 0])).restricted_mean(3)
    with pytest.raises(Complaint, match="two groups"):
        log_rank(data, np.zeros(len(data.time)))
    with pytest.raises(Complaint, match="Nobody had event 9"):
        incidence(data, 9)
    with pytest.raises(Complaint, match="combination"):
        cox(data, np.column_stack([x[:, 0], 2 * x[:, 0]]), ["a", "twice a"])
    with pytest.raises(Complaint, match="no finite"):
        cox(data, (data.event == 1).astype(float), ["fate"])
    with pytest.raises(Complaint, match="same for everybody"):
        cox(data, np.ones(len(data.time)), ["one"])
