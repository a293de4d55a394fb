"""One fit in microseconds is the fit that takes its time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.lab.meta.random_sets import SETS, random_set
from unstuck.core.errors import Complaint
from unstuck.lab.meta.pool import Pooled, pool
from unstuck.lab.meta.sample import effects
from unstuck.lab.meta.single import Fit, reml


def _figures(whole: Pooled) -> tuple[float, ...]:
    spread, mean = whole.heterogeneity, whole.mean
    assert spread is not None and spread.tau2 is not None and whole.prediction is not None
    return (mean.estimate, mean.se, mean.low, mean.high, mean.p, spread.tau2, spread.q, *whole.prediction)


def _assert_same(light: Fit, whole: Pooled) -> None:
    assert light.k == whole.k
    assert tuple(light[1:10]) == pytest.approx(_figures(whole), rel=1e-10, abs=1e-10)
    assert light.two_maxima == any("two maxima" in note for note in whole.notes)


@pytest.mark.parametrize("number", range(SETS))
def test_the_light_fit_is_the_whole_pool(number):
    """Estimate, error, intervals, p, tau2 and Q are those of `pool` to 1e-10 on the sets that metafor also answers."""
    found = random_set(number)
    _assert_same(reml(found["y"], found["v"]), pool(effects(found["y"], found["v"])))


@settings(max_examples=60, deadline=None)
@example(1307, 55, 0.05, 0.01)  # here scoring ran in circles near a flat top
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([0.0, 0.05, 1.0]), st.sampled_from([0.01, 1, 40]))
def test_it_agrees_at_any_size_and_unit(seed, k, spread, unit):
    """The agreement holds from two studies to sixty, without heterogeneity and with much, in any unit of the effect."""
    luck = np.random.default_rng(seed)
    v = luck.uniform(0.01, 0.5, k)
    y, v = unit * luck.normal(0.3, np.sqrt(v + spread)), unit**2 * v
    light, whole = reml(y, v), pool(effects(y, v))
    figures = np.array(_figures(whole)) / [unit, unit, unit, unit, 1, unit**2, 1, unit, unit]
    ours = np.array(light[1:10]) / [unit, unit, unit, unit, 1, unit**2, 1, unit, unit]
    np.testing.assert_allclose(ours, figures, rtol=1e-10, atol=1e-10)


def test_the_higher_of_two_maxima_is_taken():
    """Where the moment estimate leads to the lower maximum, both find the higher one and say so."""
    y, v = [2.8033, 3.1423, -6.193], [0.2173, 0.01098, 9.768]
    light = reml(y, v)
    assert light.two_maxima
    _assert_same(light, pool(effects(y, v)))


def test_lists_serve_as_well_as_arrays():
    """A list, a tuple and a strided array give what the plain array gives."""
    y, v = random_set(1)["y"], random_set(1)["v"]
    plain = reml(y, v)
    assert reml(list(y), tuple(v)) == plain == reml(np.repeat(y, 2)[::2], v)


@pytest.mark.parametrize(
    ("y", "v", "said"),
    [
        ([0.1], [0.1], "cannot be pooled"),
        ([0.1, 0.2], [0.1], "cannot be pooled"),
        ([0.1, 0.2], [0.1, 0.0], "variance 0"),
        ([0.1, 0.2], [0.1, -0.1], "variance -0.1"),
        ([0.1, float("nan")], [0.1, 0.1], "effect nan"),
        ([0.1, 0.2], [0.1, float("inf")], "variance inf"),
        ([0.1, "0,2"], [0.1, 0.1], "no number"),
        ([[0.1, 0.2]], [[0.1, 0.2]], "shape"),
    ],
)
def test_impossible_input_is_refused(y, v, said):
    """What is no meta-analysis gets a Complaint that names the row or the count, never a number."""
    with pytest.raises(Complaint, match=said):
        reml(y, v)
