"""`unstuck mmrm FILE.csv`: what a person and a program read."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.lab.analysis.examples import long_table, trial
from unstuck.cli.main import main

ASKED = ["--formula", "chg ~ base*visit + arm*visit", "--subject", "id", "--visit", "visit"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The frozen trial as a file, the arms called by words."""
    table = long_table(*trial("trial_mono.csv"))
    rows = zip(*table.values(), strict=True)
    path = tmp_path / "trial.csv"
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(table)
        for patient, arm, base, visit, chg in rows:
            writer.writerow(
                [int(patient), ("control", "ket")[int(arm)], base, int(visit), "" if np.isnan(chg) else chg]
            )
    return path


def test_a_program_reads_the_contrast(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json holds the contrast of the arm at a visit with its error, df and solver, equal to the frozen trial's."""
    assert main(["mmrm", str(file), *ASKED, "--contrast", "arm", "--at", "56", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (contrast,) = told["contrasts"]
    assert contrast["what"] == "arm ket minus control at visit 56"
    assert [contrast["estimate"], contrast["se"], contrast["df"]] == pytest.approx(
        [-6.99620552, 1.43740082, 249.857552]
    )
    assert told["solver"] == "closed form" and told["patients"] == 300 and len(told["means"]) == 2


def test_a_person_reads_the_same(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text names direction, visit, df, solver and how many rows had no outcome."""
    assert main(["mmrm", str(file), *ASKED, "--contrast", "arm", "--at", "56", "--df", "satterthwaite"]) == 0
    text = capsys.readouterr().out
    assert "arm ket minus control at visit 56     -6.9962    1.4351   249.86" in text
    assert "closed form" in text and "150 rows have no chg" in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--subject", "iid"], "Did you mean 'id'"),
        (["--cov", "sp_exp"], "not supported"),
        (["--formula", "chg ~ "], "not understood"),
        (["--level", "95"], "no share"),
    ],
)
def test_bad_wishes_end_with_a_complaint(
    file: Path, wrong: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be done ends with exit code 2 and the remedy, and prints no number."""
    assert main(["mmrm", str(file), *ASKED, *wrong]) == 2
    out = capsys.readouterr()
    assert said in out.err and not out.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no row"),
        ("id,visit\n", "no row"),
        ("id,id\n1,2\n", "one name"),
        ("id,visit\n1\n", "1 cells stand under 2"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty file, a bare header, a name twice and a ragged row are refused with their place."""
    (tmp_path / "bad.csv").write_text(text)
    assert main(["mmrm", str(tmp_path / "bad.csv"), *ASKED]) == 2
    assert said in capsys.readouterr().err


def test_the_interval_is_called_by_its_own_level(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A level of 0.975 or 0.999 is printed as it is, never rounded to another."""
    for level, said in (("0.975", "97.5 % interval"), ("0.999", "99.9 % interval"), ("0.95", " 95 % interval")):
        assert main(["mmrm", str(file), *ASKED, "--level", level]) == 0
        assert said in capsys.readouterr().out
