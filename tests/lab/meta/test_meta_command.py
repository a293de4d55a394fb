"""`unstuck meta` pools anybody's table, and refuses what cannot be pooled."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.lab.meta.examples import BCG, BCG_LATITUDES, BCG_YEARS
from unstuck.cli.main import main

HEAD = "trial,logrr,v,se,latitude,allocation,year,team"


@pytest.fixture
def bcg(tmp_path: Path) -> Path:
    """The BCG trials as somebody might have typed them."""
    rows = [HEAD]
    for n, ((a, b, c, d), year, latitude) in enumerate(zip(BCG, BCG_YEARS, BCG_LATITUDES, strict=True), start=1):
        y, v = math.log((a / (a + b)) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
        where = "north" if latitude > 40 else "south"
        rows.append(f"Trial {n},{y!r},{v!r},{math.sqrt(v)!r},{latitude},{where},{year},T{n // 2}")
    path = tmp_path / "bcg.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _table(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(("study,yi,vi,unit", *rows)), encoding="utf-8")
    return str(path)


def test_it_pools_a_table(bcg, capsys):
    """A table is pooled by REML with Knapp-Hartung: metafor's numbers, with every study, Q, I2 and the prediction."""
    assert main(["meta", str(bcg), "--yi", "logrr", "--vi", "v", "--label", "trial"]) == 0
    said = capsys.readouterr().out
    assert "-0.7145 (95 % interval -1.108 to -0.3206; SE 0.1808, t(12) = -3.95, p = 0.0019)" in said
    assert "tau2 = 0.3132" in said and "-1.996 to 0.567" in said and "Trial 13" in said


def test_variances_and_standard_errors_are_the_same(bcg, capsys):
    """The same table gives the same answer from variances and from standard errors."""
    answers = []
    for spread in (["--vi", "v"], ["--sei", "se"]):
        assert main(["meta", str(bcg), "--yi", "logrr", *spread, "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)["pooled"]["mean"])
    assert answers[0] == pytest.approx(answers[1])


def test_json_holds_every_number(bcg, capsys):
    """The JSON holds rows, weights, heterogeneity, moderators, subgroups, small-study tests and posterior."""
    wanted = ["--moderators", "latitude", "--by", "allocation", "--cumulative", "year", "--small-studies"]
    command = [
        "meta",
        str(bcg),
        "--yi",
        "logrr",
        "--vi",
        "v",
        *wanted,
        "--each-study",
        "--prior",
        "log_or_drug_placebo",
    ]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["effects"]) == len(found["influence"]) == len(found["leave_one_out"]) == 13
    assert found["pooled"]["heterogeneity"]["tau2"] == pytest.approx(0.3132433, abs=1e-6)
    assert found["regression"]["names"] == ["intercept", "latitude"]
    assert [name for name, _ in found["subgroups"]["groups"]] == ["north", "south"]
    assert found["trim_and_fill"]["missing"] == 1 and found["egger"]["slope"]["p"] == pytest.approx(0.421785, abs=1e-6)
    assert found["bayes"]["mu"]["low"] < -0.7 < found["bayes"]["mu"]["high"]
    assert main(command) == 0
    assert "By group" in capsys.readouterr().out


def test_rows_of_one_study_are_pooled_on_three_levels(bcg, capsys):
    """With --study the table is pooled on three levels with CR2 errors, also with a moderator."""
    command = [
        "meta",
        str(bcg),
        "--yi",
        "logrr",
        "--vi",
        "v",
        "--study",
        "team",
        "--moderators",
        "latitude",
        "--rho",
        "0.5",
    ]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "Three levels, 13 effects in 7 studies" in said and "CR2" in said and "latitude" in said


def test_plots_are_written(bcg, tmp_path, capsys):
    """--plot and --funnel write their files, and the numbers are printed all the same."""
    plots = ["--plot", str(tmp_path / "f.svg"), "--funnel", str(tmp_path / "u.png"), "--ratio"]
    assert main(["meta", str(bcg), "--yi", "logrr", "--vi", "v", "--label", "trial", *plots]) == 0
    assert "Trial 7" in (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert (tmp_path / "u.png").stat().st_size > 1000
    assert "-0.7145" in capsys.readouterr().out


def test_subgroups_are_drawn_under_their_headings(bcg, tmp_path, capsys):
    """With --by the forest shows each group with its own mean, and the mean of all; --ratio says it as a ratio too."""
    plot = [
        "--by",
        "allocation",
        "--plot",
        str(tmp_path / "f.svg"),
        "--ratio",
        "--title",
        "BCG",
        "--axis",
        "Risk ratio",
    ]
    assert main(["meta", str(bcg), "--yi", "logrr", "--vi", "v", "--label", "trial", *plot]) == 0
    drawn = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert all(
        f"<!-- {text} -->" in drawn for text in ("north", "south", "All studies", "BCG", "Risk ratio", "Trial 1")
    )
    assert drawn.count("Pooled, REML") == 3
    assert "As a ratio: 0.489 (0.33 to 0.726); a new study's within 0.136 to 1.76" in capsys.readouterr().out


def test_an_empty_cell_is_left_out_by_name(tmp_path, capsys):
    """A row without a number is left out, and the answer names its line."""
    table = _table(tmp_path, "A,0.1,0.04,g", "B,,0.04,g", "C,0.3,NA,g", "D,0.5,0.09,g")
    assert main(["meta", table, "--yi", "yi", "--vi", "vi", "--label", "study"]) == 0
    said = capsys.readouterr().out
    assert "Left out for an empty cell: line 3, 4." in said and "Pooled, 2 effects" in said


def test_one_study_is_not_pooled(tmp_path, capsys):
    """One study comes back as it is, with a note."""
    assert main(["meta", _table(tmp_path, "A,0.1,0.04,g"), "--yi", "yi", "--vi", "vi"]) == 0
    assert "One study: nothing is pooled." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        (("A,0.1,0.04,g", "B,n.s.,0.04,g"), (), "t.csv:3, column yi: 'n.s.' is no number"),
        (("A,0.1,0.04,g", "B,0.2,-0.04,g"), (), "t.csv:3, column vi: A variance of -0.04 is impossible"),
        (("A,0.1,0.04,g", "B,0.2,0,g"), (), "A variance of 0 is impossible"),
        (("A,0.1,0.04,g", "B,0.2,inf,g"), (), "'inf' is not finite"),
        (("A,0.1,0.04,g", '"B","0,2",0.04,g'), (), "Write a decimal point"),
        (("A,0.1,0.04,g", "B,0.2"), (), "2 cells stand under 4 names"),
        (("A,0.1,0.04,g", "B,0.2,0.04,points"), ("--scale", "unit"), "mix scales: g, points"),
        (("Feder 2014,0.1,0.04,g", "feder-2014,0.2,0.04,g"), ("--label", "study"), "one study under two names"),
        (("A,0.1,0.04,g", "B,0.1,0.04,g"), ("--label", "study"), "one study under two names"),
        (("A,0.1,0.04,g",), ("--label", "author"), "no column 'author'"),
        (("A,,0.04,g",), (), "No row has all that is needed"),
        (
            ("A,0.1,0.04,g", "A,0.2,0.04,g", "B,0.3,0.04,g"),
            ("--study", "study", "--by", "unit"),
            "--by needs independent",
        ),
        (("A,0.1,0.04,g", "B,0.2,0.04,g"), ("--prior", "guess"), "no prior 'guess'"),
        (("A,0.1,0.04,g", "B,0.2,0.04,g"), ("--level", "95"), "no share"),
        (("A,0.1,0.04,g", "B,0.2,0.04,g"), ("--plot", "x.gif"), "cannot be written"),
        ((), (), "no row below the header"),
    ],
)
def test_what_cannot_be_pooled_is_refused(tmp_path, capsys, rows, more, said):
    """Bad input ends with 2 and one sentence that says what is wrong, in which line and column, and how to mend it."""
    assert main(["meta", _table(tmp_path, *rows), "--yi", "yi", "--vi", "vi", *more]) == 2
    shown = capsys.readouterr()
    assert said in shown.err and shown.out == ""


def test_a_negative_standard_error_does_not_hide_in_its_square(tmp_path, capsys):
    """A negative standard error is refused, although its square would pass for a variance."""
    table = _table(tmp_path, "A,0.1,0.04,g", "B,0.2,-0.04,g")
    assert main(["meta", table, "--yi", "yi", "--sei", "vi"]) == 2
    assert "A standard error of -0.04 is impossible" in capsys.readouterr().err


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators_are_read(tmp_path, capsys, mark):
    """Tables with semicolons or tabs, with a byte order mark and empty lines, are read."""
    path = tmp_path / "t.csv"
    path.write_text(mark.join(("s", "yi", "vi")) + "\n\n" + mark.join(("A", "0.1", "0.04")), encoding="utf-8-sig")
    assert main(["meta", str(path), "--yi", "yi", "--vi", "vi"]) == 0
    assert "0.1 (95 % interval" in capsys.readouterr().out


def test_a_missing_file_is_named(capsys):
    """A file that is not there is bad input, not a traceback."""
    assert main(["meta", "nowhere.csv", "--yi", "yi", "--vi", "vi"]) == 2
    assert "nowhere.csv: It cannot be read" in capsys.readouterr().err
