"""Parallel trials with fixed visits: the fused kernel beside its plain spelling, its luck, and its error rates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.lab.analysis import closed
from unstuck.lab.analysis.closed import Floats, monotone_sums
from unstuck.lab.trials.fixed_visits import FixedVisits, Luck, Trials, made_up, patients_of, simulate

MEANS = np.array([[-3.0, -5, -6, -7, -7], [-8, -10, -11, -11, -12]])
SEED = 20261122
"""Written down before the first run, and not chosen by what came out."""


def _design(patients: int = 300, means: Floats = MEANS, **more: object) -> FixedVisits:
    usual = made_up(40)
    return FixedVisits(patients, means, usual.covariance, **{"hazard": usual.hazard, **more})


def _numbers(trials: Trials) -> Floats:
    f = trials.fits
    return np.stack([f.estimate, f.se, f.se_kr, f.df])


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**64 - 1), st.integers(20, 60), st.integers(2, 3),
    st.tuples(st.floats(-4, -1.5), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)),
)  # fmt: skip
def test_the_kernel_does_what_the_plain_spelling_does(
    seed: int, patients: int, arms: int, hazard: tuple[float, float, float]
) -> None:
    """From luck to Kenward-Roger, kernel and NumPy agree for two and three arms, whatever leaving depends on."""
    means = np.vstack([MEANS, MEANS[1] - 2])[:arms]
    design = _design(patients, means, hazard=np.array(hazard), pattern=tuple(range(arms)))
    luck = Luck(seed, 3, scenario=7, first=11)
    fused = simulate(design, luck)
    x, y = patients_of(design, luck)
    wishes = np.tile(np.eye(5)[-1], (arms - 1, 1)), np.eye(arms + 1)[1:arms]
    plain = closed.fit_many(monotone_sums(x, y), *wishes)
    want = np.stack([plain.estimate, plain.se, plain.se_kr, plain.df])
    assert _numbers(fused) == pytest.approx(want, rel=1e-6, nan_ok=True)
    assert np.array_equal(fused.seen_last, np.isfinite(y[..., -1]).sum(axis=1))


def test_threads_blocks_and_order_change_no_digit() -> None:
    """One thread or four, blocks of 250 or 7, all at once or replicate by replicate: the same bytes."""
    design = _design(60)
    whole = _numbers(simulate(design, Luck(SEED, 40)))
    assert np.array_equal(whole, _numbers(simulate(design, Luck(SEED, 40), threads=4, block=7)))
    single = [_numbers(simulate(design, Luck(SEED, 1, first=r))) for r in range(40)]
    assert np.array_equal(whole, np.concatenate(single, axis=1))


def test_scenarios_and_seeds_have_their_own_luck() -> None:
    """Another scenario or seed is another trial; the same name with another effect keeps its luck."""
    design = _design(60)
    base, other, seed = (_numbers(simulate(design, luck))[0] for luck in (Luck(1, 20), Luck(1, 20, 1), Luck(2, 20)))
    assert not np.isclose(base, other).any() and not np.isclose(base, seed).any()
    still = np.array([-2.0, 0, 0])
    kept = [simulate(_design(60, means, hazard=still), Luck(1, 20)).fits.estimate for means in (MEANS, MEANS * 0)]
    assert kept[0] - kept[1] == pytest.approx(np.full((20, 1), -5.0))


def test_estimates_and_errors_are_those_of_the_truth() -> None:
    """Over 4,000 trials with dropout at random: no bias, the Kenward-Roger error is the spread, the power is 0.92."""
    trials = simulate(_design(), Luck(SEED, 4000))
    estimate, mc = trials.fits.estimate[:, 0], 1.48 / np.sqrt(4000)
    assert estimate.mean() == pytest.approx(-5, abs=4 * mc)
    assert trials.fits.se_kr.mean() == pytest.approx(estimate.std(), rel=0.04)
    assert trials.rejects()[0] == pytest.approx(0.919, abs=0.02)


def test_type_one_error_of_forty_patients() -> None:
    """In 100,000 null trials of 40 the Kenward-Roger error keeps 0.048 to 0.053, nearer to 5 % than the model's."""
    trials = simulate(_design(40, MEANS * 0), Luck(SEED, 100_000), threads=2)
    kr, model = float(trials.rejects()[0]), float(trials.rejects(kenward_roger=False)[0])
    assert 0.048 <= kr <= 0.053
    assert abs(kr - 0.05) < abs(model - 0.05)
    assert trials.unanswered <= 10


def test_a_trial_that_loses_everybody_is_counted() -> None:
    """Where nearly all leave, trials without an answer are NaN, counted, and do not reject."""
    trials = simulate(_design(12, hazard=np.array([1.0, 0, 0])), Luck(3, 50))
    assert trials.unanswered > 25
    assert trials.rejects()[0] <= 1 - trials.unanswered / 50


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pattern": (0, 2)}, "pattern"),
        ({"hazard": np.zeros(2)}, "hazard"),
        ({"patients": 0}, "no trial"),
        ({"means": MEANS[:, :3]}, "covariance"),
    ],
)
def test_an_impossible_design_is_refused(wrong: dict[str, object], said: str) -> None:
    """Arms that nobody is sent to, half a hazard, nobody at all, and unlike shapes are refused."""
    with pytest.raises(Complaint, match=said):
        _design(**wrong)


def test_impossible_luck_and_covariances_are_refused() -> None:
    """A negative seed, no replicate, and a covariance that is none are refused."""
    with pytest.raises(Complaint, match="64 bits"):
        Luck(-1, 1)
    with pytest.raises(Complaint, match="cannot be run"):
        Luck(1, 0)
    with pytest.raises(Complaint, match="positive definite"):
        simulate(FixedVisits(10, MEANS, np.ones((6, 6)), np.zeros(3)), Luck(1, 1))
