"""What must hold for every meta-analysis, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.lab.meta.dependent import multilevel
from unstuck.lab.meta.inference import Interval, Options
from unstuck.lab.meta.pool import Pooled, pool
from unstuck.lab.meta.regression import design, regress, subgroups
from unstuck.lab.meta.sample import Effects, effects
from unstuck.lab.meta.tau2 import Method
from unstuck.lab.meta.weighted import intercept, restricted_log_likelihoods

EFFECT = st.floats(-3, 3).map(lambda y: round(y, 4))
VARIANCE = st.floats(0.002, 4)


@st.composite
def samples(draw: st.DrawFn, least: int = 2) -> Effects:
    """Two to twelve effects whose variances may differ by a factor of two thousand."""
    y = draw(st.lists(EFFECT, min_size=least, max_size=12, unique=True))
    v = draw(st.lists(VARIANCE, min_size=len(y), max_size=len(y)))
    return effects(y, v)


def _tau2(found: Pooled) -> float:
    assert found.heterogeneity is not None
    return found.heterogeneity.tau2 or 0.0


@settings(max_examples=150, deadline=None)
@given(samples())
def test_no_tau2_is_more_likely_than_that_of_reml(sample):
    """On a fine grid of tau2 no value has a higher restricted likelihood than the REML estimate."""
    best = _tau2(pool(sample))
    grid = np.array([best, 0.0, *np.geomspace(1e-6, 1e3, 2000)])
    values = restricted_log_likelihoods(intercept(sample.y, sample.v), grid)
    assert values[0] >= values.max() - 1e-7


@settings(max_examples=100, deadline=None)
@given(samples(), st.sampled_from(list(Method)), st.floats(-5, 5), st.floats(1e-4, 1e4))
def test_the_unit_does_not_matter(sample, method, shift, stretch):
    """Effects in another unit, or counted from another zero, give the same result in that unit."""
    plain = pool(sample, Options(method))
    other = pool(effects(shift + stretch * sample.y, stretch**2 * sample.v, keep_twins=True), Options(method))
    assert other.mean.estimate == pytest.approx(shift + stretch * plain.mean.estimate, rel=1e-5, abs=1e-5 * stretch)
    assert other.mean.se == pytest.approx(stretch * plain.mean.se, rel=1e-4)
    assert _tau2(other) == pytest.approx(stretch**2 * _tau2(plain), rel=1e-4, abs=1e-6 * stretch**2)
    assert other.heterogeneity.q == pytest.approx(plain.heterogeneity.q, rel=1e-6, abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(samples(), st.sampled_from(list(Method)), st.randoms(use_true_random=False))
def test_the_order_does_not_matter(sample, method, luck):
    """The rows in another order give the same result."""
    order = list(range(sample.k))
    luck.shuffle(order)
    one, two = (pool(each, Options(method)) for each in (sample, sample.only(order)))
    assert one.mean.estimate == pytest.approx(two.mean.estimate, abs=1e-8)
    assert [one.weights[row] for row in order] == pytest.approx(list(two.weights), abs=1e-7)


@settings(max_examples=100, deadline=None)
@given(samples(), st.sampled_from(list(Method)), st.sampled_from(list(Interval)))
def test_a_pool_lies_among_its_studies(sample, method, interval):
    """The mean lies between the extreme effects, its interval holds it, weights sum to one, the prediction is wider."""
    found = pool(sample, Options(method, interval))
    assert sample.y.min() - 1e-9 <= found.mean.estimate <= sample.y.max() + 1e-9
    assert found.mean.low <= found.mean.estimate <= found.mean.high
    assert sum(found.weights) == pytest.approx(1)
    spread = found.heterogeneity
    assert spread is not None and 0 <= spread.i2_percent <= 100 and spread.tau2_low <= spread.tau2_high
    if found.prediction is not None:
        assert found.prediction[0] <= found.mean.low and found.mean.high <= found.prediction[1]


@settings(max_examples=60, deadline=None)
@given(samples(), st.sampled_from(list(Method)))
def test_a_higher_level_is_wider(sample, method):
    """An interval of a higher level holds that of a lower one, for the mean and for tau2."""
    narrow, wide = (pool(sample, Options(method, level=level)) for level in (0.8, 0.99))
    assert wide.mean.low <= narrow.mean.low and narrow.mean.high <= wide.mean.high
    assert wide.heterogeneity.tau2_low <= narrow.heterogeneity.tau2_low + 1e-9
    assert narrow.heterogeneity.tau2_high <= wide.heterogeneity.tau2_high + 1e-9


@settings(max_examples=40, deadline=None)
@given(samples(least=5))
def test_a_three_level_model_of_single_rows_is_reml(sample):
    """Where every study gives one row, the three-level model is the ordinary one, and says so."""
    found, plain = multilevel(sample), pool(sample, Options(interval=Interval.NORMAL))
    assert found.model[0].estimate == pytest.approx(plain.mean.estimate, abs=1e-5)
    assert found.tau2_between == pytest.approx(_tau2(plain), rel=1e-4, abs=1e-5)
    assert found.tau2_within == 0 and any("one row" in note for note in found.notes)


@settings(max_examples=40, deadline=None)
@given(samples(least=5), st.sampled_from([Method.DL, Method.REML]))
def test_subgroups_are_pools_of_their_rows(sample, method):
    """Each subgroup is the pool of its rows; a regression on the group without heterogeneity has the same means."""
    group = ["a" if row < 2 else "b" for row in range(sample.k)]
    found = subgroups(sample, group, Options(method))
    alone = pool(sample.only([0, 1]), Options(method))
    assert dict(found.groups)["a"].mean == alone.mean
    fixed = Options(Method.FIXED)
    means = {name: each.mean.estimate for name, each in subgroups(sample, group, fixed).groups}
    line = regress(sample, design({"group": group}, sample.k), fixed).coefficients
    assert line[0].estimate == pytest.approx(means["a"], abs=1e-8)
    assert line[1].estimate == pytest.approx(means["b"] - means["a"], abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(samples(least=5))
def test_what_differs_within_and_between_groups_adds_up(sample):
    """With fixed effects Q of all studies is Q within the groups and the test between them, added up."""
    options = Options(Method.FIXED)
    found = subgroups(sample, ["a" if row % 2 else "b" for row in range(sample.k)], options)
    within = sum(each.heterogeneity.q for _, each in found.groups if each.heterogeneity)
    whole = pool(sample, options).heterogeneity
    assert whole is not None and found.between.df == 1
    assert whole.q == pytest.approx(within + found.between.statistic, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(
    ("y", "v", "tau2"),
    [
        ([0.669, -10.052, -0.332, -0.003], [1.7524, 8.0592, 0.0227, 0.0088], 14.597),
        ([0.067, 1.056, -0.011, -2.788], [0.0057, 1.1531, 0.3203, 1.284], 0.0),
    ],
)
def test_a_second_maximum_is_found_and_named(y, v, tau2):
    """Where the likelihood has two maxima the higher one is taken, be it at zero or far away, and a note says so."""
    found = pool(effects(y, v))
    assert _tau2(found) == pytest.approx(tau2, abs=1e-3) and any("two maxima" in note for note in found.notes)
