"""Published figures whose data are not at hand. Each test runs as soon as its file lies in `data/`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.lab.analysis.examples import DATA
from unstuck.lab.analysis.imputation import jackknife, people
from unstuck.lab.analysis.repeated import mmrm
from unstuck.lab.analysis.table import read_table

FEV, DEPRESSION = "fev_with_sex.csv", "antidepressant.csv"
CROSSED = "change ~ basval*visit + therapy*visit"


def _at_hand(name: str, columns: str) -> Path:
    """The file, or a skip that says what is missing and why; `make test` lists it among what could not run."""
    if not (DATA / name).is_file():
        pytest.skip(f"data not at hand: tests/lab/analysis/data/{name} ({columns}) is in no public package or text")
    return DATA / name


def test_sas_with_sex_as_a_covariate() -> None:
    """SAS PROC MIXED on mmrm's lung function data, FEV1 ~ ARMCD + SEX, type=un: effect, error, df and -2 REML."""
    table = read_table(_at_hand(FEV, "id, visit, armcd, sex, fev1 of mmrm's fev_data; the public text holds no sex"))
    found = mmrm(table, "fev1 ~ armcd + sex", "id", "visit", "satterthwaite")
    (treated,) = found.contrast("armcd", at=found.visits[0])
    assert (abs(treated.estimate), treated.se) == (pytest.approx(3.8265, abs=2e-3), pytest.approx(0.6421, abs=1e-3))
    assert treated.df == pytest.approx(161, abs=1) and found.minus2 == pytest.approx(3666.967, abs=1e-3)
    assert np.diag(found.covariance) == pytest.approx([108.64, 40.1475, 24.7713, 152.49], rel=2e-3)


def test_the_antidepressant_trial_by_mmrm() -> None:
    """gls and mmrm on rbmi's antidepressant trial: effect at visit 7, Kenward-Roger error, df and -2 REML."""
    table = read_table(_at_hand(DEPRESSION, "patient, visit, therapy, basval, change of rbmi's antidepressant_data"))
    found = mmrm(table, CROSSED, "patient", "visit")
    (last,) = found.contrast("therapy", at=7)
    assert abs(last.estimate) == pytest.approx(2.80183409, abs=1e-4)
    assert (last.se, last.df) == (pytest.approx(1.11629033, abs=1e-4), pytest.approx(150.1085, abs=0.05))
    assert found.minus2 == pytest.approx(3494.20285007, abs=1e-5)


def test_the_antidepressant_trial_by_jump_to_reference() -> None:
    """rbmi's J2R with the jackknife: 2.126 with error 0.858 at visit 7."""
    table = read_table(_at_hand(DEPRESSION, "patient, visit, therapy, basval, change of rbmi's antidepressant_data"))
    found = jackknife(people(table, CROSSED, "patient", "visit", "therapy", "PLACEBO"), "j2r").at()
    assert (abs(found.estimate), found.se) == (pytest.approx(2.126, abs=1e-3), pytest.approx(0.858, abs=1e-3))
