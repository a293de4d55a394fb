"""Effect sizes from printed figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.meta.examples import rows
from unstuck.core.errors import Complaint
from unstuck.lab.meta.sizes import (
    Arm,
    Correction,
    Counts,
    Large,
    Sizes,
    change_sd,
    crossover_mean_difference,
    crossover_smd,
    hedges_factor,
    log_odds_ratio,
    log_risk_ratio,
    mean_change,
    mean_difference,
    standardised_mean_difference,
    together,
)

METAPSY = (Correction.APPROXIMATE, Large.UNCORRECTED)


def test_all_published_rows_are_reproduced():
    """Hedges' g and its SE of all 112 psychotherapy comparisons come out to 1e-9 from means, SDs and n."""
    table = rows("psychotherapy_arms.csv")
    of = {
        name: np.array([float(row[name]) for row in table])
        for name in table[0]
        if name[:2] in ("me", "sd", "n1", "n2", "g", "g_")
    }
    first, second = (Arm(of[f"n{i}"], of[f"mean{i}"], of[f"sd{i}"]) for i in (1, 2))
    found = standardised_mean_difference(second, first, *METAPSY)  # positive favours the therapy, which comes first
    assert len(found.y) == 112
    np.testing.assert_allclose(found.y, of["g"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(found.v), of["g_se"], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "ratio", "low", "high"),
    [
        (Counts(10, 15), Counts(3, 15), 3.33, 1.14, 9.75),  # Feder 2021, response
        (Counts(32, 119), Counts(13, 28), 0.58, 0.35, 0.95),  # McGhee 2008, screened positive
    ],
)
def test_risk_ratios_of_trials(first, second, ratio, low, high):
    """Risk ratios with normal intervals from counts are the ones that were published or recorded."""
    found = log_risk_ratio(first, second)
    ends = found.y + np.array([-1, 0, 1]) * 1.959964 * np.sqrt(found.v)
    assert np.exp(ends) == pytest.approx((low, ratio, high), abs=0.006)


def test_the_formula_of_d_has_the_published_error():
    """d 1.13 of two arms of 15 and 14 has the SE .393 that the formula gives; the published interval implies .395."""
    sd = 1.0
    d = standardised_mean_difference(
        Arm(15, 1.13 * sd, sd), Arm(14, 0.0, sd), Correction.APPROXIMATE, Large.UNCORRECTED
    )
    assert float(np.sqrt(d.v[0])) == pytest.approx(0.40, abs=0.01)


def test_changes_of_duek_2023():
    """g on the change at day 7 is 0.52 in favour of ketamine and at day 30 0.12 in favour of midazolam."""
    day7 = standardised_mean_difference(Arm(13, -18.46, 21.84), Arm(13, -9.31, 9.88))
    day30 = standardised_mean_difference(Arm(13, -16.92, 14.22), Arm(11, -18.55, 12.05))
    assert (float(day7.y[0]), float(day30.y[0])) == pytest.approx((-0.52, 0.12), abs=0.006)


@pytest.mark.parametrize(
    ("before", "after", "correlation", "change"),
    [(12.37, 20.59, 0.20, 21.84), (14.43, 16.77, 0.81, 9.88), (12.37, 14.95, 0.47, 14.22)],
)
def test_the_spread_of_a_change(before, after, correlation, change):
    """The SD of a change follows from both SDs and their correlation: the arms of Duek 2023 agree within rounding."""
    assert float(change_sd(before, after, correlation)[0]) == pytest.approx(change, rel=0.02)


def test_an_uncorrelated_crossover_is_a_parallel_trial():
    """Where the periods do not correlate, a crossover's SMD and variance are those of a parallel trial."""
    a, b = Arm(30, 10.0, 5.0), Arm(30, 12.0, 5.0)
    paired, parallel = crossover_smd(a, b, 0.0), standardised_mean_difference(a, b)
    assert paired.y == pytest.approx(parallel.y, rel=1e-9)
    assert paired.v == pytest.approx(parallel.v, rel=1e-9)


@pytest.mark.parametrize(("r", "effect"), [(0.0, 0.5), (0.6, 0.5), (0.8, 1.2)])
def test_a_crossover_has_the_error_that_repetition_shows(r, effect):
    """Over 20,000 simulated crossovers the SMD is unbiased and its variance is the true one."""
    luck, n, trials = np.random.default_rng(3), 40, 20000
    scores = luck.multivariate_normal([effect, 0], [[1, r], [r, 1]], size=(trials, n))
    means, sds, people = scores.mean(axis=1), scores.std(axis=1, ddof=1), np.full(trials, n)
    arms = [Arm(people, means[:, period], sds[:, period]) for period in (0, 1)]
    found = crossover_smd(arms[0], arms[1], r)
    assert found.y.mean() == pytest.approx(effect, abs=0.006)
    assert found.y.var() == pytest.approx(found.v.mean(), rel=0.05)


@given(st.integers(3, 400))
def test_hedges_factor_shrinks(df):
    """The correction is below one, grows with df, and the approximation is good to three digits from 10 df on."""
    exact, near = float(hedges_factor(df)), float(hedges_factor(df, Correction.APPROXIMATE))
    assert exact < 1 and exact < float(hedges_factor(df + 1))
    assert near == pytest.approx(exact, abs=1e-3 if df >= 10 else 0.01)


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_ratios_turn_around(n1, n2, p1, p2):
    """Exchanging the arms turns the sign of a log ratio and leaves its variance; so does exchanging events for odds."""
    a, b = Counts(round(n1 * p1), n1), Counts(round(n2 * p2), n2)
    try:
        forth, back = log_odds_ratio(a, b), log_odds_ratio(b, a)
    except Complaint:
        assert a.events + b.events in (0, n1 + n2)
        return
    other = log_odds_ratio(Counts(n1 - a.events, n1), Counts(n2 - b.events, n2))
    assert forth.y == pytest.approx(-back.y) and forth.y == pytest.approx(-other.y)
    assert forth.v == pytest.approx(back.v)


def test_an_empty_cell_is_named():
    """One empty cell gets half an event everywhere, and the result says so."""
    found = log_odds_ratio(Counts(0, 10), Counts(4, 10))
    assert float(found.y[0]) == pytest.approx(np.log((0.5 / 10.5) / (4.5 / 6.5)))
    assert "Half an event" in found.notes[0]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: log_risk_ratio(Counts(0, 10), Counts(0, 12)), "says nothing about a ratio"),
        (lambda: log_odds_ratio(Counts(10, 10), Counts(12, 12)), "says nothing about a ratio"),
        (lambda: log_odds_ratio(Counts(11, 10), Counts(2, 12)), "more events than people"),
        (lambda: mean_difference(Arm(10, 3.0, 0.0), Arm(10, 3.0, 2.0)), "An SD is 0"),
        (lambda: mean_difference(Arm(10, 3.0, -1.0), Arm(10, 3.0, 2.0)), "An SD is -1"),
        (lambda: mean_difference(Arm(1, 3.0, 1.0), Arm(10, 3.0, 2.0)), "has no spread"),
        (lambda: mean_difference(Arm(10, "about 3", 1.0), Arm(10, 3.0, 2.0)), "no number"),
        (lambda: crossover_smd(Arm(10, 3.0, 1.0), Arm(12, 3.0, 2.0), 0.5), "unlike n"),
        (lambda: crossover_smd(Arm(10, 3.0, 1.0), Arm(10, 3.0, 2.0), 1.0), "correlation"),
    ],
)
def test_impossible_figures_are_refused(make, said):
    """Figures from which no effect can be computed are refused with a word on what to do."""
    with pytest.raises(Complaint, match=said) as caught:
        make()
    assert caught.value.mend


def test_unlike_scales_do_not_mix():
    """A mean difference in points and a standardised one are not pooled; a crossover and a parallel trial may be."""
    parallel = standardised_mean_difference(Arm(20, 1.0, 2.0), Arm(20, 0.0, 2.0))
    crossed = crossover_smd(Arm(20, 1.2, 2.0), Arm(20, 0.1, 2.0), 0.5)
    assert together([parallel, crossed], ["a", "b"]).k == 2
    points = crossover_mean_difference(Arm(20, 1.0, 2.0))
    with pytest.raises(Complaint, match="mix scales"):
        together([parallel, points], ["a", "b"])


def test_a_change_without_control_says_what_it_is():
    """The uncontrolled change carries its warning into the meta-analysis."""
    changes: list[Sizes] = [mean_change(15, -33.3, 18.0), mean_change(30, -24.9, 15.0)]
    assert any("no drug effect" in note for note in together(changes, ["a", "b"]).notes)
