"""The general solver: any pattern of missing visits, covariates that are not crossed with visit, other structures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.analysis.examples import monotone_trials, trial, with_gaps
from unstuck.core.errors import Complaint
from unstuck.lab.analysis import closed
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.general import Problem, at_covariance, contrast, maximum
from unstuck.lab.analysis.pattern_sums import cascade, pattern_sums, pooled
from unstuck.lab.analysis.structures import MAKERS, structure

# estimate, SE, Kenward-Roger SE, df, -2REML: nlme::gls 3.1-162 (1, 2, 5) and mmrm 0.3.18 (3, 4) at their own
# tolerances, and ours frozen to nine digits.
FROZEN = {
    ("trial_mono.csv", 15): (
        (-6.99620620, 1.43505784, 1.43740468, 249.8537, 9764.969097),
        (-6.99620552, 1.43505940, 1.43740082, 249.857552, 9764.969097),
    ),
    ("trial_mono.csv", 11): (
        (-6.42718797, 1.44805099, 1.45052733, 247.7255, 9763.873762),
        (-6.42718806, 1.44805435, 1.45048860, 247.734031, 9763.873762),
    ),
    ("trial_inter.csv", 15): (
        (-6.58707823, 1.48976194, 1.49486844, 228.6706, 9001.504120),
        (-6.58707498, 1.48975464, 1.49488691, 228.665810, 9001.504120),
    ),
    ("trial_inter.csv", 11): (
        (-5.97869071, 1.49611228, 1.50120577, 227.8296, 9000.016227),
        (-5.97869338, 1.49611312, 1.50120382, 227.834116, 9000.016227),
    ),
}

# estimate and SE of mmrm 0.3.18 at its default tolerance, and of lmerTest 3.1-3, which is slow on the others.
DEFAULTS = [
    ("trial_mono.csv", 15, -6.99619152, 1.43506317),
    ("trial_mono.csv", 15, -6.99616993, 1.43506043),
    ("trial_mono.csv", 11, -6.42721322, 1.44809304),
    ("trial_inter.csv", 15, -6.58708581, 1.48973609),
    ("trial_inter.csv", 11, -5.97872320, 1.49611509),
]


def _crossing(p: int) -> tuple[Floats, Floats]:
    """G and the contrast of the arm at the last of five visits: base crossed with visit (p = 15) or not (11)."""
    if p == 15:
        return np.eye(15), np.eye(15)[13]
    g = np.zeros((15, 11))
    for t in range(5):
        g[t * 3, t] = g[t * 3 + 1, 5 + t] = g[t * 3 + 2, 10] = 1
    return g, np.eye(11)[9]


@pytest.mark.parametrize(("name", "p"), FROZEN)
def test_frozen_trials_give_what_gls_and_mmrm_give(name: str, p: int) -> None:
    """Two frozen trials under two models agree with nlme and mmrm to their tolerance, with ourselves to nine digits."""
    g, wanted = _crossing(p)
    problem = Problem(pattern_sums(*trial(name)), g, structure("us", 5))
    top = maximum(problem)
    got = contrast(problem, top, wanted)
    numbers = [got.estimate, got.se, got.se_kr, got.df, top.point.minus2]
    theirs, ours = FROZEN[name, p]
    assert numbers == pytest.approx(list(theirs), rel=6e-5)
    assert numbers == pytest.approx(list(ours), rel=4e-9)
    assert top.point.minus2 <= theirs[4] + 1e-6
    assert np.abs(top.pieces.score).max() < 1e-9


@pytest.mark.parametrize(("name", "p", "estimate", "se"), DEFAULTS)
def test_mmrm_and_lmertest_at_their_defaults(name: str, p: int, estimate: float, se: float) -> None:
    """mmrm and lmerTest at their default tolerances lie within a hundred-thousandth to four of our maximum."""
    g, wanted = _crossing(p)
    problem = Problem(pattern_sums(*trial(name)), g, structure("us", 5))
    got = contrast(problem, maximum(problem), wanted)
    assert (got.estimate, got.se) == (pytest.approx(estimate, rel=1e-5), pytest.approx(se, rel=4e-5))


@settings(max_examples=15, deadline=None)
@given(monotone_trials)
def test_it_agrees_with_the_closed_form_where_both_apply(data: tuple[Floats, Floats]) -> None:
    """On random monotone trials, Newton's maximum, SE, Kenward-Roger SE and df are those of the closed form."""
    x, y = data
    visits, q = y.shape[1], x.shape[1]
    sums = pattern_sums(x, y)
    plain = closed.fit_many(cascade(sums), np.eye(visits)[-1], np.array([0.0, 1.0, 0.0]))
    problem = Problem(sums, np.eye(visits * q), structure("us", visits))
    wanted = np.eye(visits * q)[(visits - 1) * q + 1]
    got = contrast(problem, maximum(problem), wanted)
    want = [float(each[0, 0]) for each in (plain.estimate, plain.se, plain.se_kr, plain.df)]
    assert [got.estimate, got.se, got.se_kr, got.df] == pytest.approx(want, rel=1e-8)


def test_a_start_at_the_closed_form_is_already_the_maximum() -> None:
    """At the closed form's covariance the score of the general solver vanishes."""
    sums = pattern_sums(*trial("trial_mono.csv"))
    problem = Problem(sums, np.eye(15), structure("us", 5))
    found = at_covariance(problem, closed.factors(cascade(sums)).covariance()[0])
    assert np.abs(found.pieces.score).max() < 1e-11


def _dense(theta: Floats, name: str, x: Floats, y: Floats) -> float:
    """-2 REML by whole matrices, patient by patient: an independent spelling, slow and plain."""
    form, visits = structure(name, y.shape[1]), y.shape[1]
    s, normal, right, total, count = form.covariance(theta), 0.0, 0.0, 0.0, 0
    stacked = []
    for row, values in zip(x, y, strict=True):
        here = np.isfinite(values)
        design = np.kron(np.eye(visits), row)[here]
        v = s[np.ix_(here, here)]
        total += np.linalg.slogdet(v)[1]
        inverse = np.linalg.inv(v)
        normal, right = normal + design.T @ inverse @ design, right + design.T @ inverse @ values[here]
        stacked.append((design, inverse, values[here]))
        count += int(here.sum())
    beta = np.linalg.solve(normal, right)
    fit = sum((v - d @ beta) @ w @ (v - d @ beta) for d, w, v in stacked)
    return float(total + np.linalg.slogdet(normal)[1] + fit + (count - len(beta)) * np.log(2 * np.pi))


@pytest.mark.parametrize("name", MAKERS)
def test_every_structure_is_at_its_maximum(name: str) -> None:
    """For each structure: -2 REML, its zero slope and its curvature are those of whole matrices, differenced."""
    x, y = with_gaps(11, 40, 4, 0.15)
    sums = pattern_sums(x, y)
    problem = Problem(sums, np.eye(12), structure(name, 4))
    top = maximum(problem)
    assert top.point.minus2 == pytest.approx(_dense(top.theta, name, x, y), rel=1e-12)
    step = 2e-4 * np.maximum(np.abs(top.theta), 0.1)
    rng = np.random.default_rng(2)
    for _ in range(3):
        move = rng.normal(size=len(step)) * step
        up, down = (_dense(top.theta + sign * move, name, x, y) for sign in (1, -1))
        bend = (up + down - 2 * top.point.minus2) / 2
        assert bend == pytest.approx(float(move @ top.pieces.observed @ move), rel=2e-3)
        assert abs(up - down) < 0.01 * bend + 1e-7


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_sites_that_send_only_sums_lose_nothing(seed: int, sites: int) -> None:
    """However patients are spread over sites, pooled sums give the estimate, errors and df of the whole table."""
    x, y = with_gaps(seed, 80, 3, 0.1)
    site = np.random.default_rng(seed).integers(0, sites, len(x))
    parts = [pattern_sums(x[site == k], y[site == k]) for k in range(sites) if (site == k).any()]
    got = []
    for sums in (pattern_sums(x, y), pooled(parts)):
        problem = Problem(sums, np.eye(9), structure("us", 3))
        found = contrast(problem, maximum(problem), np.eye(9)[7])
        got.append([found.estimate, found.se, found.se_kr, found.df])
    assert got[1] == pytest.approx(got[0], rel=1e-11)


def test_pooled_sums_of_the_frozen_trial_are_the_same_to_the_last_place() -> None:
    """Three sites of the frozen trial reproduce the pooled estimate to 3e-16 of itself, up to ten such units."""
    x, y = trial("trial_inter.csv")
    whole, apart = pattern_sums(x, y), pooled(pattern_sums(x[k::3], y[k::3]) for k in range(3))
    for mine, theirs in ((whole.count, apart.count), (whole.xx, apart.xx), (whole.xy, apart.xy), (whole.yy, apart.yy)):
        assert np.abs(mine - theirs).max() <= 3e-16 * 10 * np.abs(mine).max()


def test_unlike_sites_are_refused() -> None:
    """Sites with other visits cannot be pooled."""
    x, y = with_gaps(1, 30, 3, 0.0)
    with pytest.raises(Complaint, match="unlike"):
        pooled([pattern_sums(x, y), pattern_sums(x, y[:, :2])])


def test_an_unknown_structure_is_refused_by_name() -> None:
    """A structure that is not here is named, with the ones that are."""
    with pytest.raises(Complaint, match=r"'sp_exp' is not supported.*ar1h"):
        structure("sp_exp", 4)


def test_what_the_data_do_not_determine_has_no_answer() -> None:
    """With two patients for each coefficient of an unstructured covariance the solver refuses to name a maximum."""
    x, y = with_gaps(4, 8, 4, 0.45)
    with pytest.raises(Complaint):
        maximum(Problem(pattern_sums(x, y), np.eye(12), structure("us", 4)))
