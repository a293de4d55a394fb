"""One time point: analysis of covariance, and responders under a definition of the library."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from tests.lab.analysis.examples import drawn
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_instrument
from unstuck.lab.analysis.ancova import ancova
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.responders import Missing, definition, responders


def _people(seed: int, count: int = 300) -> tuple[Floats, Floats, Floats]:
    """Arm, a covariate, and whether somebody responded."""
    rng = np.random.default_rng(seed)
    arm, x = rng.integers(0, 2, count), rng.normal(size=count)
    return arm, x, (rng.random(count) < 1 / (1 + np.exp(-(-0.5 + 0.8 * arm + 0.9 * x)))).astype(float)


def test_ancova_is_what_statsmodels_fits() -> None:
    """Estimate, error, df, interval and p of arm and baseline are those of statsmodels' least squares."""
    x, y = drawn(4, 60, 2, 0.0)
    found = ancova(
        {"chg": y[:, 1], "arm": np.where(x[:, 1] == 1, "ket", "active"), "base": x[:, 2]}, "chg ~ base + arm"
    )
    fit = sm.OLS(y[:, 1], x).fit()
    (arm,) = found.contrast("arm")
    assert [arm.estimate, arm.se, arm.df, arm.p] == pytest.approx(
        [fit.params[1], fit.bse[1], fit.df_resid, fit.pvalues[1]]
    )
    assert [arm.low, arm.high] == pytest.approx(list(fit.conf_int()[1]))
    assert found.coefficients()[1].estimate == pytest.approx(fit.params[2])


def test_ancova_refuses_what_mmrm_refuses() -> None:
    """A misspelt column and unlike lengths are refused."""
    with pytest.raises(Complaint, match="Did you mean"):
        ancova({"chg": [1.0, 2], "arms": [0, 1]}, "chg ~ arm")
    with pytest.raises(Complaint, match="unlike lengths"):
        ancova({"chg": [1.0, 2], "arm": [0, 1, 1]}, "chg ~ arm")


def test_a_risk_difference_without_covariates_is_the_counted_one() -> None:
    """Feder 2021's 10 of 15 against 3 of 15: p1 - p0 with the binomial error."""
    y = np.array([1] * 10 + [0] * 5 + [1] * 3 + [0] * 12)
    found = responders(y, np.arange(30) < 15)
    se = np.sqrt(10 / 15 * 5 / 15 / 15 + 3 / 15 * 12 / 15 / 15)
    assert (found.difference.estimate, found.difference.se) == (pytest.approx(7 / 15), pytest.approx(se))


def test_standardised_risks_are_means_of_statsmodels_predictions() -> None:
    """Each risk is the mean over everybody of statsmodels' logistic prediction under that arm."""
    arm, x, y = _people(1)
    found = responders(y, arm, x[:, None])
    fit = sm.GLM(y, np.column_stack([arm, np.ones(300), x]), family=sm.families.Binomial()).fit(tol=1e-14)
    want = [fit.predict(np.column_stack([np.full(300, k), np.ones(300), x])).mean() for k in (0, 1)]
    assert [found.control.estimate, found.treated.estimate] == pytest.approx(want, abs=1e-9)


def test_the_standardised_error_is_the_spread_over_trials() -> None:
    """Over 600 random trials the sandwich error of the standardised difference is the spread of the estimates."""
    made = [responders(y, arm, x[:, None]).difference for arm, x, y in (_people(seed, 150) for seed in range(600))]
    spread = np.std([each.estimate for each in made])
    assert np.mean([each.se for each in made]) == pytest.approx(spread, rel=0.07)


def test_standardising_an_even_covariate_changes_nothing() -> None:
    """A covariate without relation to arm or outcome leaves the difference as counted."""
    y = np.tile([1.0, 0, 1, 1, 0, 0, 1, 0], 10)
    arm, x = np.tile([1, 1, 1, 1, 0, 0, 0, 0], 10), np.repeat([-1.0, 1.0], 40)
    with_x, without = responders(y, arm, x[:, None]).difference, responders(y, arm).difference
    assert (with_x.estimate, with_x.se) == (pytest.approx(without.estimate), pytest.approx(without.se, rel=1e-6))


def test_a_definition_is_read_from_the_library() -> None:
    """CAPS-5 rules of the library judge two totals: 30 percent, 13 points, and both with an end of at most 8."""
    caps5 = load_instrument("caps5")
    before, after = np.array([40.0, 40, 40, 20, 40]), np.array([28.0, 27, 29, 8, np.nan])
    share = definition(caps5, "response")
    assert share.holds(before, after) == pytest.approx([1, 1, 0, 1, np.nan], nan_ok=True)
    assert any("feder_2021_caps5" in source for source in share.sources)
    assert definition(caps5, "reliable").holds(before, after) == pytest.approx([0, 1, 0, 0, np.nan], nan_ok=True)
    assert definition(caps5, "clinically_significant").holds(before[:4], after[:4]) == pytest.approx([0, 0, 0, 0])
    with pytest.raises(Complaint, match="no rule of change 'cured'"):
        definition(caps5, "cured")
    with pytest.raises(Complaint, match="more than two totals"):
        definition(caps5, "remission")


def test_the_missing_count_as_the_plan_says() -> None:
    """Four of ten unknown: as nonresponse the risk halves, left out it is that of the others, and a note says which."""
    y = np.array([1.0, 1, 1, np.nan, np.nan, 0, 1, 0, np.nan, np.nan])
    arm = np.arange(10) < 5
    composite, seen = responders(y, arm), responders(y, arm, missing=Missing.LEFT_OUT)
    assert (composite.treated.estimate, composite.control.estimate) == (0.6, 0.2)
    assert (seen.treated.estimate, seen.control.estimate) == (1.0, pytest.approx(1 / 3))
    assert "4 of 10 people" in composite.notes[0] and "left out" in seen.notes[0] and "no certainty" in seen.notes[1]


def test_what_has_no_answer_is_refused() -> None:
    """An empty arm, a covariate that decides everything, and an unknown covariate are refused."""
    arm, x, y = _people(2, 40)
    with pytest.raises(Complaint, match="nobody who counts"):
        responders(y, np.zeros(40))
    with pytest.raises(Complaint, match="no finite"):
        responders(y, arm, y[:, None])
    with pytest.raises(Complaint, match="unknown"):
        responders(y, arm, np.where(x > 1, np.nan, x)[:, None])
