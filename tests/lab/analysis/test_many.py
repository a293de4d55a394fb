"""Many trials at once, with and without gaps, beside the solvers for one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.analysis.examples import drawn, with_gaps
from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.general import Problem, contrast, maximum
from unstuck.lab.analysis.many import fit_many
from unstuck.lab.analysis.pattern_sums import pattern_sums
from unstuck.lab.analysis.structures import structure

ARM = np.array([0.0, 1.0, 0.0])


def _one(x: Floats, y: Floats, visit: int) -> list[float]:
    """One trial by the general solver."""
    visits = y.shape[1]
    problem = Problem(pattern_sums(x, y), np.eye(3 * visits), structure("us", visits))
    found = contrast(problem, maximum(problem), np.outer(np.eye(visits)[visit], ARM).ravel())
    return [found.estimate, found.se, found.se_kr, found.df]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 4))
def test_each_trial_is_what_the_solver_for_one_gives(seed: int, visits: int) -> None:
    """Eight trials, some with gaps and some without, at two visits: each is the general solver's to 1e-7."""
    made = [with_gaps(seed + k, 50, visits, 0.1) if k % 4 else drawn(seed + k, 50, visits, 0.1) for k in range(8)]
    x, y = np.stack([each[0] for each in made]), np.stack([each[1] for each in made])
    found = fit_many(x, y, np.eye(visits)[[0, -1]], np.stack([ARM, ARM]))
    for r in range(8):
        for c, visit in enumerate((0, visits - 1)):
            got = [float(each[r, c]) for each in (found.estimate, found.se, found.se_kr, found.df)]
            assert got == pytest.approx(_one(x[r], y[r], visit), rel=1e-7)


def test_neighbours_do_not_touch_each_other() -> None:
    """A trial's answer is the same alone and among a hundred, to rounding."""
    made = [with_gaps(k, 40, 3, 0.12) for k in range(100)]
    x, y = np.stack([each[0] for each in made]), np.stack([each[1] for each in made])
    together = fit_many(x, y, np.eye(3)[-1], ARM)
    for r in (0, 41, 99):
        alone = fit_many(x[r : r + 1], y[r : r + 1], np.eye(3)[-1], ARM)
        assert alone.df[0] == pytest.approx(together.df[r], rel=1e-9)


def test_what_has_no_answer_is_nan_and_alone() -> None:
    """An empty arm, a visit with too few, and two visits that nobody has both of give NaN; the fourth is answered."""
    made = [with_gaps(k, 40, 3, 0.12) for k in range(4)]
    x, y = np.stack([each[0] for each in made]), np.stack([each[1] for each in made])
    x[0, :, 1] = 0
    y[1, 3:, 2] = np.nan
    y[2, ::2, 1], y[2, 1::2, 2] = np.nan, np.nan
    found = fit_many(x, y, np.eye(3)[-1], ARM)
    assert np.isnan(found.estimate[:3]).all() and np.isnan(found.df[:3]).all()
    assert float(found.estimate[3, 0]) == pytest.approx(_one(x[3], y[3], 2)[0], rel=1e-8)


def test_unlike_shapes_are_refused() -> None:
    """Covariates of other patients than outcomes are refused."""
    with pytest.raises(Complaint, match="no trials"):
        fit_many(np.ones((2, 5, 3)), np.ones((2, 6, 3)), np.eye(3)[-1], ARM)
