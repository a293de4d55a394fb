"""Interim looks on made-up tables: error is held, trials stop early, arms are dropped, sizes are made anew."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.trial_designs import small
from unstuck.core.trial import Interim, Method, Spending
from unstuck.core.trial_file import checked
from unstuck.lab.trials.sequential import crossing, spending_bounds
from unstuck.lab.trials.virtual.looks import ended
from unstuck.lab.trials.virtual.reading import read
from unstuck.lab.trials.virtual.results import level_of
from unstuck.lab.trials.virtual.table import TrialTable

TRIALS, SIZE = 1500, 80
HALVES = Interim((0.5, 1.0), Spending.POCOCK)


def design_with(interim, arms=2, size=SIZE):
    """A design of that many arms, analysed by ANCOVA at one visit, with these looks."""
    plain = small()
    extra = tuple(replace(plain.arms[0], key=f"more_{k}") for k in range(arms - 2))
    analysis = replace(plain.primary, method=Method.ANCOVA)
    changed = replace(plain, size=size, arms=(*plain.arms, *extra), analyses=(analysis,), visits=plain.visits[-1:])
    block = replace(plain.allocation, block=arms)
    return checked(replace(changed, allocation=block, interim=interim))


def table(design, shifts, sd=10.0, trials=TRIALS, seed=5):
    """Tables of normal scores, baseline correlated by a half, each arm's mean shifted so."""
    rng = np.random.default_rng(seed)
    shape, count = (trials, design.largest), len(design.arms)
    arm = np.tile(np.arange(count), design.largest)[: design.largest] * np.ones((trials, 1), int)
    base = rng.normal(40, sd, shape)
    final = 40 + 0.5 * (base - 40) + rng.normal(0, sd * np.sqrt(0.75), shape) + np.array(shifts)[arm]
    yes, none = np.ones(shape, bool), np.zeros(shape, dtype=int)
    return TrialTable(
        arm, ~yes, none, none, ~yes, np.zeros(shape), yes, ~yes, base, final[:, :, None], none, none, none,
        ~yes, np.zeros((*shape, 0), int),
    )  # fmt: skip


def test_error_over_two_looks():
    """With no difference a trial that looks twice succeeds in 2.5 % of cases, and at each look as the bounds say."""
    design = design_with(HALVES)
    found = ended(design, table(design, (0, 0)))
    bounds = spending_bounds(Spending.POCOCK, (0.5, 1.0), 0.025)
    wanted = crossing((0.5, 1.0), bounds, 0.0).upper
    first = int((found.success & (found.look == 1)).sum())
    assert binomtest(int(found.success.sum()), TRIALS, 0.025).pvalue > 0.001
    assert binomtest(first, TRIALS, wanted[0]).pvalue > 0.001


def test_nothing_reads_as_working_that_did_not_cross():
    """Under looks with dropped arms and a size made anew a result lies wholly below zero exactly where it succeeded:
    intervals are as wide as their look's bound, and cover no difference in at least 97.5 % of trials and arms."""
    interim = replace(HALVES, keep=1, futility=0.1, reestimate_to=150, planned_sd=9.0)
    found = ended(design := design_with(interim, arms=3, size=90), table(design, (0, 0, 0)))
    works = read(found.result, np.zeros(found.success.shape)) == 0
    assert (works == found.success).all() and works.any()
    without_looks = (found.result.p < level_of(design)) & (found.result.estimate < 0)
    assert (without_looks & ~works).any()
    inside = (found.result.low <= 0) & (found.result.high >= 0)
    assert binomtest(int(inside.sum()), inside.size, 0.975, alternative="less").pvalue > 0.001


def test_power_and_size_are_those_of_rpact():
    """A design file with three O'Brien-Fleming looks at 199 people and 0.4 standard deviations succeeds in 80 % of
    trials with 169.84 people on average and crosses first where rpact says, within four Monte Carlo errors."""
    looks = f'[interim]\nlooks = [{1 / 3!r}, {2 / 3!r}, 1.0]\nspending = "obrien_fleming"\n\n[allocation]'
    plain = small(("[allocation]", looks), ("size = 12", "size = 199"), ('method = "mmrm"', 'method = "ancova"'))
    design = checked(replace(plain, visits=plain.visits[-1:], analyses=plain.analyses[:1]))
    found = ended(design, table(design, (-0.4 * 10 * np.sqrt(0.75), 0)))
    bounds = (3.710302873, 2.511427484, 1.993047483)
    drift = 0.4 * np.sqrt(198.732617) / 2
    wanted = crossing((1 / 3, 2 / 3, 1.0), bounds, drift)
    assert wanted.power == pytest.approx(0.8, abs=1e-5)
    by_look = [(found.success & (found.look == k)).mean() for k in (1, 2, 3)]
    assert by_look == pytest.approx(wanted.upper, abs=4 * 0.5 / np.sqrt(TRIALS))
    people = found.enrolled.sum(axis=1)
    assert people.mean() == pytest.approx(169.8436697, abs=4 * people.std() / np.sqrt(TRIALS) + 1)  # whole people


def test_an_effect_stops_early():
    """A large effect ends most trials at the first look with half of the people, and they keep that look's result."""
    design = design_with(HALVES)
    found = ended(design, table(design, (-9, 0)))
    early = found.look[:, 0] == 1
    assert found.success.mean() > 0.9 and early.mean() > 0.6
    assert (found.enrolled[early].sum(axis=1) == SIZE // 2).all()
    assert (found.result.people[early] == SIZE // 2).all() and (found.result.people[~early] == SIZE).all()


def test_futility_only_takes_away():
    """Stopping for futility spares people when nothing works, and no trial succeeds that would not have otherwise."""
    without, stopping = design_with(HALVES), design_with(replace(HALVES, futility=0.1))
    tables = table(without, (0, 0))
    plain, spared = ended(without, tables), ended(stopping, tables)
    assert (spared.success <= plain.success).all()
    assert spared.enrolled.sum() < 0.75 * plain.enrolled.sum()


def test_the_worst_arm_is_dropped():
    """Of two active arms the better one goes on, the other takes nobody more, and the error of both is held."""
    design = design_with(replace(HALVES, keep=1), arms=3, size=90)
    found = ended(design, table(design, (-8, 0, -1)))  # active arms are the first and the third
    kept = found.look == 2
    assert (kept.sum(axis=1) <= 1).all() and kept[:, 0].mean() > 10 * kept[:, 1].mean()
    dropped = ~found.success[:, 1] & (found.look[:, 1] == 1)
    third = (np.arange(90) % 3 == 2)[None, :] & found.enrolled
    assert (third[dropped].sum(axis=1) == 15).all()
    null = ended(design, table(design, (0, 0, 0)))
    assert binomtest(int(null.success.any(axis=1).sum()), TRIALS, 0.025, alternative="greater").pvalue > 0.001


@pytest.mark.parametrize(("sd", "low", "high"), [(10.0, 80, 95), (16.0, 150, 200)])
def test_a_new_size_follows_the_spread(sd, low, high):
    """A blinded look keeps the size where the spread is as planned and enlarges it where it is wider; error is held."""
    design = design_with(replace(HALVES, reestimate_to=200, planned_sd=10.0))
    tables = table(design, (0, 0), sd)
    found = ended(design, tables)
    went_on = found.look[:, 0] == 2
    assert low <= found.enrolled[went_on].sum(axis=1).mean() <= high
    assert binomtest(int(found.success.sum()), TRIALS, 0.025).pvalue > 0.001
