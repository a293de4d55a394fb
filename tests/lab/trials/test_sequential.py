"""Group-sequential bounds and sizes against rpact 3.3.4 and gsDesign's test file (reference numbers, frozen)."""

import numpy as np
import pytest

from unstuck.core.trial import Spending
from unstuck.lab.trials.sequential import (
    conditional_power,
    crossing,
    drift_for,
    expected_information,
    inflation,
    spending_bounds,
    spent,
    wang_tsiatis,
)
from unstuck.lab.trials.sizes import power_of_t, size_known_spread, size_of_shares, size_of_t

THIRDS = (1 / 3, 2 / 3, 1.0)


def test_spending_like_obrien_fleming():
    """Bounds and spent error of three equal looks at one-sided 0.025 are rpact's."""
    assert spending_bounds(Spending.OBRIEN_FLEMING, THIRDS, 0.025) == pytest.approx(
        (3.710302873, 2.511427484, 1.993047483), abs=1e-6
    )
    found = [spent(Spending.OBRIEN_FLEMING, t, 0.025) for t in THIRDS]
    assert found == pytest.approx([0.0001035057, 0.0060483891, 0.025], abs=1e-10)


def test_spending_like_pocock():
    """Bounds of four equal looks are rpact's."""
    wanted = (2.368327704, 2.367524289, 2.358168311, 2.350035973)
    assert spending_bounds(Spending.POCOCK, (0.25, 0.5, 0.75, 1), 0.025) == pytest.approx(wanted, abs=1e-6)


def test_a_look_too_early_to_spend_anything():
    """A look at a twentieth of the people has a bound that nobody crosses by chance, and takes nothing from the rest;
    one at a thousandth as well."""
    for early in (0.05, 0.001):
        first, *rest = spending_bounds(Spending.OBRIEN_FLEMING, (early, 0.5, 1.0), 0.025)
        assert first > 8
        assert rest == pytest.approx(spending_bounds(Spending.OBRIEN_FLEMING, (0.5, 1.0), 0.025), abs=1e-6)


def test_classical_bounds():
    """O'Brien-Fleming and Pocock constants of three looks are rpact's."""
    assert wang_tsiatis(3, 0.025, 0.0) == pytest.approx((3.471091445, 2.454432299, 2.004035580), abs=1e-6)
    assert wang_tsiatis(3, 0.025, 0.5) == pytest.approx((2.289478456,) * 3, abs=1e-6)


@pytest.mark.parametrize(
    ("count", "delta", "power", "factor", "last"),
    [(9, 0.1, 0.9, 1.048, 2.113), (6, 0.25, 0.8, 1.077, 2.154), (7, 0.4, 0.8, 1.159, 2.313)],
)
def test_wang_tsiatis(count, delta, power, factor, last):
    """Inflation factors and last bounds are those of gsDesign's own tests."""
    bounds, looks = wang_tsiatis(count, 0.025, delta), [k / count for k in range(1, count + 1)]
    assert bounds[-1] == pytest.approx(last, abs=6e-4)
    assert inflation(looks, bounds, 0.025, power) == pytest.approx(factor, abs=6e-4)


def test_sizes_of_a_sequential_trial():
    """For 0.4 standard deviations at 80 %: fixed, largest and expected sizes are rpact's."""
    bounds = spending_bounds(Spending.OBRIEN_FLEMING, THIRDS, 0.025)
    fixed = size_known_spread(0.4, 1.0, 0.025, 0.8)
    largest = fixed * inflation(THIRDS, bounds, 0.025, 0.8)
    drift = drift_for(0.8, lambda d: crossing(THIRDS, bounds, d).power)
    expected = largest * expected_information(THIRDS, bounds, drift)
    assert (fixed, largest, expected) == pytest.approx((196.2219934, 198.732617, 169.8436697), abs=1e-4)


def test_fixed_sizes():
    """Sizes of a t test and of two shares, and the power of a t test with 30 a group, are rpact's and R's."""
    assert size_of_t(5, 12, 0.025, 0.8) == pytest.approx(182.7788876, abs=1e-5)
    assert size_of_shares(0.67, 0.20, 0.025, 0.8) == pytest.approx(32.468, abs=1e-3)
    assert power_of_t(60, 5, 12, 0.025) == pytest.approx(0.3546026086, abs=1e-8)


def test_crossing_agrees_with_simulation():
    """With a futility bound and a drift, first crossings match 200,000 simulated paths within five errors."""
    upper, lower, drift = (2.8, 2.4, 2.0), (-0.2, 0.6, 2.0), 2.2
    rng = np.random.default_rng(11)
    steps = rng.normal(drift / 3, np.sqrt(1 / 3), (200_000, 3)).cumsum(axis=1)
    z = steps / np.sqrt(np.array(THIRDS))
    open_, ups, downs = np.ones(len(z), bool), [], []
    for k in range(3):
        up, down = open_ & (z[:, k] >= upper[k]), open_ & (z[:, k] < lower[k])
        ups.append(up.mean())
        downs.append(down.mean())
        open_ &= ~up & ~down
    found = crossing(THIRDS, upper, drift, lower)
    assert found.upper == pytest.approx(ups, abs=5 * 0.5 / np.sqrt(200_000))
    assert found.lower == pytest.approx(downs, abs=5 * 0.5 / np.sqrt(200_000))
    assert sum(found.upper) + sum(found.lower) == pytest.approx(1, abs=1e-7)


def test_conditional_power_is_the_chance_of_the_rest():
    """At half of the information with no trend, the final bound is passed as often as the rest alone would pass it."""
    assert conditional_power(0.0, 0.5, 1.96, 0.0) == pytest.approx(0.00278, abs=1e-4)
    assert conditional_power(3.0, 0.5, 1.96, 0.0) == pytest.approx(0.5905, abs=1e-3)


@pytest.mark.parametrize("spending", list(Spending))
def test_a_trial_that_grew_spends_no_more_than_planned(spending):
    """A first look at half, which is a third of the trial once it has grown: bounds of the plan would cross more often
    than alpha, those made anew cross as often as planned at each look."""
    planned = spending_bounds(spending, (0.5, 1.0), 0.025)
    anew = spending_bounds(spending, (0.5, 1.0), 0.025, (1 / 3, 1.0))
    assert anew[0] == pytest.approx(planned[0]) and anew[1] > planned[1]
    assert crossing((1 / 3, 1.0), planned, 0.0).power > 0.0253
    assert crossing((1 / 3, 1.0), anew, 0.0).upper == pytest.approx(crossing((0.5, 1.0), planned, 0.0).upper, abs=1e-8)
