"""Many meta-analyses at once are the same as one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.lab.meta.random_sets import SETS, random_set
from unstuck.core.errors import Complaint
from unstuck.lab.meta.batch import ManyPooled, pool_many
from unstuck.lab.meta.inference import Interval, Options
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.sample import effects
from unstuck.lab.meta.tau2 import Method

ARRAYS = ("estimate", "se", "low", "high", "tau2", "q", "prediction_low", "prediction_high")


def _together() -> tuple[np.ndarray, np.ndarray]:
    """All random sets as padded arrays."""
    widest = max(len(random_set(n)["y"]) for n in range(SETS))
    y, v = np.full((2, SETS, widest), np.nan)
    for n in range(SETS):
        found = random_set(n)
        y[n, : len(found["y"])], v[n, : len(found["v"])] = found["y"], found["v"]
    return y, v


@pytest.mark.parametrize("compiled", [False, True], ids=["numpy", "compiled"])
@pytest.mark.parametrize("interval", list(Interval))
@pytest.mark.parametrize("method", list(Method))
def test_a_batch_is_one_pool_after_the_other(method, interval, compiled):
    """Every figure of every padded data set is that of pooling it alone."""
    options = Options(method, interval)
    many = pool_many(*_together(), options, compiled)
    assert many.converged.all()
    for n in range(SETS):
        alone = pool(effects(random_set(n)["y"], random_set(n)["v"]), options)
        spread, mean = alone.heterogeneity, alone.mean
        assert spread is not None and many.k[n] == alone.k
        ours = (many.estimate[n], many.se[n], many.low[n], many.high[n], many.tau2[n], many.q[n])
        expected = (mean.estimate, mean.se, mean.low, mean.high, spread.tau2 or 0.0, spread.q)
        assert ours == pytest.approx(expected, rel=1e-7, abs=1e-8)
        if alone.prediction is not None:
            assert (many.prediction_low[n], many.prediction_high[n]) == pytest.approx(alone.prediction, rel=1e-6)


@pytest.mark.parametrize("method", list(Method))
def test_both_spellings_agree_on_thousands(method):
    """NumPy and the compiled kernel agree on 3,000 simulated meta-analyses with gaps, and all converge."""
    luck = np.random.default_rng(11)
    v = luck.uniform(0.01, 0.5, (3000, 12))
    y = luck.normal(0, np.sqrt(v + luck.choice([0.0, 0.05, 0.5], (3000, 1))))
    y[luck.random((3000, 12)) < 0.3] = np.nan
    v[np.isnan(y)] = np.nan
    plain, compiled = (pool_many(y, v, Options(method), each) for each in (False, True))
    assert _all_converge(plain) and _all_converge(compiled)
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(plain, name), getattr(compiled, name), rtol=1e-7, atol=1e-8, err_msg=name)


def _all_converge(many: ManyPooled) -> bool:
    return bool(many.converged[many.k >= 2].all())


def _coverage(low: float, high: float) -> dict[Interval, float]:
    """How often each 95 % interval holds the truth, over 20,000 meta-analyses of ten trials with such variances."""
    luck = np.random.default_rng(5)
    v = luck.uniform(low, high, (20000, 10))
    y = luck.normal(0.3, np.sqrt(v + 0.1))
    found = {interval: pool_many(y, v, Options(interval=interval)) for interval in Interval}
    return {interval: float(np.mean((many.low < 0.3) & (many.high > 0.3))) for interval, many in found.items()}


def test_knapp_hartung_keeps_its_level():
    """Among trials of like size the Knapp-Hartung 95 % interval holds the truth in 95 %, the normal one in fewer."""
    held = _coverage(0.1, 0.15)
    assert held[Interval.KNAPP_HARTUNG] == pytest.approx(0.95, abs=0.005)
    assert held[Interval.NORMAL] < 0.93


def test_unlike_trials_need_the_ad_hoc_interval():
    """Among trials of very unlike size it falls short of 95 % too, though less, and the ad hoc one is nearer."""
    held = _coverage(0.02, 0.4)
    assert held[Interval.NORMAL] < held[Interval.KNAPP_HARTUNG] < 0.94 < held[Interval.AD_HOC]


@pytest.mark.parametrize("compiled", [False, True])
def test_too_few_studies_give_no_number(compiled):
    """A data set of one study, or of none, gives NaN and is marked as not converged; the others are untouched."""
    y = np.array([[0.1, np.nan, np.nan], [np.nan] * 3, [0.1, 0.3, 0.2]])
    found = pool_many(y, np.where(np.isnan(y), np.nan, 0.1), Options(), compiled)
    assert np.isnan(found.estimate[:2]).all() and np.isnan(found.low[:2]).all() and not found.converged[:2].any()
    assert found.estimate[2] == pytest.approx(0.2) and found.converged[2]


@pytest.mark.parametrize(
    ("y", "v", "said"),
    [
        ([[0.1, 0.2]], [[0.1]], "no data sets by studies"),
        ([0.1, 0.2], [0.1, 0.1], "no data sets by studies"),
        ([[0.1, np.nan]], [[0.1, 0.2]], "not missing together"),
        ([[0.1, 0.2]], [[0.1, 0.0]], "not above zero"),
        ([[0.1, np.inf]], [[0.1, 0.2]], "not finite"),
    ],
)
def test_impossible_batches_are_refused(y, v, said):
    """Arrays that are no meta-analyses are refused before anything is computed."""
    with pytest.raises(Complaint, match=said):
        pool_many(np.array(y), np.array(v))
