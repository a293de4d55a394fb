"""One call for anybody's table: formulas, contrasts, means, and what is said about bad data."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.lab.analysis.examples import drawn, long_table, trial, with_gaps
from unstuck.core.errors import Complaint
from unstuck.lab import analysis
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.formula import parse
from unstuck.lab.analysis.frame import frame
from unstuck.lab.analysis.imputation import people
from unstuck.lab.analysis.pattern_sums import pooled
from unstuck.lab.analysis.repeated import fit, prepare

CROSSED = "chg ~ base*visit + arm*visit"


def _fit(table: dict[str, Floats], formula: str = CROSSED, **wishes: str) -> analysis.Mmrm:
    return analysis.mmrm(table, formula, subject="id", visit="visit", **wishes)


def _small() -> dict[str, Floats]:
    return long_table(*drawn(8, 40, 3, 0.1))


def test_the_frozen_trial_by_one_call() -> None:
    """The table of the frozen trial gives its published contrast, by the closed form, with the Kenward-Roger error."""
    found = _fit(long_table(*trial("trial_mono.csv")))
    (last,) = found.contrast("arm", at=56)
    assert found.solver == "closed form"
    assert last.what == "arm 1 minus 0 at visit 56"
    assert [last.estimate, last.se, last.df] == pytest.approx([-6.99620552, 1.43740082, 249.857552], rel=4e-9)
    assert found.minus2 == pytest.approx(9764.969097, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "formula"),
    [("trial_mono.csv", "chg ~ base + arm*visit"), ("trial_inter.csv", CROSSED)],
)
def test_the_general_solver_is_taken_where_it_is_needed(name: str, formula: str) -> None:
    """A covariate that is not crossed with visit, and gaps between visits, go to the general solver by themselves."""
    assert _fit(long_table(*trial(name)), formula).solver.startswith("general solver")


def test_satterthwaite_keeps_the_error_of_the_model() -> None:
    """df="satterthwaite" has the df of Kenward-Roger with the uncorrected error."""
    (last,) = _fit(long_table(*trial("trial_mono.csv")), df="satterthwaite").contrast("arm", at="56")
    assert [last.se, last.df] == pytest.approx([1.43505940, 249.857552], rel=4e-9)


def test_a_text_arm_and_a_numeric_arm_are_the_same() -> None:
    """The arm as 0/1, as 1/2 and as words gives one contrast, the other level minus the first."""
    table = _small()
    answers = []
    for arm in (table["arm"], table["arm"] + 1, np.where(table["arm"] == 1, "ket", "a placebo")):
        (each,) = _fit({**table, "arm": arm}).contrast("arm", at=14)
        answers.append([each.estimate, each.se, each.df])
    assert answers[1] == pytest.approx(answers[0], rel=1e-12)
    assert answers[2] == pytest.approx(answers[0], rel=1e-12)


def test_visits_are_categories_in_their_natural_order() -> None:
    """Visits called "week 2" and "week 10" stand in that order and give what numbers give."""
    table = _small()
    words = np.array([f"week {day}" for day in {1: 1, 7: 2, 14: 10}.values()])[
        np.searchsorted([1, 7, 14], table["visit"])
    ]
    found = _fit({**table, "visit": words})
    assert found.visits == ("week 1", "week 2", "week 10")
    assert found.contrast("arm", at="week 10")[0].estimate == pytest.approx(_fit(table).contrast("arm", 14)[0].estimate)


def test_without_gaps_means_are_those_of_regression() -> None:
    """With everybody seen, the LS mean of an arm at a visit is the least-squares prediction at the mean baseline."""
    x, y = drawn(2, 50, 3, 0.0)
    found = _fit(long_table(x, y))
    b = np.linalg.lstsq(x, y[:, 2], rcond=None)[0]
    got = [each.estimate for each in found.means("arm", at=14)]
    assert got == pytest.approx([b[0] + b[2] * x[:, 2].mean(), b[0] + b[1] + b[2] * x[:, 2].mean()])


def test_means_stand_at_the_mean_patient_however_long_people_stay() -> None:
    """With dropout, the mean at the first visit, where all are seen, is the prediction at the mean of patients."""
    x, y = drawn(4, 60, 3, 0.2)
    b = np.linalg.lstsq(x, y[:, 0], rcond=None)[0]
    got = [each.estimate for each in _fit(long_table(x, y)).means("arm", at=1)]
    assert got == pytest.approx([b[0] + b[2] * x[:, 2].mean(), b[0] + b[1] + b[2] * x[:, 2].mean()])


def test_formulas_that_mean_the_same_agree() -> None:
    """Crossing by brackets, by colons or without an intercept changes the coding and no contrast."""
    table = _small()
    want = _fit(table).contrast("arm", at=14)[0]
    for text in (
        "chg ~ (base + arm)*visit",
        "chg ~ base + visit + arm + base:visit + arm:visit",
        "chg ~ 0 + visit + base:visit + arm:visit",
        "chg ~ visit*arm + visit:base - 1",
    ):
        got = _fit(table, text).contrast("arm", at=14)[0]
        assert [got.estimate, got.se, got.df] == pytest.approx([want.estimate, want.se, want.df], rel=1e-8), text


def test_a_covariate_that_changes_between_visits_is_used_as_it_stands() -> None:
    """Under compound symmetry a covariate of the row gets the coefficient of generalised least squares by hand."""
    x, y = with_gaps(5, 40, 3, 0.1)
    table = long_table(x, y)
    dose = np.random.default_rng(1).normal(size=len(table["chg"]))
    found = _fit({**table, "dose": dose}, "chg ~ visit + arm + dose", covariance="cs", df="satterthwaite")
    seen = np.isfinite(y)
    design = np.column_stack([np.eye(3)[np.tile(range(3), 40)], table["arm"], dose])
    v = np.kron(np.eye(40), found.covariance)[np.ix_(seen.ravel(), seen.ravel())]
    w, d = np.linalg.inv(v), design[seen.ravel()]
    b = np.linalg.solve(d.T @ w @ d, d.T @ w @ y[seen])
    got = {each.what: each.estimate for each in found.coefficients()}
    assert [got["arm[1]"], got["dose"]] == pytest.approx([b[3], b[4]], rel=1e-8)


def test_three_arms_are_each_compared_with_the_first() -> None:
    """With three levels the contrasts are second minus first and third minus first."""
    table = _small()
    arm = np.array(["c", "a", "b"])[table["id"].astype(int) % 3]
    found = _fit({**table, "arm": arm})
    means = [each.estimate for each in found.means("arm", at=14)]
    got = found.contrast("arm", at=14)
    assert [each.what.split(" at ")[0] for each in got] == ["arm b minus a", "arm c minus a"]
    assert [each.estimate for each in got] == pytest.approx([means[1] - means[0], means[2] - means[0]])


def test_a_million_rows_are_analysed_in_seconds() -> None:
    """A million rows go through the same call; the time does not grow with more than the reading of them."""
    rng = np.random.default_rng(0)
    x, y = drawn(1, 200_000, 5, 0.03)
    begun = time.process_time()
    (last,) = _fit(long_table(x, y + rng.normal(size=y.shape))).contrast("arm", at=56)
    assert last.low < -2 < last.high and last.se < 0.2
    assert time.process_time() - begun < 30


def test_sites_send_sums_and_get_the_fit_of_the_whole() -> None:
    """Two sites that agree on a model send sums; the pooled fit is the fit of one table."""
    table = long_table(*with_gaps(3, 90, 3, 0.1))
    whole, formula = _fit(table), parse(CROSSED)
    model, _ = prepare(frame(table, formula, "id", "visit"))
    halves = [{name: cells[table["id"] // 2 % 2 == k] for name, cells in table.items()} for k in (0, 1)]
    sums = [prepare(frame(half, formula, "id", "visit"))[1] for half in halves]
    got, want = fit(model, pooled(sums), "kenward-roger", "us").contrast("arm", 14)[0], whole.contrast("arm", 14)[0]
    assert [got.estimate, got.se, got.df] == pytest.approx([want.estimate, want.se, want.df], rel=1e-10)


# What is said about bad data: each is a Complaint that names the place, never a number.


def _refused(said: str, table: dict[str, Floats], formula: str = CROSSED, **wishes: str) -> None:
    with pytest.raises(Complaint, match=said):
        _fit(table, formula, **wishes)


def test_a_misspelt_column_is_named_with_its_neighbour() -> None:
    """A column that is not there is refused, with the one that was probably meant."""
    _refused("no column 'bse'.*Did you mean 'base'", _small(), "chg ~ bse*visit + arm*visit")


def test_an_empty_arm_is_refused() -> None:
    """An arm of which nobody has an outcome, or which is the only one, is refused by its name."""
    table = _small()
    table["chg"] = np.where(table["arm"] == 1, np.nan, table["chg"])
    _refused("Nobody with arm '1'", table)
    _refused("nothing to compare", {**table, "arm": np.full(len(table["chg"]), "ket")})


def test_an_arm_that_is_gone_at_a_visit_is_refused() -> None:
    """Where one arm has nobody left at a visit, the coefficient that cannot be estimated is named."""
    table = _small()
    gone = (table["arm"] == 1) & (table["visit"] == 14)
    _refused(r"visit\[14\].*cannot be estimated", {**table, "chg": np.where(gone, np.nan, table["chg"])})


def test_two_rows_for_one_visit_are_refused() -> None:
    """A patient with two rows for a visit is named, with the visit."""
    table = {name: np.append(cells, cells[4]) for name, cells in _small().items()}
    _refused("Patient '1' has two rows for visit '7'", table)


def test_a_singular_design_is_refused_by_the_covariate_that_repeats() -> None:
    """A covariate that is another one in other units is named as determined by the others."""
    table = _small()
    _refused("twice.*combination of the others", {**table, "twice": 2 * table["base"]}, CROSSED + " + twice*visit")


def test_a_visit_with_too_few_patients_is_refused_and_a_thin_one_is_noted() -> None:
    """No more patients than coefficients at a visit is refused with both numbers; a few more get a note."""
    table = _small()
    seen = np.flatnonzero(np.isfinite(table["chg"]) & (table["visit"] == 14))
    for kept, refused in ((3, True), (6, False)):
        gone = {**table, "chg": table["chg"].copy()}
        gone["chg"][seen[kept:]] = np.nan
        if refused:
            _refused("3 patients are seen at visit 14, for 3 coefficients", gone)
        else:
            assert "rests on 3 degrees of freedom only" in " ".join(_fit(gone).notes)


def test_two_visits_that_nobody_has_both_are_refused() -> None:
    """An unstructured covariance between visits that no patient has both of is unknown, and is said to be."""
    table = _small()
    even = table["id"] % 2 == 0
    gone = (even & (table["visit"] == 7)) | (~even & (table["visit"] == 14))
    _refused(
        "Nobody is seen at both visits 7 and 14",
        {**table, "chg": np.where(gone, np.nan, table["chg"])},
        "chg ~ base + visit",
    )


@pytest.mark.parametrize("made", [drawn(8, 40, 3, 0.1), with_gaps(5, 60, 3, 0.1)])
def test_outcomes_without_spread_are_refused(made: tuple[Floats, Floats]) -> None:
    """A visit at which all have one value, a value carried forward, a sum of others: refused, not fitted."""
    x, y = made
    for change, said in (
        (lambda: np.zeros(len(y)), "all the same"),
        (lambda: np.full(len(y), 7.0), "all the same"),
        (lambda: 3 + 2 * x[:, 2], "all the same, or follow"),
        (lambda: y[:, 0], "earlier ones|no clear maximum"),
        (lambda: y[:, 0] - y[:, 2], "earlier ones|no clear maximum"),
    ):
        changed = y.copy()
        changed[:, 1] = np.where(np.isnan(y[:, 1]), np.nan, change())
        _refused(said, long_table(x, changed))


def test_columns_that_do_not_go_together_are_refused() -> None:
    """A shorter column, a single value for a column, and a name of patients as a covariate are refused."""
    table = _small()
    _refused("10 rows and 'id' has 120", {**table, "base": table["base"][:10]})
    _refused("list of cells", {**table, "base": 3.0})
    many = long_table(*drawn(1, 250, 2, 0.0))
    _refused("250 different values", {**many, "who": np.array([f"p{k:.0f}" for k in many["id"]])}, CROSSED + " + who")


def test_names_of_patients_are_never_read_as_numbers() -> None:
    """Patients written "1" and "01" are two people; arms that differ by a capital only are refused."""
    table = _small()
    names = np.array([f"0{int(i)}" if i % 2 else f"{int(i)}" for i in table["id"]])
    twins = np.where(table["id"] == 3, "4", np.where(table["id"] == 4, "04", names))
    found = _fit({**table, "id": twins})
    assert found.problem.sums.patients == 40
    assert "'04' and '4' count as two patients" in " ".join(found.notes)
    assert not any("two patients" in note for note in _fit({**table, "id": names}).notes)
    arm = np.where(table["arm"] == 1, "Ket", "placebo")
    _refused("look like one word", {**table, "arm": np.where(table["id"] == 5, "ket", arm)})


def test_an_arm_called_none_is_not_lost_in_silence() -> None:
    """An arm whose word counts as unknown is named in a note, with what to do."""
    table = _small()
    arm = np.where(table["id"] % 4 == 0, "None", np.where(table["arm"] == 1, "ket", "placebo"))
    found = _fit({**table, "arm": arm})
    assert "arm 'None' counts as unknown; give it another word if it is a level." in found.notes


def test_many_visits_are_refused_where_they_would_fill_the_memory() -> None:
    """Forty visits with gaps are too many for an unstructured covariance, and few enough for a simple one."""
    x, y = with_gaps(1, 120, 40, 0.3)
    table = long_table(x, y, tuple(range(1, 41)))
    _refused("too many for the covariance|patients are seen", table, "chg ~ base + arm*visit")


def test_a_number_that_is_none_is_refused_with_its_row() -> None:
    """A word, a decimal comma or infinity in a column of numbers is refused with its place."""
    table = _small()
    words = table["base"].astype(str)
    _refused("'3,5' is no number.*decimal point", {**table, "base": np.where(np.arange(len(words)) == 7, "3,5", words)})
    _refused("'1_000' is no number", {**table, "base": np.where(np.arange(len(words)) == 7, "1_000", words)})
    _refused("beyond 1e.100", {**table, "base": np.where(np.arange(len(words)) == 7, 1e200, table["base"])})
    _refused("not finite", {**table, "base": np.where(np.arange(len(words)) == 7, np.inf, table["base"])})
    _refused("'x' is no number", {**table, "chg": np.where(np.arange(len(words)) == 7, "x", words)})


def test_a_patient_in_two_arms_is_named_and_no_arms_are_compared() -> None:
    """Where one patient's rows name two arms, contrasts, means and imputation are refused with that patient's name."""
    table = _small()
    row = int(np.flatnonzero(np.isfinite(table["chg"]) & (table["visit"] == 7))[3])
    two = {**table, "arm": np.where(np.arange(len(table["arm"])) == row, 1 - table["arm"], table["arm"])}
    said = f"arm is not the same in all rows of patient '{int(table['id'][row])}'"
    found = _fit(two)
    assert said in " ".join(found.notes)
    for ask in (found.contrast, found.means):
        with pytest.raises(Complaint, match=said):
            ask("arm", at=14)
    with pytest.raises(Complaint, match=said):
        people(two, CROSSED, "id", "visit", "arm", 0)


def test_a_number_that_differs_within_a_patient_or_lies_far_off_is_asked_about() -> None:
    """A baseline that is written twice, and 999 among change scores, are computed with and named in a note."""
    table = _small()
    seen = np.flatnonzero(np.isfinite(table["chg"]))
    base, chg = table["base"].copy(), table["chg"].copy()
    base[seen[4]], chg[seen[5]] = 44, 999
    notes = " ".join(_fit({**table, "base": base, "chg": chg}).notes)
    assert "base is not the same in all rows of patient" in notes
    assert f"chg 999 in row {seen[5] + 1} below the header" in notes and "code for a missing value" in notes
    assert not any("far" in note or "not the same" in note for note in _fit(table).notes)


def test_one_visit_is_led_to_analysis_of_covariance() -> None:
    """A table with one visit is refused with the formula that fits it, and that formula gives least squares."""
    table = {name: cells[_small()["visit"] == 14] for name, cells in _small().items()}
    _refused("one visit only, '14'.*analysis of covariance", table)
    (found,) = _fit(table, "chg ~ base + arm").contrast("arm")
    seen = np.isfinite(table["chg"])
    x = np.column_stack([np.ones(seen.sum()), table["arm"][seen], table["base"][seen]])
    assert found.estimate == pytest.approx(np.linalg.lstsq(x, table["chg"][seen], rcond=None)[0][1])
    assert found.df == pytest.approx(seen.sum() - 3)


def test_a_missing_covariate_leaves_its_patient_out_and_says_so() -> None:
    """Rows without a covariate are left out as R does, with how many patients that were."""
    table = _small()
    base = np.where(table["id"] == 3, np.nan, table["base"])
    notes = " ".join(_fit({**table, "base": base}).notes)
    assert "of 1 patients have no base" in notes and "1 of 40 patients have no row that counts" in notes


def test_a_visit_without_outcomes_is_left_out_and_named() -> None:
    """A baseline visit has no change score: it is no visit of the model, and a note says so."""
    table = _small()
    chg = np.where(table["visit"] == 1, np.nan, table["chg"])
    found = _fit({**table, "chg": chg})
    assert found.visits == ("7", "14") and "visit 1: it is left out" in " ".join(found.notes)


def test_kenward_roger_is_refused_where_it_depends_on_the_parameters() -> None:
    """For structures that are not linear in their parameters the correction has no one value; another is proposed."""
    _refused("depends on how the parameters", _small(), covariance="ar1h")
    assert _fit(_small(), covariance="ar1h", df="satterthwaite").contrast("arm", 14)[0].se > 0


@pytest.mark.parametrize(
    "text", ["chg", "~ arm", "chg ~ arm +", "chg ~ arm ^ 2", "chg ~ (arm", "chg ~ arm - base", "chg ~ chg"]
)
def test_a_formula_that_is_none_is_refused(text: str) -> None:
    """Half a formula, an operator that is not known, or the outcome on both sides is refused."""
    with pytest.raises(Complaint, match="formula"):
        parse(text)


def test_unknown_wishes_are_refused() -> None:
    """Another df, another structure, another visit and a contrast of a number are refused, with what is known."""
    _refused("not known.*kenward-roger", _small(), df="residual")
    _refused("not supported.*cs", _small(), covariance="sp_pow")
    found = _fit(_small())
    with pytest.raises(Complaint, match=r"no visit '99'.*1, 7, 14"):
        found.contrast("arm", at=99)
    with pytest.raises(Complaint, match=r"no factor.*arm"):
        found.contrast("base")
