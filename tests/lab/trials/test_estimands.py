"""Estimands as data: events in two spellings, each strategy as it is defined, and estimates against their own truth."""

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trial_designs import small
from unstuck.core.estimands import Estimand, Happening, Intercurrent, Strategy
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.trial import ON_RESPONSE, REFERENCE_BASED, Analysis, Leaving, Method, Missing, Truth
from unstuck.core.trial_file import checked, read_design
from unstuck.lab.analysis.imputation import People, jackknife
from unstuck.lab.trials.virtual import true_effects
from unstuck.lab.trials.virtual.analyse import analyse
from unstuck.lab.trials.virtual.batch import many_tables
from unstuck.lab.trials.virtual.endpoints import MOST, responses
from unstuck.lab.trials.virtual.handling import handled
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.plain import plain_table
from unstuck.lab.trials.virtual.report import report_html
from unstuck.lab.trials.virtual.results import succeeds
from unstuck.lab.trials.virtual.summary import summarise_rows
from unstuck.lab.trials.virtual.table import TrialTable
from unstuck.lab.trials.virtual.targets import targets
from unstuck.lab.trials.virtual.true_effects import difference
from unstuck.lab.trials.virtual.truths import truth_of
from unstuck.lab.trials.virtual.words import text_of
from unstuck.lab.trials.virtual.work import means_of, rows_of

SEED, TRIALS = 20_261_123, 24
KINDS = (Happening.RESCUE, Happening.NEW_MEDICATION)


def figure(value):
    """An assumed figure."""
    return Sourced(value, "points", "author", Grade.ASSUMED)


def event(points=-6.0, share=0.2, happening=Happening.RESCUE, per_10=0.5):
    """An event that one in five has between two visits."""
    return Intercurrent(happening, figure(share), figure(per_10), figure(points))


def treats(left, rescue, key="", failure=0.0):
    """An estimand that treats leaving and rescue so."""
    pairs = {
        Happening.LEFT_STUDY: left,
        Happening.STOPPED_TREATMENT: Strategy.TREATMENT_POLICY,
        Happening.BELIEVED_ARM: Strategy.TREATMENT_POLICY,
        Happening.RESCUE: rescue,
    }
    return Estimand("All.", "Difference.", tuple(pairs.items()), key, failure)


def table_of(scores, base=40.0, left=(), rescued=()):
    """One trial of made-up people: their scores at the visits, who left, and the visit before which rescue came."""
    shape, visits = (1, len(scores)), len(scores[0])
    yes, none = np.ones(shape, bool), np.zeros(shape, int)
    gone, happened = np.zeros(shape, bool), np.full((*shape, 1), visits)
    gone[0, list(left)] = True
    for who, at in dict(rescued).items():
        happened[0, who, 0] = at
    return TrialTable(
        none, ~yes, none, none, ~yes, np.zeros(shape), yes, gone, np.full(shape, base), np.array([scores], float),
        none, none, none, ~yes, happened,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left", "rescue", "wanted"),
    [
        ("hypothetical", "hypothetical", [[30, 20], [35, None], [28, None], [None, None]]),
        ("treatment_policy", "treatment_policy", [[30, 20], [35, None], [28, 12], [None, None]]),
        ("while_on_treatment", "while_on_treatment", [[30, 20], [35, 35], [28, 28], [40, 40]]),
        ("composite", "while_on_treatment", [[30, 20], [35, 43], [28, 28], [43, 43]]),
        ("hypothetical", "composite", [[30, 20], [35, None], [28, 43], [None, None]]),
    ],
)
def test_each_strategy_does_what_its_name_says(left, rescue, wanted):
    """Four people (stays, leaves, rescued, leaves at once): scores after the event are kept, taken out or replaced."""
    nan = math.nan
    table = table_of([[30, 20], [35, nan], [28, 12], [nan, nan]], left=(1, 3), rescued={2: 1})
    design = replace(small(), events=(event(),))
    seen = handled(design, treats(Strategy(left), Strategy(rescue), failure=3.0), table).scores[0]
    np.testing.assert_equal(seen, [[nan if cell is None else cell for cell in row] for row in wanted])


TIMES = [
    # strategy for both events, then day and event of: responds at once, leaves, rescued before a response, never
    ("hypothetical", Method.COX, [(7, 1), (7, 0), (7, 0), (14, 0)]),
    ("composite", Method.COX, [(7, 1), (14, 0), (14, 0), (14, 0)]),
    ("while_on_treatment", Method.INCIDENCE, [(7, 1), (14, 2), (14, 2), (14, 0)]),
]


@pytest.mark.parametrize(("strategy", "method", "wanted"), TIMES)
def test_times_to_response_follow_the_strategy(strategy, method, wanted):
    """An event censors, makes a failure until the end, or competes, as its strategy says."""
    table = table_of([[20, 20], [35, math.nan], [38, 12], [35, 36]], left=(1,), rescued={2: 1})
    aim = treats(Strategy(strategy), Strategy(strategy), "aim")
    analysis = Analysis("time", method, fall_percent=30.0, estimand="aim")
    design = replace(small(), events=(event(),), estimands=(aim,), analyses=(analysis,))
    found = responses(design, analysis, table)
    assert list(zip(found.day[0].tolist(), found.event[0].tolist(), strict=True)) == wanted


few = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(
    st.lists(st.floats(-20, 10), min_size=1, max_size=2),
    st.floats(0.05, 0.6),
    st.floats(-1, 1),
    st.booleans(),
    st.sampled_from(Missing),
)
def test_events_agree_in_two_spellings(points, share, per_10, nested, kind):
    """With random events, leaving and nested therapists both spellings give everybody the same scores and events."""
    events = tuple(event(p, share, name, per_10) for p, name in zip(points, KINDS, strict=False))
    pairs = dict(small().estimand.strategies) | {e.happening: Strategy.TREATMENT_POLICY for e in events}
    leaving = Leaving() if kind is Missing.MCAR else Leaving(kind, figure(0.2), figure(0.4))
    design = replace(
        small(), size=5, events=events, leaving=leaving, clustering=replace(small().clustering, nested=nested),
        estimand=replace(small().estimand, strategies=tuple(pairs.items())),
    )  # fmt: skip
    setting = prepare_trial(checked(design), 4, SEED).settings[0]
    truth = truth_of(setting, Truth.DRAWN, SEED, 0)
    table = many_tables(setting, [truth], SEED, 0)
    assert plain_table(setting, truth, SEED, 0).different(table) == []


AIMS = {
    "hypothetical": (Method.MMRM, Strategy.HYPOTHETICAL, Strategy.HYPOTHETICAL),
    "policy": (Method.MMRM, Strategy.HYPOTHETICAL, Strategy.TREATMENT_POLICY),
    "on_treatment": (Method.ANCOVA, Strategy.WHILE_ON_TREATMENT, Strategy.WHILE_ON_TREATMENT),
    "failure": (Method.ANCOVA, Strategy.COMPOSITE, Strategy.COMPOSITE),
    "response": (Method.RESPONDER, Strategy.COMPOSITE, Strategy.COMPOSITE),
    "time": (Method.RMST, Strategy.COMPOSITE, Strategy.COMPOSITE),
    "by_then": (Method.INCIDENCE, Strategy.COMPOSITE, Strategy.COMPOSITE),
}


@pytest.fixture(scope="module")
def trials():
    """A design with seven estimands, rescue that moves scores by fifteen points, and 24 trials of 120 people."""
    analyses = [
        Analysis(key, method, key == "hypothetical", response="response" * (method in ON_RESPONSE), estimand=key)
        for key, (method, _, _) in AIMS.items()
    ]
    aims = tuple(treats(left, rescue, key) for key, (_, left, rescue) in AIMS.items())
    plain = small()
    design = replace(
        plain, size=120, sites=plain.sites[:1], clustering=type(plain.clustering)(), unblinding=None,
        patients=replace(plain.patients, veteran_points=None), leaving=Leaving(Missing.MAR, figure(0.1), figure(0.3)),
        allocation=replace(plain.allocation, strata=()), events=(event(-15.0, 0.25, per_10=1.2),),
        analyses=tuple(analyses), estimand=aims[0], estimands=aims, truths=(Truth.PUBLISHED,),
    )  # fmt: skip
    setting = prepare_trial(checked(design), TRIALS, SEED).settings[0]
    truths = [truth_of(setting, Truth.PUBLISHED, SEED, r) for r in range(TRIALS)]
    means = targets(setting, truths[0].effects, 350)
    true = {key: difference(setting, mean, truths[0], 0).seen for key, mean in means.items()}
    return setting.design, many_tables(setting, truths, SEED, 0), true


@pytest.mark.parametrize("key", AIMS)
def test_estimates_find_their_own_truth(trials, key):
    """Each estimand's analysis is off its simulated truth by no more than four Monte Carlo errors."""
    design, table, true = trials
    found = analyse(design, next(a for a in design.analyses if a.key == key), table).estimate[:, 0]
    assert np.isfinite(found).all()
    assert found.mean() == pytest.approx(true[key], abs=4 * found.std(ddof=1) / math.sqrt(len(found)))


def test_truths_of_unlike_questions_differ(trials):
    """Rescue that is taken more often in the control arm hides part of the difference under treatment policy, and a
    wrong truth for an analysis would be noticed."""
    design, table, true = trials
    assert true["policy"] - true["hypothetical"] > 1.5  # negative is better: less is left
    found = analyse(design, design.analyses[3], table).estimate[:, 0]  # leaving and rescue as failure
    assert abs(found.mean() - true["hypothetical"]) > 4 * found.std(ddof=1) / math.sqrt(len(found))


def test_the_example_answers_each_question():
    """Ten analyses of five questions answer in every replicate; text and page name each question and its true value,
    and say the median of what has none."""
    design = checked(replace(read_design("examples/trials/estimands.toml"), truths=(Truth.PUBLISHED,), size=40))
    job = prepare_trial(design, 2, 5)
    rows = pa.concat_tables([rows_of(job, chunk, means_of(job)) for chunk in job.chunks()])
    told = summarise_rows(job, rows)
    scenarios = told["cells"][0]["scenarios"]
    assert [one["no_answer"] for one in scenarios] == [0] * 10
    text, page = text_of(told), report_html(told, {})
    for one in scenarios:
        known = one["method"] not in ("cox", "log_rank", "tipping_point")
        assert (one["true_seen"] is not None) == known
        line = next(line for line in text.splitlines() if f"; {one['analysis']}," in line)
        assert (f"true {one['true_seen']:+.1f}"[:9] in line or "share" in line) if known else "median" in line
    for estimand in design.estimands:
        assert estimand.summary in text.replace("&#x27;", "'") or estimand.summary in page
    assert "while on treatment" in page and "Failure stands as a change of 0 from baseline" in page
    heads, cells = page.count('<th scope="col">'), page.split("<tbody>")[1].split("</tr>")[0]
    assert heads >= 10 and cells.count("<td") + 1 <= heads


def crowd(shift, trials=6, people=60, seed=2):
    """Trials of two arms at two visits, the first arm's scores shifted so; one in ten leaves after the first visit."""
    rng = np.random.default_rng(seed)
    shape = (trials, people)
    arm = np.tile(np.arange(people) % 2, (trials, 1))
    base = rng.normal(40, 8, shape)
    scores = 0.6 * base[..., None] + 8 + rng.normal(0, 6, (*shape, 2)) + shift * (arm == 0)[..., None]
    left = rng.random(shape) < 0.1
    scores[..., 1] = np.where(left, np.nan, scores[..., 1])
    yes, none = np.ones(shape, bool), np.zeros(shape, int)
    return TrialTable(
        arm, ~yes, none, none, ~yes, np.zeros(shape), yes, left, base, scores, none, none, none, ~yes,
        np.zeros((*shape, 0), int),
    )  # fmt: skip


@pytest.mark.parametrize("method", Method)
def test_every_method_knows_which_way_is_better(method):
    """Where the active arm scores 12 points less every method succeeds, and in no trial where it scores 5 more."""
    left = Strategy.TREATMENT_POLICY if method in REFERENCE_BASED else Strategy.HYPOTHETICAL
    pairs = dict(small().estimand.strategies) | {Happening.LEFT_STUDY: left}
    analysis = Analysis("one", method, True, fall_percent=30.0 if method in ON_RESPONSE else None)
    design = replace(
        small(), size=60, analyses=(analysis,), estimand=Estimand("All.", "Difference.", tuple(pairs.items()))
    )
    good, bad = (analyse(checked(design), analysis, crowd(shift)) for shift in (-12.0, 5.0))
    assert succeeds(design, analysis, good).mean() > 0.8
    assert not succeeds(design, analysis, bad).any() and good.estimate.mean() * bad.estimate.mean() < 0


def test_a_tipping_point_undoes_the_result():
    """Adding the points of the tipping point to who left in the active arm brings p to alpha."""
    table = crowd(-8.0, trials=2)
    analysis = Analysis("tip", Method.TIPPING_POINT, True)
    design = checked(replace(small(), size=60, analyses=(analysis,)))
    found = analyse(design, analysis, table)
    assert (found.p < 0.05).all() and (found.estimate > 0).all()
    for trial in range(2):
        y = table.scores[trial]
        who = People(
            x := np.column_stack([np.ones(60), table.arm[trial] == 0, table.base[trial] - table.base[trial].mean()]),
            x * [1, 0, 1], y, table.arm[trial] == 0, np.array([0.0, 1.0, 0.0]), (),
        )  # fmt: skip
        points = found.estimate[trial, 0]
        assert points == MOST or jackknife(who, "mar").at(points).p == pytest.approx(0.05, abs=1e-6)


def gone_at_once(seed=4, people=60):
    """One trial with a single visit; half of the active arm leaves before it, and the active arm scores 12 less."""
    table = crowd(-12.0, trials=1, people=people, seed=seed)
    left = (table.arm == 0) & (np.arange(people) % 4 == 0)
    return replace(table, scores=np.where(left[..., None], math.nan, table.scores[:, :, :1]), left=left)


def of_one_visit(method):
    """The small design with that visit alone, analysed so."""
    left = Strategy.TREATMENT_POLICY if method in REFERENCE_BASED else Strategy.HYPOTHETICAL
    pairs = dict(small().estimand.strategies) | {Happening.LEFT_STUDY: left}
    estimand, analysis = Estimand("All.", "Difference.", tuple(pairs.items())), Analysis("one", method, True)
    return checked(replace(small(), size=60, visits=small().visits[-1:], analyses=(analysis,), estimand=estimand))


@pytest.mark.parametrize("method", REFERENCE_BASED)
def test_who_leaves_before_the_first_visit_is_imputed(method):
    """Whoever was treated and left before any visit is counted, as one of the control arm: the sum written out."""
    table, design = gone_at_once(), of_one_visit(method)
    found = analyse(design, design.primary, table)
    y, active = table.scores[0, :, 0], table.arm[0] == 0
    x = np.column_stack([np.ones(60), active, table.base[0] - table.base[0].mean()])
    seen = np.isfinite(y)
    line = np.linalg.lstsq(x[seen], y[seen], rcond=None)[0] * [1, 0, 1]
    want = np.linalg.lstsq(x, np.where(seen, y, x @ line), rcond=None)[0][1]
    assert found.estimate[0, 0] == pytest.approx(want, abs=1e-9) and found.people[0] == 60 and want > -8


def test_a_tipping_point_moves_who_left_before_the_first_visit():
    """Half of an arm gone before the only visit can undo its result: it is not told as beyond undoing."""
    design = of_one_visit(Method.TIPPING_POINT)
    found = analyse(design, design.primary, gone_at_once())
    assert found.p[0, 0] < 0.05 and 5 < found.estimate[0, 0] < MOST / 2


def test_a_true_value_tells_its_own_error(monkeypatch):
    """Four crowds of other people give true values that scatter as the error says that comes with each."""
    setting = prepare_trial(small(), 2, 1).settings[0]
    truth = truth_of(setting, Truth.PUBLISHED, 0, 0)
    crowds = []
    for seed in range(4):
        monkeypatch.setattr(true_effects, "SEED", seed)
        crowds.append(true_effects.by_class(setting, truth.effects))
    found = [difference(setting, means, truth, 0) for means in crowds]
    scatter = np.std([one.seen for one in found], ddof=1)
    assert 0.4 < scatter / np.mean([one.error for one in found]) < 2 and scatter > 0.02
    assert difference(setting, crowds[0], truth_of(setting, Truth.NULL, 0, 0), 0).error == 0


def test_the_error_of_a_bias_holds_that_of_the_true_value():
    """What stands beside a bias is the scatter of trials and the error of the value it is held to, together."""
    job = prepare_trial(replace(small(), truths=(Truth.PUBLISHED, Truth.NULL)), 8, 3)
    means = means_of(job)
    rows = pa.concat_tables([rows_of(job, chunk, means) for chunk in job.chunks()])
    with_truth, without = (s["bias"] for s in summarise_rows(job, rows)["cells"][0]["scenarios"] if s["primary"])
    table = rows.to_pandas().query("truth == 'published' and analysis == 'change'")
    alone = (table["estimate"] - table["seen"]).std(ddof=1) / math.sqrt(8)
    assert with_truth["mc_se"] == pytest.approx(math.hypot(alone, with_truth["true_error"]), abs=2e-6)
    assert with_truth["true_error"] > 0.02 and without["true_error"] == 0
