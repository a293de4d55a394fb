"""The closed form for monotone dropout, in both spellings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.analysis.examples import VISITS, drawn, monotone_trials, trial
from unstuck.core.errors import Complaint
from unstuck.lab.analysis import closed, closed_kernel
from unstuck.lab.analysis.closed import Floats, ManyFits, monotone_sums

ARM = np.array([0.0, 1.0, 0.0])
LAST = np.eye(VISITS)[-1]


def _numbers(found: ManyFits) -> Floats:
    return np.stack([found.estimate, found.se, found.se_kr, found.df])


def test_the_frozen_trial_gives_what_gls_lmertest_and_mmrm_give() -> None:
    """nlme::gls 3.1-162 (estimate, SE, -2REML), lmerTest 3.1-3 (df) and mmrm 0.3.18 (Kenward-Roger SE) agree."""
    x, y = trial("trial_mono.csv")
    sums = monotone_sums(x[None], y[None])
    estimate, se, se_kr, df = _numbers(closed.fit_many(sums, LAST, ARM))[:, 0, 0]
    assert estimate == pytest.approx(-6.99620620, rel=1e-6)
    assert se == pytest.approx(1.43505784, rel=2e-6)
    assert se_kr == pytest.approx(1.43740468, rel=5e-6)
    assert df == pytest.approx(249.8578, rel=2e-6)
    assert closed.factors(sums).minus2[0] == pytest.approx(9764.969097, abs=1e-6)


def test_the_frozen_trial_gives_its_own_frozen_digits() -> None:
    """To nine digits the answer is the one that our first prototype gave and mmrm's exact optimum confirms."""
    x, y = trial("trial_mono.csv")
    got = _numbers(closed.fit_many(monotone_sums(x[None], y[None]), LAST, ARM))[:, 0, 0]
    assert got == pytest.approx([-6.99620552, 1.43505940, 1.43740082, 249.857552], rel=4e-9)


@settings(max_examples=25, deadline=None)
@given(monotone_trials, st.integers(0, 100))
def test_both_spellings_agree(data: tuple[Floats, Floats], luck: int) -> None:
    """NumPy's inverses and the kernel's Cholesky factors give the same four numbers for any contrast."""
    x, y = data
    sums = monotone_sums(x[None], y[None])
    rng = np.random.default_rng(luck)
    weights, covariate = rng.normal(size=(3, y.shape[1])), rng.normal(size=(3, 3))
    plain, compiled = closed.fit_many(sums, weights, covariate), closed_kernel.fit_many(sums, weights, covariate)
    assert _numbers(compiled) == pytest.approx(_numbers(plain), rel=1e-7, nan_ok=True)


@settings(max_examples=20, deadline=None)
@given(monotone_trials)
def test_with_nobody_missing_it_is_ordinary_regression(data: tuple[Floats, Floats]) -> None:
    """Without dropout the last visit is analysed by least squares: its SE, its n - q df, no Kenward-Roger change."""
    x, y = drawn(len(data[0]), len(data[0]), data[1].shape[1], 0.0)
    got = _numbers(closed.fit_many(monotone_sums(x[None], y[None]), np.eye(y.shape[1])[-1], ARM))[:, 0, 0]
    b, rss = np.linalg.lstsq(x, y[:, -1], rcond=None)[:2]
    se = np.sqrt(rss[0] / (len(x) - 3) * np.linalg.inv(x.T @ x)[1, 1])
    assert got == pytest.approx([b[1], se, se, len(x) - 3], rel=1e-8)


def test_sites_that_share_only_sums_lose_nothing() -> None:
    """Three sites that send sums give the fit of all patients together, to a few units in the last place."""
    x, y = trial("trial_mono.csv")
    parts = [monotone_sums(x[None, k::3], y[None, k::3]) for k in range(3)]
    pooled = closed.fit_many(parts[0] + parts[1] + parts[2], LAST, ARM)
    whole = closed.fit_many(monotone_sums(x[None], y[None]), LAST, ARM)
    assert _numbers(pooled) == pytest.approx(_numbers(whole), rel=3e-14)


def test_a_visit_with_too_few_patients_has_no_answer() -> None:
    """No more patients than covariates at a visit, or an empty arm, gives NaN in both spellings."""
    x, y = (each.copy() for each in drawn(3, 20, 3, 0.0))
    y[3:, 2] = np.nan
    empty = x.copy()
    empty[:, 1] = 0
    few, alone = monotone_sums(x[None], y[None]), monotone_sums(empty[None], drawn(3, 20, 3, 0.0)[1][None])
    for sums in (few, alone):
        for spelling in (closed.fit_many, closed_kernel.fit_many):
            assert np.isnan(_numbers(spelling(sums, np.eye(3)[2], ARM))).all()


def test_a_trial_without_answer_does_not_touch_its_neighbours() -> None:
    """In a batch, the trials beside one without an answer keep theirs to the bit."""
    x, y = drawn(5, 30, 3, 0.1)
    gone = y.copy()
    gone[:, 2] = np.nan
    sums = monotone_sums(np.stack([x, x, x]), np.stack([y, gone, y]))
    alone = _numbers(closed_kernel.fit_many(monotone_sums(x[None], y[None]), np.eye(3)[1], ARM))[:, 0]
    batch = _numbers(closed_kernel.fit_many(sums, np.eye(3)[1], ARM))
    assert np.isnan(batch[:, 1]).all()
    assert np.array_equal(batch[:, 0], alone) and np.array_equal(batch[:, 2], alone)


def test_a_gap_is_refused() -> None:
    """A patient who misses a visit and comes back is no monotone dropout; the closed form says so."""
    x, y = drawn(1, 20, 3, 0.0)
    y[4, 1] = np.nan
    with pytest.raises(Complaint, match="comes back"):
        monotone_sums(x[None], y[None])


def test_sums_of_unlike_models_do_not_add_up() -> None:
    """Sites with other visits or covariates are refused, not added."""
    x, y = drawn(1, 20, 3, 0.0)
    sums = monotone_sums(x[None], y[None])
    with pytest.raises(Complaint, match="unlike"):
        _ = sums + monotone_sums(x[None], y[None, :, :2])
