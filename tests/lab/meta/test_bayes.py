"""The Bayesian meta-analysis: against bayesmeta, against brute force, and by laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.lab.meta.examples import PSILOCYBIN, ten
from unstuck.core.errors import Complaint
from unstuck.core.sourced import Grade
from unstuck.lab.meta.bayes import HalfCauchy, HalfNormal, LogNormal, LogStudent, Prior, log_density, posterior, wider
from unstuck.lab.meta.inference import Interval, Options
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.priors_file import known_prior, known_priors
from unstuck.lab.meta.sample import Effects, effects
from unstuck.lab.meta.tau2 import Method

PRIORS = [HalfNormal(0.5), HalfCauchy(0.3), LogNormal(-2.12, 1.53), LogStudent(-2.99, 2.16, 5)]


def _psilocybin() -> Effects:
    se = [(high - low) / (2 * 1.959963985) for _, _, low, high in PSILOCYBIN]
    return effects([y for _, y, _, _ in PSILOCYBIN], [s * s for s in se], [name for name, *_ in PSILOCYBIN])


def test_bayesmeta_agrees():
    """Twelve published trials give the posterior that the R package bayesmeta printed, within the data's rounding."""
    found = posterior(_psilocybin(), Prior(HalfNormal(0.5), 0.0, 1.0))
    assert (found.tau.median, found.tau.mean, found.tau.sd) == pytest.approx(
        (0.2990692, 0.3127251, 0.1835568), abs=3e-5
    )
    assert (found.mu.median, found.mu.mean, found.mu.sd) == pytest.approx((-0.8714675, -0.8763131, 0.1426918), abs=5e-5)


def test_the_same_trials_by_likelihood():
    """The same trials give the published REML, Knapp-Hartung, Q and Q-profile figures to their printed digits."""
    found = pool(_psilocybin())
    spread = found.heterogeneity
    assert spread is not None
    assert (found.mean.estimate, found.mean.low, found.mean.high) == pytest.approx(
        (-0.9031, -1.2561, -0.5501), abs=6e-5
    )
    assert (spread.tau2, spread.tau2_low, spread.tau2_high) == pytest.approx((0.1174, 0.0140, 1.0125), abs=6e-5)
    assert (spread.q, spread.q_p) == pytest.approx((23.84, 0.0134), abs=5e-3)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
def test_brute_force_agrees(prior):
    """A plain sum over a fine grid of mu and tau, written without the closed form, gives the same posterior."""
    sample = ten()
    tau, step = np.linspace(1e-5, 6, 6000), 6 / 6000
    mu = np.linspace(-2.5, 1.5, 801)
    log = np.log(np.maximum(np.exp(log_density(prior, tau)), 1e-300))[:, None]
    log = log + stats.norm.logpdf(mu, 0.2, 1.5)[None, :]
    for y, v in zip(sample.y, sample.v, strict=True):
        log = log + stats.norm.logpdf(y, mu[None, :], np.sqrt(v + tau**2)[:, None])
    density = np.exp(log - log.max())
    weight = density / density.sum()
    mean, spread = float(weight.sum(axis=0) @ mu), float(weight.sum(axis=1) @ tau)
    found = posterior(sample, Prior(prior, 0.2, 1.5))
    assert (found.mu.mean, found.tau.mean) == pytest.approx((mean, spread), abs=2 * step)
    assert found.below_zero == pytest.approx(float(weight.sum(axis=0)[mu < 0].sum()), abs=2e-3)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
def test_a_prior_is_a_density(prior):
    """Each prior integrates to one."""
    tau = np.geomspace(1e-12, 1e8, 200001)
    weight = np.exp(log_density(prior, tau)) * tau
    assert float(np.trapezoid(weight, np.log(tau))) == pytest.approx(1, abs=1e-4)


def test_no_heterogeneity_is_the_fixed_effect():
    """With a prior that leaves tau next to nothing, the posterior is the fixed effect with its normal interval."""
    found, fixed = posterior(ten(), Prior(HalfNormal(1e-4))), pool(ten(), Options(Method.FIXED, Interval.NORMAL)).mean
    assert (found.mu.mean, found.mu.sd) == pytest.approx((fixed.estimate, fixed.se), abs=1e-6)
    assert (found.mu.low, found.mu.high) == pytest.approx((fixed.low, fixed.high), abs=1e-6)


def test_one_study_leaves_the_prior_of_tau():
    """One study says nothing of heterogeneity where mu is free: the posterior of tau is its prior."""
    found = posterior(effects([0.4], [0.04]), Prior(HalfNormal(0.5), 0.0, 1000.0))
    assert found.tau.median == pytest.approx(0.5 * stats.norm.ppf(0.75), abs=1e-3)
    assert any("comes mostly from the prior" in note for note in found.notes)


def test_studies_are_drawn_toward_the_mean():
    """Each study's true effect lies between its own figure and the mean, and is more certain than its figure."""
    found = posterior(ten(), Prior(HalfNormal(0.5)))
    for (_, own), y, v in zip(found.studies, ten().y, ten().v, strict=True):
        assert min(y, found.mu.mean) - 0.06 <= own.mean <= max(y, found.mu.mean) + 0.06
        assert own.sd < v**0.5


@settings(max_examples=20, deadline=None)
@given(st.floats(-3, 3), st.floats(0.2, 4))
def test_units_do_not_matter(shift, stretch):
    """Shifted and stretched data give the shifted and stretched posterior."""
    plain = posterior(ten(), Prior(HalfNormal(0.5)))
    other = posterior(effects(shift + stretch * ten().y, stretch**2 * ten().v), Prior(HalfNormal(0.5 * stretch)))
    assert other.mu.mean == pytest.approx(shift + stretch * plain.mu.mean, abs=1e-6)
    assert other.tau.high == pytest.approx(stretch * plain.tau.high, rel=1e-3)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
def test_a_wider_prior_expects_more(prior):
    """A prior made wider doubles the median of tau before any data, and raises tau after them."""
    tau = np.geomspace(1e-9, 1e6, 100001)

    def median(each):
        weight = np.cumsum(np.exp(log_density(each, tau)) * tau)
        return tau[np.searchsorted(weight, weight[-1] / 2)]

    twice = wider(Prior(prior), 2.0)
    assert median(twice.tau) == pytest.approx(2 * median(prior), rel=1e-2)
    assert posterior(ten(), twice).tau.mean > posterior(ten(), Prior(prior)).tau.mean


def test_the_library_of_priors_is_sound():
    """Every prior of the library can be used and names its figures; only our own choice is assumed."""
    for key, known in known_priors().items():
        assert posterior(ten(), Prior(known.tau)).k == 10 and known.figures
        assert all(figure.grade is Grade.MEASURED for figure in known.figures) or key == "smd_weak"


def test_what_is_impossible_is_refused():
    """An unknown prior, a scale of zero and dependent rows are refused with a remedy."""
    with pytest.raises(Complaint, match="smd_weak"):
        known_prior("nothing")
    with pytest.raises(Complaint, match="scale is not above zero"):
        Prior(HalfNormal(0.0))
    with pytest.raises(Complaint, match="Several rows"):
        posterior(effects([0.1, 0.2, 0.4], [0.1, 0.2, 0.1], studies=list("aab")), Prior(HalfNormal(0.5)))
