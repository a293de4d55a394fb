"""The fit finds what is known, goes on where it stopped, and its own check tells learned from unlearned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unstuck.core.errors import Complaint
from unstuck.lab.effects.parameters import Array
from unstuck.lab.fit import smc
from unstuck.lab.fit.check import check
from unstuck.lab.fit.smc import Settings

SEEN = 1.2
SETTINGS = Settings(particles=150, directions=3, quantile=0.5, moves=4, seed=3)


def _simulate(vector: Array, seed: int) -> Array:
    """One number: the first direction with noise of SD 0.5; the other two do nothing."""
    return vector[:1] + 0.5 * np.random.default_rng(seed).normal(size=1)


def _distance(findings: Array) -> float:
    return float(abs(findings[0] - SEEN))


def test_it_finds_the_exact_posterior_of_a_known_problem(tmp_path: Path) -> None:
    """Prior N(0,1), noise SD 0.5, seen 1.2: posterior N(0.96, 0.45); directions that do nothing keep the prior."""
    last = smc.run(SETTINGS, 5, tmp_path, _simulate, _distance)
    mean, sd = last.vectors.mean(axis=0), last.vectors.std(axis=0)
    assert mean[0] == pytest.approx(0.96, abs=0.12)
    assert sd[0] == pytest.approx(0.447, abs=0.12)
    assert np.abs(mean[1:]).max() < 0.35 and np.abs(sd[1:] - 1).max() < 0.3
    assert last.bound < 0.15


def test_stopped_and_taken_up_again_it_gives_the_same(tmp_path: Path) -> None:
    """Two rounds and then two more are, number for number, four rounds at once."""
    smc.run(SETTINGS, 1, tmp_path / "parts", _simulate, _distance)
    parts = smc.run(SETTINGS, 3, tmp_path / "parts", _simulate, _distance)
    whole = smc.run(SETTINGS, 3, tmp_path / "whole", _simulate, _distance)
    assert (parts.vectors == whole.vectors).all() and parts.bound == whole.bound


def test_a_folder_of_another_fit_is_refused(tmp_path: Path) -> None:
    """Rounds of other settings are not gone on with."""
    smc.run(SETTINGS, 0, tmp_path, _simulate, _distance)
    with pytest.raises(Complaint, match="other settings"):
        smc.run(Settings(150, 3, 0.5, 4, 4), 1, tmp_path, _simulate, _distance)


def test_the_check_tells_learned_from_unlearned() -> None:
    """In a linear problem intervals cover as they say, the informed direction is recovered, the idle one is not."""
    luck = np.random.default_rng(5)
    vectors = luck.normal(size=(500, 2))
    findings = vectors[:, :1] + 0.3 * luck.normal(size=(500, 1))
    told = check(["informed", "idle"], vectors, findings, np.array([1.0]), 100)
    assert told.cover_50 == pytest.approx(0.5, abs=0.07) and told.cover_90 == pytest.approx(0.9, abs=0.05)
    assert told.learned == ("informed",)
    assert told.directions[0].recovery > 0.9 and abs(told.directions[1].recovery) < 0.25
