"""What trials cost and ask: sums by hand, unknown where a price is missing, shown beside what a design can show."""

from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trial_designs import small
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.trial import Costs, Truth
from unstuck.core.trial_file import checked
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.plain import plain_table
from unstuck.lab.trials.virtual.report import report_html
from unstuck.lab.trials.virtual.spending import spent
from unstuck.lab.trials.virtual.summary import summarise_rows
from unstuck.lab.trials.virtual.tradeoff import Choice, unbeaten
from unstuck.lab.trials.virtual.truths import truth_of
from unstuck.lab.trials.virtual.words import money, text_of
from unstuck.lab.trials.virtual.work import means_of, rows_of

FIGURE = partial(Sourced, source="author", grade=Grade.ASSUMED)
COSTS = Costs(
    "USD",
    dose=FIGURE(600, "USD"),
    measurement=FIGURE(150, "USD"),
    person=FIGURE(1000, "USD"),
    month=FIGURE(3043.75, "USD"),
    fixed=FIGURE(5000, "USD"),
    dose_h=FIGURE(3, "h"),
    measurement_h=FIGURE(1, "h"),
    person_h=FIGURE(2, "h"),
)


@pytest.fixture(scope="module")
def told():
    """The summary of a small sweep that states its costs."""
    looks = '[interim]\nlooks = [0.5, 1.0]\nspending = "obrien_fleming"\n'
    sweep = '[sweep]\nsize = [12, 20]\ninterim = ["as_written", "none"]\n'
    changes = (
        ("per_month = 4", 'per_month = 4\ntruths = ["drawn"]'),
        ("[allocation]", f"{looks}\n{sweep}\n[allocation]"),
    )
    design = replace(small(*changes), costs=COSTS)
    job = prepare_trial(checked(design), 3, 5)
    means = means_of(job)
    return summarise_rows(job, pa.concat_tables([rows_of(job, chunk, means) for chunk in job.chunks()]))


def test_the_sum_by_hand():
    """Doses, interviews, people, months and what is paid once add up, in the courses of the reference simulator."""
    setting = prepare_trial(checked(replace(small(), costs=COSTS)), 1, 1).settings[0]
    table = plain_table(setting, truth_of(setting, Truth.DRAWN, 1, 0), 1, 0)
    found = spent(setting.design, table, np.ones((1, 12), dtype=bool))
    doses, interviews = int(table.doses.sum()), int(table.measured.sum())
    days = float(table.enrolled_day.max()) + 14
    assert found.cost[0] == pytest.approx(600 * doses + 150 * interviews + 12 * 1000 + 100 * days + 5000)
    assert found.burden_h[0] == pytest.approx((3 * doses + interviews) / 12 + 2)
    assert doses > 40 and interviews >= 24


def test_who_was_not_enrolled_costs_nothing():
    """People after a stop are not paid for."""
    setting = prepare_trial(checked(replace(small(), costs=COSTS)), 1, 1).settings[0]
    table = plain_table(setting, truth_of(setting, Truth.DRAWN, 1, 0), 1, 0)
    half = spent(setting.design, table, np.arange(12)[None, :] < 6)
    whole = spent(setting.design, table, np.ones((1, 12), dtype=bool))
    assert half.randomised[0] == 6 and half.cost[0] < 0.7 * whole.cost[0] and half.days[0] < whole.days[0]


def test_a_missing_price_is_unknown():
    """Without the price of a dose that was given the sum is unknown, never less; hours are told all the same."""
    setting = prepare_trial(checked(replace(small(), costs=replace(COSTS, dose=None))), 1, 1).settings[0]
    table = plain_table(setting, truth_of(setting, Truth.DRAWN, 1, 0), 1, 0)
    found = spent(setting.design, table, np.ones((1, 12), dtype=bool))
    assert np.isnan(found.cost[0]) and found.burden_h[0] > 0


def test_days_without_a_pace_are_unknown():
    """A design that does not say how fast it enrols has no days, no months to pay and no months in its report; hours
    are told all the same."""
    design = checked(replace(small(("per_month = 4", 'truths = ["drawn"]')), costs=COSTS))
    job = prepare_trial(design, 2, 1)
    means = means_of(job)
    told = summarise_rows(job, pa.concat_tables([rows_of(job, chunk, means) for chunk in job.chunks()]))
    one = told["cells"][0]["scenarios"][0]
    assert one["days"] is None and one["cost"] is None and one["burden_h"] > 0
    assert "unknown cost" in text_of(told) and "unknown days: it names no per_month" in text_of(told)
    assert "<td>unknown</td></tr>" in report_html(told, {})


def test_who_pays_by_no_month_needs_no_pace():
    """Without a price of the month a trial without a pace has the sum of all the rest."""
    design = checked(replace(small(("per_month = 4", "")), costs=replace(COSTS, month=None)))
    setting = prepare_trial(design, 1, 1).settings[0]
    table = plain_table(setting, truth_of(setting, Truth.DRAWN, 1, 0), 1, 0)
    found = spent(setting.design, table, np.ones((1, 12), dtype=bool))
    assert found.cost[0] == pytest.approx(600 * table.doses.sum() + 150 * table.measured.sum() + 12 * 1000 + 5000)


def test_the_report_shows_both(told):
    """The report has cost and hours of every design beside its assurance, with the grade of each figure."""
    page = report_html(told, {})
    assert page.count(">cost of the trial, USD<") == 1 and page.count(">hours that all participants give<") == 1
    assert "each dose" in page and "assumed" in page and "Not counted" in page and "each therapy session" in page
    for cell in told["cells"]:
        one = cell["scenarios"][0]
        assert money(one["cost"]) in page and f"{one['burden_h']:.1f}" in page
        assert one["cost_quantiles"][0] <= one["cost"] <= one["cost_quantiles"][-1]


def test_without_costs_the_report_says_so(told):
    """A design that states no costs has unknown ones in its report."""
    assert "Unknown: the design has no [costs]" in report_html(told | {"costs": None}, {})


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=8))
def test_the_unbeaten(points):
    """The cheapest and the strongest are among the unbeaten, and whoever is left out is beaten by one of them."""
    found = [
        Choice(n, "", {"share": share / 20}, 10, 1, float(cost), None, None) for n, (share, cost) in enumerate(points)
    ]
    best = unbeaten(found, lambda c: c.cost)
    good = [c for c in found if c.number in best]
    assert min(c.cost for c in good) == min(c.cost for c in found)
    assert max(c.works["share"] for c in good) == max(c.works["share"] for c in found)
    for one in found:
        if one.number not in best:
            assert any(c.cost <= one.cost and c.works["share"] >= one.works["share"] for c in good)
