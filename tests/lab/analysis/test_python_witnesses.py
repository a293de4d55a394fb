"""Other packages of Python on the same tables: mixedlm with a random effect for each visit, statsmodels with one."""

from __future__ import annotations

import mixedlm
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from tests.lab.analysis.examples import drawn, long_table, trial, with_gaps
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.repeated import mmrm


def _frame(x: Floats, y: Floats) -> pd.DataFrame:
    return pd.DataFrame(long_table(x, y)).dropna().astype({"visit": str, "arm": str, "id": str})


@pytest.mark.parametrize(("name", "made"), [("frozen", trial("trial_mono.csv")), ("gaps", with_gaps(7, 80, 3, 0.1))])
def test_mixedlm_agrees(name: str, made: tuple[Floats, Floats]) -> None:
    """An unstructured covariance is a random effect for each visit: mixedlm's coefficients and errors are ours."""
    found = mixedlm.lmer("chg ~ base*visit + arm*visit + (0 + visit | id)", _frame(*made))
    ours = mmrm(_frame(*made), "chg ~ base*visit + arm*visit", "id", "visit", "satterthwaite")
    theirs = dict(found.fixef())
    assert ours.coefficients()[0].estimate == pytest.approx(theirs["(Intercept)"], rel=1e-4, abs=1e-4), name
    visits = len(ours.visits)
    first = ours.contrast("arm", at=ours.visits[0])[0].estimate
    assert first == pytest.approx(theirs["arm.1"], rel=1e-5)
    last = ours.contrast("arm", at=ours.visits[-1])[0].estimate
    # mixedlm orders visits as words; the effect at a visit is the arm's at its first one plus the interaction's
    words = sorted(ours.visits)
    place = words.index(ours.visits[-1])
    assert visits == len(words)
    assert last == pytest.approx(theirs["arm.1"] + (theirs[f"arm.1:visit.{place}"] if place else 0.0), rel=1e-5)


def test_statsmodels_agrees_under_compound_symmetry() -> None:
    """Compound symmetry is a random intercept: statsmodels gives the same coefficients, errors and -2 REML."""
    x, y = drawn(14, 70, 3, 0.1)
    frame = _frame(x, y + np.random.default_rng(1).normal(0, 6, (70, 1)))
    fit = smf.mixedlm("chg ~ base*C(visit) + C(arm)*C(visit)", frame, groups="id").fit(reml=True)
    ours = mmrm(frame, "chg ~ base*visit + arm*visit", "id", "visit", "satterthwaite", "cs")
    first = ours.contrast("arm", at=ours.visits[0])[0]
    assert first.estimate == pytest.approx(fit.fe_params["C(arm)[T.1.0]"], rel=1e-4)
    assert first.se == pytest.approx(fit.bse_fe["C(arm)[T.1.0]"], rel=1e-3)
    assert ours.minus2 == pytest.approx(-2 * fit.llf, abs=1e-4)
