"""One study that carries the result is marked; leaving it out and adding studies up say the same as pooling by hand."""

from __future__ import annotations

import pytest

from tests.lab.meta.examples import ten
from unstuck.core.errors import Complaint
from unstuck.lab.meta.influence import cumulative, influence, leave_one_out
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.sample import effects

CROWD = [0.10, 0.14, 0.08, 0.12, 0.11, 0.09, 0.13, 0.10, 0.12]


def test_an_outlier_is_marked_and_nobody_else():
    """A study far from nine that agree is marked as notable, and no other study is."""
    found = influence(effects([*CROWD, 2.0], [0.01 + 0.001 * n for n in range(10)]))
    assert [each.notable for each in found] == [False] * 9 + [True]
    assert found[9].residual > 3 and found[9].tau2 < found[0].tau2


def test_nobody_is_marked_among_studies_that_agree():
    """Among studies that agree and are of like size none is marked."""
    sample = effects(CROWD, [0.01 + 0.0001 * n for n in range(9)])
    assert not any(each.notable for each in influence(sample))


def test_leaving_out_is_pooling_the_others():
    """Leaving a study out gives exactly the pool of the others, under its name."""
    sample = ten()
    for row, (name, found) in enumerate(leave_one_out(sample)):
        assert name == sample.labels[row]
        assert found.mean == pool(sample.only([n for n in range(10) if n != row])).mean


def test_adding_up_follows_the_order():
    """Studies are added in the order that is given, and the last pool is that of all."""
    sample = ten()
    found = cumulative(sample, [float(-n) for n in range(10)])
    assert [name for name, _ in found] == list(reversed(sample.labels))
    assert found[-1][1].mean.estimate == pytest.approx(pool(sample).mean.estimate, abs=1e-9)
    assert found[2][1].k == 3


def test_too_few_studies_are_refused():
    """Influence of two studies and leaving out the only one are refused."""
    with pytest.raises(Complaint, match="too few"):
        influence(ten().only([0, 1]))
    with pytest.raises(Complaint, match="too few"):
        leave_one_out(ten().only([0]))
    with pytest.raises(Complaint, match="places are given"):
        cumulative(ten(), [1.0])
