"""`unstuck pk` answers as a person and as a program would ask it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unstuck.cli.main import main
from unstuck.lab.pk.regimen_file import EXAMPLE

OWN = """key = "mine"
title = "My own set"
drug = "ketamine"
structure = "compartments"
source = "my study"

[domain]
age_years = [18, 80]
weight_kg = [40, 120]
routes = ["iv_infusion"]
outputs = ["ketamine_venous"]

[[parameter]]
name = "CL"
value = 80
unit = "L/h"
source = "my study"
grade = "measured"

[[parameter]]
name = "V1"
value = 200
unit = "L"
source = "my study"
grade = "measured"
"""


@pytest.fixture
def regimen(tmp_path: Path) -> Path:
    """The example that the command itself prints."""
    path = tmp_path / "regimen.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def test_one_person(regimen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example gives the peaks of the recommended model, arterial and venous apart, and what is assumed."""
    assert main(["pk", str(regimen)]) == 0
    said = capsys.readouterr().out
    assert "253" in said and "ketamine_venous" in said and "Assumed, not measured: QH" in said


def test_a_program_reads_units_in_the_names(regimen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json holds curves as long as their times, numbers with units, the standing and the assumed parameters."""
    assert main(["pk", str(regimen), "--population", "100", "--seed", "3", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    venous = said["outputs"]["ketamine_venous"]
    assert len(venous["median_ng_per_ml"]) == len(said["time_h"]) and said["standing"] == "recommended"
    assert venous["peak_ng_per_ml"]["low"] < venous["peak_ng_per_ml"]["middle"] < venous["peak_ng_per_ml"]["high"]
    assert "CLH" in said["assumed_parameters"]


def test_a_users_own_set(regimen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with a set of one's own is solved and named as such, whatever standing it claims."""
    path = tmp_path / "mine.toml"
    path.write_text('standing = "recommended"\n' + OWN, encoding="utf-8")
    assert main(["pk", str(regimen), "--model", str(path)]) == 0
    assert "a user's own set" in capsys.readouterr().out


def test_faults_of_a_users_own_set_are_told_with_their_lines(
    regimen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing parameter, an unknown one and an incomplete group are all told at once."""
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace('name = "V1"', 'name = "Q2"').replace('name = "CL"', 'name = "CLX"'), encoding="utf-8")
    assert main(["pk", str(regimen), "--model", str(path)]) == 2
    said = capsys.readouterr().err
    assert "needs the parameter 'V1'" in said and "no parameter 'CLX'" in said and "V2 is missing" in said


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("mg_per_kg = 0.5", "mg_per_kg = -0.5", "amount"),
        ("minutes = 40", "minutes = 0", "minutes"),
        ('"iv_infusion"', '"rectal"', "route"),
        ("weight_kg = 70", "", "weight_kg"),
        ("age_years = 40", "age_years = 9", "age_years"),
        ("mg_per_kg = 0.5", "mg_per_kg = 0.5\nmg = 3", "mg"),
        ('model = "ket1"', 'model = "kett1"', "model"),
        ('model = "ket1"', 'model = "kamp2020_meta"', "kamp2020_meta"),
        ("every_h = 48", "every_h = -1", "every_h"),
    ],
)
def test_bad_regimens_are_refused(
    regimen: Path, old: str, new: str, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad regimen ends with 2 and a message that names the field and the mend; nothing is printed as an answer."""
    regimen.write_text(EXAMPLE.replace(old, new), encoding="utf-8")
    assert main(["pk", str(regimen)]) == 2
    said = capsys.readouterr()
    assert field in said.err and said.out == ""


def test_a_table_with_nonmem_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CSV gives each observation with what the model says, by the file's own lines."""
    path = tmp_path / "events.csv"
    path.write_text("ID,TIME,AMT,RATE,CMT,WT,AGE,DV\n7,0,35,52.5,1,70,40,.\n7,1,.,.,.,.,.,90\n", encoding="utf-8")
    assert main(["pk", str(path), "--cmt", "1=iv", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["line"] == 3 and row["ketamine_arterial"] == pytest.approx(96.2, abs=0.5)


def test_the_list_shows_domains_and_standing(capsys: pytest.CaptureFixture[str]) -> None:
    """--list names every set with its ages, routes, outputs and what it can be held to."""
    assert main(["pk", "--list"]) == 0
    said = capsys.readouterr().out
    assert "flint2017" in said and "ages 0.02 to 12.5" in said and "parameters only" in said


def test_plots_are_written(regimen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--plot writes the same SVG each time; a format that is not known is refused before anything is written."""
    first, second = tmp_path / "one.svg", tmp_path / "two.svg"
    for path in (first, second):
        assert main(["pk", str(regimen), "--population", "50", "--plot", str(path)]) == 0
    assert first.read_bytes() == second.read_bytes() and first.stat().st_size > 10_000
    assert main(["pk", str(regimen), "--plot", str(tmp_path / "x.gif")]) == 2
    assert not (tmp_path / "x.gif").exists()
    capsys.readouterr()
