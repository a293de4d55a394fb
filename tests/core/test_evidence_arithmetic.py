"""The sums on published figures, against public tables and printed values."""

import csv
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.core.arithmetic import (
    Group,
    can_be_mean,
    chi_square,
    difference,
    fisher,
    fixed_effect,
    hedges_g,
    odds_ratio,
    p_of_t,
    risk_ratio,
    se_of_interval,
    se_of_ratio,
    t_quantile,
    two_sample_t,
    widest_sd,
)
from unstuck.core.claims_file import load_figures
from unstuck.core.evidence_figures import Figure, recompute
from unstuck.core.library_file import library_root

FIGURES = {figure.key: figure for figure in load_figures()}


def _arms():
    with (library_root() / "evidence" / "tables" / "psychotherapy_arms.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_g_of_every_psychotherapy_trial_is_the_published_one():
    """g and its SE follow from means, SDs and sizes in all 112 rows of the public table, to 1e-9."""
    rows = _arms()
    assert len(rows) == 112
    for row in rows:
        one, two = (Group(*(float(row[f"{name}{i}"]) for name in ("mean", "sd", "n"))) for i in "12")
        g, se = hedges_g(one, two)
        assert -g == pytest.approx(float(row["g"]), abs=1e-9), row["study"]
        assert se == pytest.approx(float(row["g_se"]), abs=1e-9), row["study"]


@pytest.mark.parametrize("key", sorted(FIGURES))
def test_every_listed_figure_comes_out_as_noted(key):
    """Each published figure follows from those beside it, or fails to, as the reviewer wrote down."""
    done = recompute(FIGURES[key])
    assert done.expected, done.arithmetic
    assert done.arithmetic


def test_the_known_misprints_fail():
    """The deliberate bad cases of the review fail, so that the checks bite."""
    bad = {"du_2022_ratio", "lung_surgery_p", "yale_pressure", "military_dropout_rr", "feder_2025_d", "sloan_2022_sd"}
    bad |= {"clinic_records_change", "clinic_records_share", "lay_page_2021"}
    assert {key for key, figure in FIGURES.items() if not recompute(figure).fits} == bad


def test_printed_values_of_two_by_two_tables():
    """Chi-square, Fisher, risk and odds ratios of published tables have their known values."""
    assert chi_square(32, 119, 13, 28) == (pytest.approx(4.0734429, abs=1e-6), pytest.approx(0.0435624, abs=1e-6))
    assert fisher(32, 119, 13, 28) == pytest.approx(0.067, abs=0.0005)
    assert fisher(10, 15, 3, 15) == pytest.approx(0.0253277, abs=1e-6)
    ratio, se = risk_ratio(10, 15, 3, 15)
    assert (ratio, ratio * math.exp(-1.96 * se), ratio * math.exp(1.96 * se)) == pytest.approx(
        (3.33, 1.14, 9.75), abs=0.01
    )
    assert odds_ratio(54, 89, 44, 185)[0] == pytest.approx(4.94, abs=0.005)


def test_ketamine_and_esketamine_misfits_show_their_sum():
    """The arithmetic of a misprint names the value that should have stood there."""
    assert "12.32" in recompute(FIGURES["yale_pressure"]).arithmetic
    assert "p = 0.0031" in recompute(FIGURES["lung_surgery_p"]).arithmetic
    assert "1.841" in recompute(FIGURES["military_dropout_rr"]).arithmetic
    assert "1.833" in recompute(FIGURES["feder_2025_d"]).arithmetic


def test_t_has_its_tabled_values():
    """Critical values of Student's t agree with the tables, and p with the t test of Pradhan 2018."""
    assert [t_quantile(df) for df in (1, 4, 10, 30)] == pytest.approx([12.7062, 2.77645, 2.22814, 2.04227], abs=1e-4)
    assert p_of_t(0.0, 7) == pytest.approx(1.0)
    assert two_sample_t(Group(34.44, 19.12, 9), Group(16.5, 11.39, 10))[2] == pytest.approx(0.0222, abs=5e-5)


def test_duek_2023_effect_sizes():
    """g on change is 0.52 for ketamine at day 7 and 0.12 for midazolam at day 30, from the public data."""
    day_7, _ = hedges_g(Group(-18.46, 21.84, 13), Group(-9.31, 9.88, 13))
    day_30, _ = hedges_g(Group(-16.92, 14.22, 13), Group(-18.55, 12.05, 11))
    assert -day_7 == pytest.approx(0.52, abs=0.005)
    assert -day_30 == pytest.approx(-0.12, abs=0.005)


def test_borgogna_passive_and_active_together():
    """The inverse-variance mean of both kinds of control at 24 hours is .367."""
    value, _ = fixed_effect([(0.44, se_of_interval(0.03, 0.85)), (0.24, se_of_interval(-0.30, 0.78))])
    assert value == pytest.approx(0.367, abs=0.0005)


@pytest.mark.parametrize("table", [(0, 10, 3, 10), (10, 10, 3, 10)])
def test_an_empty_cell_has_no_odds_ratio(table):
    """No ratio is made up where a cell is empty."""
    with pytest.raises(ValueError, match="empty cell"):
        odds_ratio(*table)


def test_impossible_tables_are_refused():
    """More than all is no table, and a ratio is positive."""
    with pytest.raises(ValueError, match="no 2 x 2 table"):
        chi_square(11, 10, 1, 10)
    with pytest.raises(ValueError, match="positive"):
        se_of_ratio(-7.05, -0.27)


@given(st.lists(st.integers(0, 80), min_size=2, max_size=40))
def test_true_means_and_spreads_always_pass(scores):
    """No mean or SD of real whole scores is ever called impossible."""
    n = len(scores)
    mean = sum(scores) / n
    sd = math.sqrt(sum((x - mean) ** 2 for x in scores) / (n - 1))
    assert can_be_mean(round(mean, 2), n, 2)
    assert sd <= widest_sd(mean, n, 0, 80) + 1e-9


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_the_two_groups_are_treated_alike(n1, n2, a, b):
    """Swapping the groups leaves p as it is and turns a difference round."""
    a, b = min(a, n1), min(b, n2)
    assert fisher(a, n1, b, n2) == pytest.approx(fisher(b, n2, a, n1))
    assert chi_square(a, n1, b, n2)[0] == pytest.approx(chi_square(b, n2, a, n1)[0])
    one, two = Group(float(a), 2.0, n1 + 1), Group(float(b), 3.0, n2 + 1)
    assert difference(one, two)[0] == -difference(two, one)[0]
    assert hedges_g(one, two) == pytest.approx(tuple(s * x for s, x in zip((-1, 1), hedges_g(two, one), strict=True)))


def test_an_unknown_kind_is_an_error():
    """A kind of sum that nobody wrote is not passed over."""
    with pytest.raises(KeyError):
        recompute(Figure("x", "x", "no such kind", {}, 1.0, 0.0, True, "x"))
