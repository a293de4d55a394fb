"""Trials of mechanistic patients: two spellings agree, no arm differs without a cause, reports say what they are."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from tests.trial_designs import SMALL, small
from unstuck.core.errors import Complaint
from unstuck.core.trial import Leaving, Missing, Truth
from unstuck.core.trial_file import checked, parse_design
from unstuck.lab.patients.ensemble import load_ensemble, load_fit
from unstuck.lab.trials.virtual import mind_targets, worlds
from unstuck.lab.trials.virtual.analyse import analyse
from unstuck.lab.trials.virtual.batch import many_tables
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.plain import plain_table
from unstuck.lab.trials.virtual.report import report_html
from unstuck.lab.trials.virtual.summary import summarise_rows
from unstuck.lab.trials.virtual.truths import truth_of
from unstuck.lab.trials.virtual.words import text_of
from unstuck.lab.trials.virtual.work import means_of, rows_of
from unstuck.lab.trials.virtual.worlds import POINTS, WEIGHTS, world_of

SEED = 20_261_122
few = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
ROOT = Path(__file__).resolve().parents[3]


def minded(*changes):
    """The small design with mechanistic patients, after replacing texts in it."""
    text = SMALL
    gone = ('effect = "feder_2021:ketamine"\n', 'effect = "feder_2021:midazolam"\n')
    for old in gone:
        text = text.replace(old, "")
    points = next(line for line in text.splitlines() if line.startswith("veteran_points"))
    text = text.replace(points, 'model = "mechanistic"')
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse_design(text, "minded.toml")


def setting_of(design, reps=4):
    """The one setting of a design without a sweep."""
    return prepare_trial(checked(design), reps, SEED).settings[0]


@st.composite
def designs(draw):
    """A random small design: protocols, strata, veterans, leaving, belief or none, one outcome or another."""
    design = minded()
    kind = draw(st.sampled_from((Missing.MCAR, Missing.MAR, Missing.MNAR)))
    figure = design.unblinding.points
    odds = [replace(figure, value=v, low=None, high=None) for v in (0.1, draw(st.sampled_from((-0.5, 0.5))))]
    protocol, arms = draw(st.sampled_from((("feder_2021", None), ("pe", ""), ("ketamine_pe", None))))
    design = replace(
        design,
        size=draw(st.integers(4, 5)),
        arms=tuple(
            replace(a, protocol=protocol, protocol_arm=a.protocol_arm if arms is None else arms) for a in design.arms
        ),
        allocation=replace(design.allocation, strata=draw(st.sampled_from(((), ("veteran", "site"))))),
        leaving=Leaving() if kind is Missing.MCAR else Leaving(kind, *odds),
        outcome=draw(st.sampled_from(("caps5", "pcl5_week"))),
        patients=replace(design.patients, veteran=draw(st.none() | st.just(0.6))),
    )
    if draw(st.booleans()):
        return design
    return replace(design, unblinding=None, truths=(Truth.DRAWN, Truth.NULL))


@few
@given(designs(), st.integers(0, 2), st.integers(0, 50))
def test_two_spellings_of_a_mechanistic_trial_agree(design, place, replicate):
    """On random designs both spellings give every person the same arm, scores, doses, sessions and ending."""
    setting = setting_of(design)
    truth = truth_of(setting, design.truths[place % len(design.truths)], SEED, replicate)
    assert plain_table(setting, truth, SEED, replicate).different(many_tables(setting, [truth], SEED, replicate)) == []


def test_a_planted_fault_in_groups_is_caught(monkeypatch):
    """If one spelling took veterans for civilians, the comparison would see it."""
    monkeypatch.setattr(worlds, "group_of_person", lambda design, veteran: design.patients.group)
    design = replace(minded(), size=4, patients=replace(minded().patients, veteran=1.0))
    setting = setting_of(design)
    truth = truth_of(setting, Truth.DRAWN, SEED, 1)
    assert "scores" in plain_table(setting, truth, SEED, 1).different(many_tables(setting, [truth], SEED, 1))


def test_replicates_do_not_depend_on_their_company():
    """A replicate made alone, in its own world, is the one made among others in theirs."""
    setting = setting_of(replace(minded(), size=6))
    truths = [truth_of(setting, Truth.DRAWN, SEED, r) for r in range(3)]
    together = many_tables(setting, truths, SEED, 0)
    assert many_tables(setting, truths[2:3], SEED, 2).different(together.only(2)) == []


def test_worlds_are_drawn_evenly_and_trials_spread_by_one():
    """Members come up alike, and the points for how far a trial lies off have mean 0, variance 1 and kurtosis 3."""
    count = len(load_ensemble().members)
    members = np.bincount([world_of(SEED, r).member for r in range(60 * count)], minlength=count)
    assert chisquare(members).pvalue > 0.001
    moments = [float(np.dot(WEIGHTS, np.power(POINTS, k))) for k in (1, 2, 3, 4)]
    assert moments == pytest.approx([0.0, 1.0, 0.0, 3.0], abs=1e-12)


def test_without_a_channel_of_ketamine_the_true_difference_is_zero(monkeypatch):
    """The same people on ketamine and on midazolam score exactly alike in every world once its channels are shut."""
    real = worlds.truth_in
    monkeypatch.setattr(worlds, "truth_in", lambda world, design: real(world, design).without())
    monkeypatch.setattr(mind_targets, "PEOPLE", 6)
    found = mind_targets.mind_targets(setting_of(minded()), mind_targets.worlds_of(SEED, 3))["change"]
    np.testing.assert_array_equal(found[0].mean, found[1].mean)


def test_error_rate_without_a_difference():
    """With everybody treated as in the control arm, tests at 5 % reject as the binomial allows (p above 0.001)."""
    design = replace(minded(), size=20, clustering=type(small().clustering)())
    setting = setting_of(design)
    table = many_tables(setting, [truth_of(setting, Truth.NULL, SEED, r) for r in range(60)], SEED, 0)
    result = analyse(design, design.primary, table)
    assert binomtest(int((result.p < 0.05).sum()), 60, 0.05).pvalue > 0.001


def test_the_report_says_what_the_patients_are(monkeypatch):
    """Summary and page name the model, what its ensemble was fitted to, and every published finding that it misses."""
    monkeypatch.setattr(mind_targets, "PEOPLE", 4)
    job = prepare_trial(replace(minded(), size=8, truths=(Truth.DRAWN,)), 2, SEED)
    means = means_of(job)
    parts = [rows_of(job, chunk, means) for chunk in job.chunks()]
    told = summarise_rows(job, parts[0])
    fit = load_fit()
    for said in (report_html(told, {}), text_of(told)):
        assert "The patients are MECHANISTIC" in said and fit.fitted[0] in said
        assert all(words.split(":")[0] in said for words in fit.misfits) and fit.misfits
    assert job.identity["minds"] and told["cells"][0]["scenarios"][0]["bias"] is not None


def test_misfits_are_those_of_the_card():
    """The file that reports quote was made with the page in docs/science/patients.md, of the shipped ensemble."""
    card = (ROOT / "docs" / "science" / "patients.md").read_text(encoding="utf-8")
    fit = load_fit()
    assert all(words in card for words in (*fit.misfits, fit.ensemble.partition(": ")[2]))
    lines = card.splitlines()
    assert all(any(title[:40] in line for line in lines) for title in (*fit.fitted, *fit.held_out))
    assert all(a != b for a, b in pairwise(fit.fitted))


EFFECT = 'title = "Six infusions"\n'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((EFFECT, EFFECT + 'effect = "feder_2021:ketamine"\n'), "mechanistic patients repeat no published effect"),
        (("size = 12\n", 'size = 12\ntruths = ["published"]\n'), "No published effect can be true"),
        (('model = "mechanistic"', 'model = "descriptive"'), "names no published effect"),
        (('model = "mechanistic"', 'model = "mechanistic"\ngroup = "martians"'), "There is no group martians"),
        (('protocol = "feder_2021"\nprotocol_arm = "ketamine"', 'protocol = "timber"\nprotocol_arm = "ketamine"'),
         "Mechanistic patients cannot go through timber: what site:timber teaches is not modelled"),
    ],
)  # fmt: skip
def test_what_mechanisms_cannot_do_is_refused(change, said):
    """Published effects, unknown groups and protocols whose parts have no model are refused in words."""
    with pytest.raises(Complaint, match=said):
        prepare_trial(minded(change), 2, 1)
