"""Live comparison with PyMARE and statsmodels, which share no code with us or with R."""

from __future__ import annotations

import numpy as np
import pytest
from pymare import estimators
from statsmodels.stats.meta_analysis import combine_effects

from tests.lab.meta.random_sets import SETS, random_set
from unstuck.lab.meta.inference import Interval, Options
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.regression import design, regress
from unstuck.lab.meta.sample import effects
from unstuck.lab.meta.tau2 import Method


@pytest.mark.parametrize(("method", "theirs"), [(Method.DL, "dl"), (Method.PM, "iterated")])
def test_statsmodels_agrees(method, theirs):
    """Fixed and random means, their SEs, the Knapp-Hartung SE, tau2 and Q agree with statsmodels on 20 sets and more.

    statsmodels lets the moment estimate fall below zero; those sets are compared with its fixed effect instead.
    """
    compared = 0
    for number in range(SETS + 10):
        found = random_set(number)
        sample = effects(found["y"], found["v"])
        other = combine_effects(found["y"], found["v"], method_re=theirs)
        normal, hartung = (pool(sample, Options(method, law)) for law in (Interval.NORMAL, Interval.KNAPP_HARTUNG))
        fixed, spread = pool(sample, Options(Method.FIXED)), normal.heterogeneity
        assert spread is not None
        ours, expected = (
            [fixed.mean.estimate, fixed.mean.se, spread.q],
            [other.mean_effect_fe, other.sd_eff_w_fe, other.q],
        )
        if other.tau2 < 0:
            assert spread.tau2 == 0 and normal.mean.estimate == pytest.approx(other.mean_effect_fe)
        else:
            compared += 1
            ours += [normal.mean.estimate, normal.mean.se, hartung.mean.se, spread.tau2 or 0.0]
            expected += [other.mean_effect_re, other.sd_eff_w_re, other.sd_eff_w_re_hksj, other.tau2]
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)
    assert compared >= 20


@pytest.mark.parametrize("number", range(SETS))
def test_pymare_agrees_on_moments(number):
    """DerSimonian-Laird with a moderator agrees with PyMARE: coefficients, Knapp-Hartung SEs and tau2."""
    found = random_set(number)
    by = design({"x": found["x"]}, len(found["x"]))
    ours = regress(effects(found["y"], found["v"]), by, Options(Method.DL))
    theirs = estimators.DerSimonianLaird().fit(found["y"][:, None], found["v"][:, None], X=by.x).summary()
    table = theirs.get_fe_stats()
    np.testing.assert_allclose([line.estimate for line in ours.coefficients], table["est"].ravel(), rtol=1e-7)
    np.testing.assert_allclose([line.se for line in ours.coefficients], table["se"].ravel(), rtol=1e-7)
    assert ours.residual.tau2 == pytest.approx(float(np.ravel(theirs.tau2)[0]), abs=1e-9)


@pytest.mark.parametrize("number", range(SETS))
def test_pymare_agrees_on_restricted_likelihood(number):
    """REML with a moderator agrees with PyMARE's general optimiser as far as that one converges."""
    found = random_set(number)
    by = design({"x": found["x"]}, len(found["x"]))
    ours = regress(effects(found["y"], found["v"]), by, Options(Method.REML, Interval.NORMAL))
    theirs = estimators.VarianceBasedLikelihoodEstimator(method="REML").fit(
        found["y"][:, None], found["v"][:, None], X=by.x
    )
    assert ours.residual.tau2 == pytest.approx(float(np.ravel(theirs.summary().tau2)[0]), abs=2e-3)
