"""Whole virtual trials: two spellings agree, errors are held, and what belief could fake is never read as working."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from tests.trial_designs import small
from unstuck.core.errors import Complaint
from unstuck.core.trial import Leaving, Missing, Truth
from unstuck.core.trial_file import checked
from unstuck.lab.trials.virtual import many
from unstuck.lab.trials.virtual.analyse import analyse
from unstuck.lab.trials.virtual.batch import many_tables
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.plain import plain_table
from unstuck.lab.trials.virtual.reading import fakeable, read
from unstuck.lab.trials.virtual.table import at_visits, many_at_visits
from unstuck.lab.trials.virtual.truths import drawn_share, truth_of

SEED = 20_261_122
few = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


def setting_of(design):
    """The one setting of a design without a sweep."""
    return prepare_trial(checked(design), 4, SEED).settings[0]


def tables(design, truth, count, first=0):
    """The setting and so many replicates of the batched simulator."""
    setting = setting_of(design)
    truths = [truth_of(setting, truth, SEED, r) for r in range(first, first + count)]
    return setting, truths, many_tables(setting, truths, SEED, first)


@st.composite
def designs(draw):
    """A random small design: protocols, ratio, strata, sites, accrual, leaving and belief."""
    design = small()
    kind = draw(st.sampled_from((Missing.MCAR, Missing.MAR, Missing.MNAR)))
    figure = design.unblinding.points
    odds = [replace(figure, value=v, low=None, high=None) for v in (0.1, draw(st.sampled_from((-0.5, 0.5))))]
    arms = tuple(replace(a, ratio=draw(st.integers(1, 2))) for a in design.arms)
    therapy = draw(st.booleans())
    if therapy:
        arms = tuple(replace(a, protocol="pe", protocol_arm="", effect="duek_2023:ketamine") for a in arms)
    whole = sum(a.ratio for a in arms)
    return replace(
        design,
        size=draw(st.integers(4, 6)),
        arms=arms,
        allocation=replace(design.allocation, block=whole * draw(st.integers(1, 2)),
                           strata=draw(st.sampled_from(((), ("site",), ("veteran", "site"))))),
        per_month=draw(st.none() | st.just(3.0)),
        leaving=Leaving() if kind is Missing.MCAR else Leaving(kind, *odds),
        outcome=draw(st.sampled_from(("caps5", "pcl5_week"))),
        patients=replace(design.patients, veteran=draw(st.none() | st.just(0.6))),
    )  # fmt: skip


@few
@given(designs(), st.sampled_from(Truth), st.integers(0, 50))
def test_two_spellings_of_a_trial_agree(design, truth, replicate):
    """On random designs both spellings give every person the same arm, site, scores, doses and ending."""
    setting, truths, table = tables(design, truth, 1, replicate)
    assert plain_table(setting, truths[0], SEED, replicate).different(table) == []


def test_a_planted_fault_in_allocation_is_caught(monkeypatch):
    """If the blocks of one spelling ignored the strata, the comparison would see it."""
    monkeypatch.setattr(many, "_strata", lambda design, site, veteran: [("", np.ones(site.shape, bool))])
    setting, truths, table = tables(small(), Truth.DRAWN, 1)
    assert "arm" in plain_table(setting, truths[0], SEED, 0).different(table)


def test_replicates_do_not_depend_on_their_company():
    """A replicate made alone is the one made among others."""
    _, _, together = tables(small(), Truth.DRAWN, 5)
    _, _, alone = tables(small(), Truth.DRAWN, 1, 3)
    assert alone.different(together.only(3)) == []


def test_blocks_keep_the_ratio_within_strata():
    """In each site and veteran status no arm is ever ahead of the other by more than half a block."""
    _, _, table = tables(replace(small(), size=60), Truth.NULL, 6)
    for r in range(6):
        for site in (0, 1):
            for veteran in (False, True):
                mine = table.arm[r][(table.site[r] == site) & (table.veteran[r] == veteran)]
                assert np.abs(np.cumsum(np.where(mine == 0, 1, -1))).max(initial=0) <= 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30_000), st.integers(0, 80)), max_size=6, unique_by=lambda x: x[0]))
def test_visit_windows(scores):
    """The nearest score in each window is taken, the same by both spellings."""
    visits, ordered = small().visits, sorted(scores)
    minutes, values = [float(m) for m, _ in ordered], [float(v) for _, v in ordered]
    wide = np.full((1, 6), np.nan)
    at, value = wide.copy(), wide.copy()
    at[0, : len(ordered)], value[0, : len(ordered)] = minutes, values
    np.testing.assert_equal(many_at_visits(visits, at, value)[0], at_visits(visits, minutes, values))


def test_error_rate_without_a_difference():
    """With no difference at all, tests at 5 % reject as many of 300 trials as the binomial allows (p above 0.001)."""
    design = replace(small(), size=24, clustering=type(small().clustering)())
    _, _, table = tables(design, Truth.NULL, 300)
    result = analyse(design, design.primary, table)
    assert not result.failed.any()
    assert binomtest(int((result.p < 0.05).sum()), 300, 0.05).pvalue > 0.001


def test_belief_alone_is_never_read_as_working():
    """With a drug that does nothing and belief that acts, results read "cannot tell", significant or not."""
    strong = replace(small().unblinding.points, value=-8.0, low=-10.0)
    design = replace(small(), size=100, unblinding=replace(small().unblinding, points=strong))
    _, _, table = tables(design, Truth.FOOLED, 60)
    result = analyse(design, design.primary, table)
    readings = read(result, fakeable(design, table))
    naive = ((result.p < 0.05) & (result.estimate < 0)).mean()
    assert naive > 0.25
    assert (readings == 0).mean() <= 0.05 and (readings == 2).mean() > 0.9


def test_drawn_effects_follow_their_posterior():
    """Over many replicates the drawn share of 10 of 15 has mean 11/17 and the spread of Beta(11, 6)."""
    study = setting_of(small()).arms[0].study
    draws = np.array([drawn_share(study, 1, r) for r in range(2000)])
    assert draws.mean() == pytest.approx(11 / 17, abs=4 * 0.1123 / math.sqrt(2000))
    assert draws.std() == pytest.approx(math.sqrt(11 * 6 / (17**2 * 18)), rel=0.06)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('protocol_arm = "ketamine"', 'protocol_arm = "nobody"'), "has no arm 'nobody'"),
        (('effect = "feder_2021:ketamine"', 'effect = "nobody_1999:x"'), "no study arm"),
        (('protocol = "feder_2021"', 'protocol = "nothing"'), "no protocol 'nothing'"),
        (("size = 12", "size = 5000"), "is too large"),
    ],
)
def test_what_cannot_be_simulated_is_refused(change, said):
    """Unknown arms, studies and protocols, and trials too large, are refused in words."""
    with pytest.raises(Complaint, match=said):
        prepare_trial(small(change), 4, 1)
