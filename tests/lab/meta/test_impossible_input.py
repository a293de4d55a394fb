"""Input that cannot be pooled is refused with a remedy, or gets a named fallback."""

from __future__ import annotations

import pytest

from unstuck.core.errors import Complaint
from unstuck.lab.meta.dependent import multilevel
from unstuck.lab.meta.inference import Options
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.regression import design, regress, subgroups
from unstuck.lab.meta.sample import effects
from unstuck.lab.meta.small_studies import egger
from unstuck.lab.meta.tau2 import Method

Y, V = [0.1, 0.4, 0.3, 0.8], [0.1, 0.2, 0.15, 0.05]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: effects([0.1, 0.2], [0.1, -0.2], ["A", "B"]), "B: the variance -0.2 is negative"),
        (lambda: effects([0.1, 0.2], [0.1, 0.0], ["A", "B"]), "B: the variance is zero"),
        (lambda: effects([0.1, float("nan")], [0.1, 0.2], ["A", "B"]), "B: effect nan"),
        (lambda: effects([0.1, 0.2], [0.1, float("inf")]), "row 2: effect"),
        (lambda: effects([0.1], [0.1, 0.2]), "1 effects do not go with 2 variances"),
        (lambda: effects([], []), "no effect"),
        (lambda: effects(["0.1", "n.s."], [0.1, 0.2]), "no number"),
        (lambda: effects(Y, V, scale=["SMD", "SMD", "PCL-5 points", "SMD"]), "mix scales: PCL-5 points, SMD"),
        (lambda: effects([0.1, 0.3], [0.2, 0.4], ["Feder 2014", "feder_2014"]), "one study under two names"),
        (lambda: effects([0.1, 0.1], [0.2, 0.2], ["Feder", "Norbury"]), "one study under two names"),
        (lambda: pool(effects(Y, V, studies=list("aabc"))), "Several rows come from one study: a"),
        (lambda: Options(level=95), "no share"),
        (lambda: regress(effects(Y, V), design({"x": [1.0, 1.0, 1.0, 1.0]}, 4)), "cannot be told apart"),
        (lambda: regress(effects(Y, V), design({"x": list("abcd")}, 4)), "cannot carry 4 coefficients"),
        (lambda: design({"x": [1.0, float("nan")]}, 2), "has a gap"),
        (lambda: design({"x": [1.0]}, 2), "has 1 values for 2"),
        (lambda: subgroups(effects(Y, V), list("aaaa")), "one group only"),
        (lambda: multilevel(effects(Y, V, studies=list("aaaa"))), "1 studies cannot carry 1"),
        (lambda: multilevel(effects(Y, V), rho=1.0), "rho is 1"),
        (lambda: egger(effects(Y[:2], V[:2])), "no slope"),
        (lambda: egger(effects(Y, [0.1] * 4)), "cannot be told apart"),
    ],
)
def test_what_cannot_be_pooled_is_refused(make, said):
    """Each impossible input raises a complaint that names what is wrong and how to mend it."""
    with pytest.raises(Complaint) as caught:
        make()
    assert said in str(caught.value) and caught.value.mend


@pytest.mark.parametrize("method", list(Method))
def test_one_study_is_not_pooled(method):
    """One study gives back its own estimate with a normal interval, no heterogeneity, and a note."""
    found = pool(effects([0.4], [0.04], scale="SMD"), Options(method))
    assert (found.mean.estimate, found.mean.low, found.mean.high) == pytest.approx((0.4, 0.008, 0.792), abs=1e-3)
    assert found.heterogeneity is None and found.prediction is None
    assert found.notes == (
        "One study: nothing is pooled. Its own estimate with a normal interval; heterogeneity is unknown.",
    )


def test_equal_figures_of_two_studies_may_be_kept():
    """Two studies with the same figures are kept where the caller says that they are two."""
    assert effects([0.1, 0.1], [0.2, 0.2], ["Feder", "Norbury"], keep_twins=True).k == 2


def test_too_much_agreement_is_named():
    """Effects more alike than their standard errors allow get an interval of zero for tau2 and a note."""
    found = pool(effects([0.5, 0.5001, 0.4999, 0.5002, 0.5], [0.09, 0.08, 0.1, 0.085, 0.095]))
    assert found.heterogeneity is not None and found.heterogeneity.tau2_high == 0
    assert any("more alike than chance" in note for note in found.notes)
    assert any("Knapp-Hartung standard error is below" in note for note in found.notes)


def test_identical_effects_do_not_break_the_interval():
    """Effects that are all equal have no spread: the Knapp-Hartung SE is zero and p is undefined, not an error."""
    found = pool(effects([0.5, 0.5, 0.5], [0.09, 0.08, 0.1]))
    assert found.mean.se == pytest.approx(0, abs=1e-12)
