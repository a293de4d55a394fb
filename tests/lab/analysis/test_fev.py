"""The example of R's mmrm, 200 patients with gaps: figures of mmrm at its tightest, and of SAS PROC MIXED."""

from __future__ import annotations

import numpy as np
import pytest

from tests.lab.analysis.examples import DATA
from unstuck.lab.analysis import Mmrm, mmrm
from unstuck.lab.analysis.closed import Floats

# Figures of SAS: design/ddfm_covtype/kr_us.csv, kr_toep.csv, design/KR/kr_cs.csv, design/SAS/*_reml.txt of mmrm.
SAS_KR = {
    "us": (3.81972492174648, 0.66124382270307, 160.733266403768),
    "toep": (4.47051860580552, 0.87839805519623, 160.027408337368),
    "cs": (4.19663617897035, 0.7964696053595, 177.038485931223),
}


def _table() -> dict[str, Floats]:
    cells = np.genfromtxt(DATA / "fev.csv", delimiter=",", skip_header=1, usecols=range(1, 6), filling_values=np.nan)
    people = np.arange(len(cells))
    columns = {"id": np.repeat(people, 4), "treated": np.repeat(cells[:, 0], 4)}
    return {**columns, "visit": np.tile([1.0, 2, 3, 4], len(cells)), "FEV1": cells[:, 1:].ravel()}


def _fit(formula: str = "FEV1 ~ treated", covariance: str = "us", df: str = "kenward-roger") -> Mmrm:
    return mmrm(_table(), formula, "id", "visit", df, covariance)


def test_mmrm_at_its_tightest_gives_nine_digits_of_ours() -> None:
    """mmrm 0.3.18 with nlminb at rel.tol 1e-15: estimate, Kenward-Roger error, df and -2 REML to nine digits."""
    found = _fit()
    (treated,) = found.contrast("treated", at=4)
    assert treated.estimate == pytest.approx(3.8197495368, abs=1e-9)
    assert treated.se == pytest.approx(0.6613004589, abs=1e-10)
    assert treated.df == pytest.approx(160.69062046, abs=1e-7)
    assert found.minus2 == pytest.approx(3667.96275614, abs=1e-7)


def test_mmrm_at_its_defaults_lies_a_little_off() -> None:
    """mmrm 0.3.18 at its default tolerance: estimate, Kenward-Roger error and df to one to two ten-thousandths."""
    found = _fit()
    (treated,) = found.contrast("treated", at=4)
    assert (treated.estimate, treated.se) == (pytest.approx(3.81984103, rel=1e-4), pytest.approx(0.66126802, rel=1e-4))
    assert treated.df == pytest.approx(160.71125, rel=2e-4) and found.minus2 == pytest.approx(3667.96277, abs=1e-4)


@pytest.mark.parametrize("covariance", SAS_KR)
def test_sas_agrees_for_linear_structures(covariance: str) -> None:
    """SAS's Kenward-Roger line for unstructured, Toeplitz and compound symmetric covariances, at its tolerance."""
    (treated,) = _fit(covariance=covariance).contrast("treated", at=1)
    estimate, se, df = SAS_KR[covariance]
    assert (treated.estimate, treated.se) == (pytest.approx(estimate, rel=2e-4), pytest.approx(se, rel=2e-4))
    assert treated.df == pytest.approx(df, rel=5e-4)


def test_sas_agrees_about_a_mean_alone() -> None:
    """The intercept, its error and df, all ten covariances, and a -2 REML not above SAS's 3700.94648570."""
    found = _fit("FEV1 ~ 1", df="satterthwaite")
    (mean,) = found.coefficients()
    assert (mean.estimate, mean.se) == (pytest.approx(42.8338, abs=1e-3), pytest.approx(0.3509, abs=1e-4))
    assert round(mean.df or 0) == 171
    sas = [113.63, 49.8999, 44.0193, 2.7459, 4.9722, 27.2643, -40.4566, -8.5335, 23.0555, 158.17]
    assert found.covariance[np.tril_indices(4)] == pytest.approx(sas, rel=2e-3)
    assert found.minus2 == pytest.approx(3700.94648570, abs=1e-5)
    assert found.minus2 <= 3700.94648570 + 1e-7


def test_sas_agrees_about_heterogeneous_compound_symmetry() -> None:
    """Variances, correlation, mean and -2 REML of the csh model of SAS."""
    found = _fit("FEV1 ~ 1", "csh", "satterthwaite")
    (mean,) = found.coefficients()
    assert (mean.estimate, mean.se) == (pytest.approx(41.9964, abs=1e-4), pytest.approx(0.3575, abs=1e-4))
    assert np.diag(found.covariance) == pytest.approx([104.61, 38.6137, 31.3143, 178.91], rel=2e-4)
    assert found.covariance[1, 0] / np.sqrt(104.61 * 38.6137) == pytest.approx(0.1582, abs=2e-4)
    assert found.minus2 == pytest.approx(3784.85341599, abs=1e-5)
