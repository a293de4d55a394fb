"""Simulated scores are held to published psychometrics and to the laws of measurement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.lab.symptoms.parameters import TOPS, Array, load_scores
from unstuck.lab.symptoms.seen import OCCASION_NORMALS, cluster_totals, seen
from unstuck.lab.symptoms.truth import PERSON_NORMALS, Eased, Persons, States, Truth, persons, truth

PEOPLE = 4000
SCORES = load_scores()


def _alpha(items: Array) -> float:
    """Cronbach's alpha by its definition."""
    k = items.shape[1]
    return float(k / (k - 1) * (1 - items.var(axis=0).sum() / items.sum(axis=1).var()))


def _crowd(mean: float, sd: float) -> tuple[Persons, Truth]:
    """People around one level of every state."""
    luck = np.random.default_rng(1)
    who = persons(SCORES, luck.normal(size=(PEOPLE, PERSON_NORMALS)))
    level = mean + sd * luck.normal(size=PEOPLE)
    states = States(*(np.clip(level + 0.05 * luck.normal(size=PEOPLE), 0, 1) for _ in range(4)))
    return who, truth(SCORES, states, who, Eased.none((PEOPLE,)))


def _twice(who: Persons, true: Truth) -> tuple[dict[str, Array], dict[str, Array]]:
    luck = np.random.default_rng(2)
    return tuple(seen(SCORES, true, who, luck.normal(size=(PEOPLE, OCCASION_NORMALS))) for _ in range(2))  # type: ignore[return-value]


def _r(one: Array, other: Array) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def test_retest_and_noise_in_a_clinic_are_as_published() -> None:
    """In a clinic PCL-5 repeats at .84 (published .79 to .94), its noise is 4.8 points, CAPS-5 repeats at .78."""
    who, true = _crowd(0.62, 0.03)
    first, again = _twice(who, true)
    noise = (first["pcl5"] - again["pcl5"]).std() / np.sqrt(2)
    assert _r(first["pcl5"], again["pcl5"]) == pytest.approx(0.84, abs=0.04)
    assert noise == pytest.approx(4.8, abs=0.4)
    assert _r(first["caps5"], again["caps5"]) == pytest.approx(0.78, abs=0.04)
    assert _r(first["phq9"], again["phq9"]) == pytest.approx(0.737, abs=0.05)


def test_scales_go_together_as_published() -> None:
    """PCL-5 and CAPS-5 correlate at .66 in a clinic; clusters at about .6; the two depression scales at .5 to .8."""
    who, true = _crowd(0.62, 0.03)
    first, _ = _twice(who, true)
    between = np.corrcoef(cluster_totals(first["items"]).T)[np.triu_indices(4, 1)]
    assert _r(first["pcl5"], first["caps5"]) == pytest.approx(0.66, abs=0.05)
    assert between.mean() == pytest.approx(0.61, abs=0.12)
    assert 0.5 < _r(first["phq9"], first["madrs"]) < 0.8


def test_alpha_over_a_whole_range_of_severity_is_as_published() -> None:
    """Where people with and without PTSD fill it in, alpha of the PCL-5 is .94 to .96."""
    who, true = _crowd(0.45, 0.2)
    assert 0.94 <= round(_alpha(_twice(who, true)[0]["items"]), 2) <= 0.96


def test_baseline_is_that_of_a_trial() -> None:
    """A crowd as ill as a trial's scores as the trial did: PCL-5 46.7, CAPS-5 near 40, clusters as in Duek."""
    who, true = _crowd(0.62, 0.03)
    first, _ = _twice(who, true)
    assert first["pcl5"].mean() == pytest.approx(46.7, abs=2)
    assert 11 < first["pcl5"].std() < 14.5
    assert first["caps5"].mean() == pytest.approx(40.5, abs=2)
    assert cluster_totals(first["items"]).mean(axis=0) == pytest.approx([11.5, 5.7, 16.3, 13.2], abs=1.6)


@given(
    levels=st.lists(st.floats(0, 1), min_size=4, max_size=4), relief=st.floats(0, 1), seed=st.integers(0, 10_000)
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_scores_stay_in_range_and_relief_never_worsens(levels: list[float], relief: float, seed: int) -> None:
    """Whatever the states, items are 0 to 4 and totals within range; relief lowers true scores or leaves them."""
    luck = np.random.default_rng(seed)
    who = persons(SCORES, luck.normal(size=(3, PERSON_NORMALS)))
    states = States(*(np.full(3, level) for level in levels))
    plain = truth(SCORES, states, who, Eased.none((3,)))
    eased = truth(SCORES, states, who, Eased(np.full((3, 4), relief), np.zeros(3), np.zeros((3, 4))))
    said = seen(SCORES, eased, who, 3 * luck.normal(size=(3, OCCASION_NORMALS)))
    assert ((said["items"] >= 0) & (said["items"] <= 4)).all()
    assert ((eased.clusters >= 0) & (eased.clusters <= TOPS)).all()
    assert (eased.clusters <= plain.clusters + 1e-12).all() and (eased.caps5 <= plain.caps5 + 1e-12).all()


def test_mood_can_be_lifted_alone() -> None:
    """Relief of mood lowers depression and leaves intrusion, avoidance and arousal untouched."""
    who, _ = _crowd(0.6, 0.0)
    states = States(*(np.full(PEOPLE, 0.6) for _ in range(4)))
    none = np.zeros((PEOPLE, 4))
    plain, lifted = (truth(SCORES, states, who, Eased(none, np.full(PEOPLE, s), none)) for s in (0.0, 0.4))
    assert lifted.mood.mean() < 0.7 * plain.mood.mean()
    assert (lifted.clusters[:, [0, 1, 3]] == plain.clusters[:, [0, 1, 3]]).all()
    assert (plain.pcl5 - lifted.pcl5).mean() < 1.0


def test_noise_is_needed_for_the_published_correlation() -> None:
    """Without a lasting offset CAPS-5 would follow PCL-5 far more closely than it does."""
    who, true = _crowd(0.62, 0.03)
    bare = replace(true, caps5=SCORES.caps5.level + SCORES.caps5.slope * true.pcl5)
    assert _r(seen(SCORES, bare, who, np.zeros((PEOPLE, OCCASION_NORMALS)))["caps5"], true.pcl5) > 0.99


def test_a_missing_figure_is_told(tmp_path: Path) -> None:
    """A file without one of the figures is refused, and the complaint names it."""
    (tmp_path / "symptoms").mkdir()
    (tmp_path / "symptoms" / "thin.toml").write_text('key = "thin"\nversion = "1"\ntitle = "Thin"\n[loading]\n')
    with pytest.raises(Complaint, match="b_intrusion"):
        load_scores("thin", tmp_path)
