"""Reference-based imputation by conditional means, its jackknife and tipping points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.analysis.examples import drawn, long_table, with_gaps
from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.imputation import People, Strategy, jackknife, people
from unstuck.lab.analysis.repeated import mmrm

CROSSED = "chg ~ base*visit + arm*visit"


def _people(x: Floats, y: Floats, reference: object = 0) -> People:
    return people(long_table(x, y), CROSSED, "id", "visit", "arm", reference)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_under_mar_it_is_the_model_itself(seed: int, gaps: bool) -> None:
    """Completing by conditional means at random and comparing the last visit gives the MMRM's own contrast, exactly."""
    x, y = with_gaps(seed, 40, 3, 0.1) if gaps else drawn(seed, 40, 3, 0.15)
    want = mmrm(long_table(x, y), CROSSED, "id", "visit").contrast("arm", at=14)[0].estimate
    assert jackknife(_people(x, y), "mar").estimate == pytest.approx(want, abs=1e-6)


def _by_hand(who: People, b: Floats, s: Floats, strategy: str) -> Floats:
    """Conditional means person by person, from the definition: an independent spelling."""
    done = np.array(who.y)
    for i, row in enumerate(who.y):
        seen = np.isfinite(row)
        last = int(np.flatnonzero(seen)[-1])
        own, ref, visits = who.x[i] @ b.T, who.reference[i] @ b.T, len(row)
        mean = own.copy()
        if who.other[i] and last < visits - 1:
            for t in range(visits):
                if strategy == "cr" or (strategy == "j2r" and t > last):
                    mean[t] = ref[t]
                if strategy == "cir" and t > last:
                    mean[t] = own[last] + ref[t] - ref[last]
        v = s[np.ix_(~seen, seen)] @ np.linalg.inv(s[np.ix_(seen, seen)])
        done[i, ~seen] = mean[~seen] + v @ (row[seen] - mean[seen])
    return done


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("reference", [0, 1])
def test_each_strategy_is_its_definition(strategy: Strategy, reference: int) -> None:
    """With gaps and dropout, each strategy gives the estimate of an imputation written out person by person."""
    x, y = with_gaps(3, 50, 4, 0.1)
    who = _people(x, y, reference)
    fit = mmrm(long_table(x, y), CROSSED, "id", "visit")
    b = (fit.model.g @ np.array([each.estimate for each in fit.coefficients()])).reshape(4, -1)
    last = _by_hand(who, b, fit.covariance, strategy)[:, -1]
    want = np.linalg.lstsq(x, last, rcond=None)[0][1] * (1 if reference == 0 else -1)
    assert jackknife(who, strategy).estimate == pytest.approx(want, abs=1e-7)


def test_copying_the_reference_pulls_towards_no_effect() -> None:
    """With a large effect, J2R and CR lie between nothing and MAR; CIR keeps what was reached, so lies beyond J2R."""
    x, y = drawn(9, 80, 4, 0.2)
    y = y - 15 * x[:, 1, None] * np.linspace(0.5, 1, 4)
    found = {name: jackknife(_people(x, y), name).estimate for name in Strategy}
    assert found[Strategy.MAR] < found[Strategy.CIR] < found[Strategy.J2R] < 0
    assert found[Strategy.MAR] < found[Strategy.CR] < 0


def test_the_jackknife_is_the_textbook_one() -> None:
    """Leaving each person out by fitting the model anew from its table gives the same error."""
    x, y = drawn(2, 24, 3, 0.15)
    who = _people(x, y)
    found = jackknife(who, "j2r")
    again = [jackknife_free(x, y, i) for i in range(len(x))]
    assert found.without == pytest.approx(again, abs=1e-8)
    assert found.at().se == pytest.approx(np.sqrt(23 / 24 * np.var(again) * 24), rel=1e-8)


def jackknife_free(x: Floats, y: Floats, left_out: int) -> float:
    """The J2R estimate of everybody else, from the table on."""
    keep = np.arange(len(x)) != left_out
    who = _people(x[keep], y[keep])
    fit = mmrm(long_table(x[keep], y[keep]), CROSSED, "id", "visit")
    b = (fit.model.g @ np.array([each.estimate for each in fit.coefficients()])).reshape(y.shape[1], -1)
    return float(np.linalg.lstsq(x[keep], _by_hand(who, b, fit.covariance, "j2r")[:, -1], rcond=None)[0][1])


def test_with_nobody_missing_the_jackknife_is_the_usual_error() -> None:
    """Complete data: every strategy is the analysis of covariance, and the jackknife error is close to its own."""
    x, y = drawn(6, 80, 3, 0.0)
    fit = mmrm(long_table(x, y), CROSSED, "id", "visit").contrast("arm", at=14)[0]
    for strategy in Strategy:
        found = jackknife(_people(x, y), strategy)
        assert found.estimate == pytest.approx(fit.estimate, abs=1e-9) and found.imputed == 0
        assert found.at().se == pytest.approx(fit.se, rel=0.1)


def test_the_tipping_point_is_where_significance_ends() -> None:
    """At the tipping point p is alpha; a little less keeps it below, and a result that is not significant has none."""
    x, y = drawn(9, 80, 4, 0.2)
    y = y - 9 * x[:, 1, None] * np.linspace(0.5, 1, 4)
    found = jackknife(_people(x, y), "mar")
    delta = found.tipping_point()
    assert delta is not None and delta > 0
    assert found.at(delta).p == pytest.approx(0.05, abs=1e-6)
    assert found.at(0.9 * delta).p < 0.05 < found.at(1.1 * delta).p
    weak = jackknife(_people(*drawn(1, 40, 3, 0.1)), "mar")
    assert weak.at().p > 0.05 and weak.tipping_point() is None


def test_what_cannot_be_imputed_is_refused() -> None:
    """A covariate that is not crossed with visit, an arm of three levels, and an arm that is not there are refused."""
    table = long_table(*drawn(1, 40, 3, 0.1))
    with pytest.raises(Complaint, match="crossed with visit"):
        people(table, "chg ~ base + arm*visit", "id", "visit", "arm", 0)
    with pytest.raises(Complaint, match="two levels"):
        people({**table, "arm": table["id"] % 3}, CROSSED, "id", "visit", "base", 0)
    with pytest.raises(Complaint, match="no arm 'placebo'"):
        people(table, CROSSED, "id", "visit", "arm", "placebo")
