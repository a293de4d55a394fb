"""Live comparison with metafor and clubSandwich on 24 random data sets, where R is installed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from tests.lab.meta.random_sets import SETS, Answers, ask_r, random_set, random_sizes
from unstuck.lab.meta import sizes
from unstuck.lab.meta.dependent import multilevel
from unstuck.lab.meta.inference import Interval, Line, Options
from unstuck.lab.meta.influence import cumulative, influence, leave_one_out
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.regression import Design, design, regress
from unstuck.lab.meta.sample import Effects, effects
from unstuck.lab.meta.small_studies import Spread, egger, trim_and_fill
from unstuck.lab.meta.tau2 import Method
from unstuck.lab.meta.weighted import intercept, restricted_log_likelihood

LAWS = {"z": Interval.NORMAL, "knha": Interval.KNAPP_HARTUNG}
PAIRS = [(method, law) for method in Method for law in LAWS if (method, law) != (Method.FIXED, "knha")]
REML_Z = Options(interval=Interval.NORMAL)


@pytest.fixture(scope="module")
def r(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """All of R's answers, from one run of R."""
    return ask_r(tmp_path_factory.mktemp("r"))


def _sample(number: int, by_study: bool = False) -> Effects:
    found = random_set(number)
    return effects(found["y"], found["v"], studies=[f"s{n:g}" for n in found["study"]] if by_study else None)


def _moderator(number: int) -> Design:
    x = random_set(number)["x"]
    return design({"x": x}, len(x))


def _same(ours: Iterable[float], theirs: Iterable[float], near: float = 1e-6) -> None:
    """Equal to six digits, or to `near` where the number itself is near zero."""
    np.testing.assert_allclose(np.array(list(ours)), np.array(list(theirs)), rtol=1e-5, atol=near)


@pytest.mark.parametrize(("method", "law"), PAIRS)
def test_pools_agree(r: Answers, method: Method, law: str) -> None:
    """Mean, SE, interval, p, tau2, Q, I2, H2, weights and prediction agree with rma on every data set."""
    for number in range(SETS):
        found = pool(_sample(number), Options(method, LAWS[law]))
        mean, spread = found.mean, found.heterogeneity
        assert spread is not None
        ours = (mean.estimate, mean.se, mean.low, mean.high, mean.p, spread.tau2 or 0.0, spread.q, spread.q_p)
        theirs = r[str(number), f"{method}/{law}"]
        _same((*ours, spread.i2_percent, max(1.0, spread.h2)), (*theirs[:9], max(1.0, theirs[9])), 2e-6)
        _same((100 * w for w in found.weights), r[str(number), f"weights/{method}/{law}"])
        if found.prediction is not None:
            _same(found.prediction, r[str(number), f"prediction/{method}/{law}"])


@pytest.mark.parametrize(("method", "law"), PAIRS)
def test_regressions_agree(r: Answers, method: Method, law: str) -> None:
    """Coefficients, SEs, p values, residual tau2, the joint test and residual Q agree with rma on every data set."""
    for number in range(SETS):
        found = regress(_sample(number), _moderator(number), Options(method, LAWS[law]))
        ours = [getattr(each, name) for name in ("estimate", "se", "p") for each in found.coefficients]
        test = found.moderators
        ours += [found.residual.tau2 or 0.0, test.statistic, test.p, found.residual.q]
        _same(ours, r[str(number), f"regression/{method}/{law}"], 2e-6)


def test_intervals_of_tau2_agree(r: Answers) -> None:
    """The Q-profile interval of tau2 agrees with confint on every data set."""
    for number in range(SETS):
        spread = pool(_sample(number)).heterogeneity
        assert spread is not None
        theirs = np.nan_to_num(r[str(number), "qprofile"])  # R leaves out an interval that holds zero only
        _same((spread.tau2_low, spread.tau2_high), theirs, 1e-5)


def test_the_restricted_likelihood_agrees_and_is_never_lower(r: Answers) -> None:
    """At our tau2 the restricted log-likelihood is R's, and on no data set lower: ours is the maximum."""
    for number in range(SETS):
        sample = _sample(number)
        spread = pool(sample).heterogeneity
        assert spread is not None and spread.tau2 is not None
        ours = restricted_log_likelihood(intercept(sample.y, sample.v), spread.tau2)
        theirs = float(r[str(number), "loglik"][0])
        assert ours == pytest.approx(theirs, abs=1e-6) and ours >= theirs - 1e-9


def test_small_study_tests_agree(r: Answers) -> None:
    """Egger's test in both forms and trim and fill agree with regtest and trimfill on every data set."""
    for number in range(SETS):
        name, sample = str(number), _sample(number)
        additive, classic = egger(sample), egger(sample, Spread.MULTIPLICATIVE)
        _same((additive.slope.statistic, additive.slope.p, additive.limit.estimate), r[name, "egger"], 2e-6)
        _same((classic.slope.statistic, classic.slope.p), r[name, "egger_lm"])
        filled = trim_and_fill(sample, REML_Z)
        _same((filled.missing, filled.pooled.mean.estimate), r[name, "fill"], 2e-6)


def test_leaving_out_and_adding_up_agree(r: Answers) -> None:
    """Leave-one-out and cumulative pools agree with leave1out and cumul on every data set."""
    for number in range(SETS):
        name, left = str(number), [each for _, each in leave_one_out(_sample(number), REML_Z)]
        _same([each.mean.estimate for each in left], r[name, "leave"], 2e-6)
        _same([each.heterogeneity.tau2 for each in left if each.heterogeneity], r[name, "leave_tau2"], 2e-6)
        added = [each.mean.estimate for _, each in cumulative(_sample(number), options=REML_Z)]
        _same(added, r[name, "cumulative"], 2e-6)


@pytest.mark.parametrize("law", LAWS)
def test_influence_agrees(r: Answers, law: str) -> None:
    """Deleted residuals, DFFITS, Cook's distance and the rest agree with influence on every data set."""
    theirs = ("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat")
    ours = ("residual", "dffits", "cook", "covariance_ratio", "tau2", "q", "hat")
    for number in range(SETS):
        found = influence(_sample(number), Options(interval=LAWS[law]))
        for mine, other in zip(ours, theirs, strict=True):
            _same([getattr(each, mine) for each in found], r[str(number), f"{other}/{law}"], 5e-6)


def _columns(lines: Iterable[Line], *names: str) -> list[float]:
    kept = list(lines)
    return [getattr(each, name) for name in names for each in kept]


@pytest.mark.parametrize("mods", ["none", "x"])
@pytest.mark.parametrize("rho", [0, 0.6])
def test_three_levels_agree(r: Answers, rho: float, mods: str) -> None:
    """The three-level model agrees with rma.mv, whose likelihood is never higher, and CR2 errors with clubSandwich."""
    compared = 0
    for number in range(SETS):
        by = _moderator(number) if mods == "x" else None
        found = multilevel(_sample(number, by_study=True), by, rho)
        theirs = r[str(number), f"three/{rho}/{mods}"]
        assert found.log_likelihood >= theirs[-1] - 1e-8
        if found.log_likelihood > theirs[-1] + 1e-5:  # R's optimiser stopped early: its numbers are not the maximum's
            continue
        compared += 1
        ours = [*_columns(found.model, "estimate", "se"), found.tau2_between, found.tau2_within]
        np.testing.assert_allclose(ours, theirs[:-1], rtol=2e-3, atol=2e-4)
        robust = _columns(found.robust, "se", "df", "p")
        np.testing.assert_allclose(robust, r[str(number), f"cr2/{rho}/{mods}"], rtol=2e-3, atol=1e-4)
    assert compared >= 20


def test_effect_sizes_agree(r: Answers) -> None:
    """MD, SMD, RR, OR and the changes agree with escalc on forty studies, empty cells among them."""
    s = random_sizes()
    a, b = sizes.Arm(s["n1"], s["m1"], s["s1"]), sizes.Arm(s["n2"], s["m2"], s["s2"])
    x, z = sizes.Counts(s["x1"], s["n1"]), sizes.Counts(s["x2"], s["n2"])
    change, spread = s["m1"] - s["m2"], sizes.change_sd(s["s1"], s["s2"], s["r"])
    ours = {
        "MD": sizes.mean_difference(a, b),
        "SMD": sizes.standardised_mean_difference(a, b),
        "RR": sizes.log_risk_ratio(x, z),
        "OR": sizes.log_odds_ratio(x, z),
        "MC": sizes.mean_change(s["n1"], change, spread),
        "SMCC": sizes.standardised_mean_change(s["n1"], change, spread),
        "SMCR": sizes.standardised_change_raw(s["n1"], change, s["s1"], s["r"]),
    }
    for name, found in ours.items():
        np.testing.assert_allclose(found.y, r["sizes", f"{name}/y"], rtol=1e-9, err_msg=name)
        np.testing.assert_allclose(found.v, r["sizes", f"{name}/v"], rtol=1e-9, err_msg=name)
