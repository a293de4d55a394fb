"""`unstuck instruments` lists, shows and scores, and refuses bad files by row and column."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from unstuck.cli.main import main

SHEET = "id,sex,item1,item2,item3\na,female,1,1,1\nb,,4,,1\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Two people's AUDIT-C answers, one with a missing cell."""
    path = tmp_path / "answers.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


def test_list_names_every_instrument_for_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The list has a line an instrument, and the same keys with --json."""
    assert main(["instruments", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["instruments", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [line.split()[0] for line in lines] == [one["key"] for one in found]
    assert {"pcl5_week", "caps5", "cssrs_screen"} <= {one["key"] for one in found}


@pytest.mark.parametrize("style", [[], ["--json"]])
def test_show_says_that_the_labels_are_ours(capsys: pytest.CaptureFixture[str], style: list[str]) -> None:
    """Whoever looks at an instrument is told that its labels are not the validated wording."""
    assert main(["instruments", "show", "cssrs_screen", *style]) == 0
    shown = capsys.readouterr().out
    assert "not the validated instrument" in shown and "item7" in shown


def test_score_passes_other_columns_through(sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Scores stand beside the person's columns; a missing cell leaves the score empty and is named."""
    assert main(["instruments", "score", "audit_c", str(sheet)]) == 0
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["id"], first["total"], first["positive"]) == ("a", "3", "holds")
    assert (second["id"], second["total"], second["total_is"], second["missing"]) == ("b", "", "missing", "item2")


def test_score_as_json_into_a_file(sheet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json --out writes the same results as a list, and nothing but a note to the screen."""
    out = tmp_path / "scores.json"
    assert main(["instruments", "score", "audit_c", str(sheet), "--json", "--out", str(out)]) == 0
    assert [row["total"] for row in json.loads(out.read_text(encoding="utf-8"))] == [3, None]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SHEET + "c,male,9,1,1\n", "answers.csv:4, item1"),
        (SHEET + "c,male,x,1,1\n", "answers.csv:4, item1: 'x' is not a number"),
        (SHEET + "c,male,1.5,1,1\n", "answers.csv:4, item1: 1.5 is none of the choices"),
        (SHEET + "c,male,1,1,1,1\n", "answers.csv:4: The row has more cells"),
        ("id,total,item1\na,3,1\n", "would hide a result"),
        ("id,item1,item9\na,1,1\n", "The instrument has no item9"),
        ("id,item1,item1\na,1,1\n", "stands twice"),
        ("id,name\na,b\n", "No column is an item"),
        ("", "No column is an item"),
    ],
)
def test_bad_files_write_nothing(
    sheet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    """A bad cell or header is named with its line, the exit code is 2, and an older result stays as it was."""
    out = tmp_path / "scores.csv"
    out.write_text("older", encoding="utf-8")
    sheet.write_text(text, encoding="utf-8")
    assert main(["instruments", "score", "audit_c", str(sheet), "--out", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "older"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.csv", "scores.csv"]


def test_all_bad_cells_are_told_at_once(sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bad cells in two rows are both named in one run."""
    sheet.write_text("id,item1\na,7\nb,8\n", encoding="utf-8")
    assert main(["instruments", "score", "audit_c", str(sheet)]) == 2
    said = capsys.readouterr().err
    assert "answers.csv:2, item1" in said and "answers.csv:3, item1" in said


def test_several_kinds_of_exposure_in_one_cell(sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cell of the LEC-5 may hold several kinds, parted by a space or a semicolon."""
    sheet.write_text("item1,item2\n1 3,6\n5;6,\n", encoding="utf-8")
    assert main(["instruments", "score", "lec5", str(sheet)]) == 0
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["any_exposure"], second["any_exposure"]) == ("holds", "unknown")


def test_check_wording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wording that fits is confirmed with its stamp; one that does not exits with 2 and the reason."""
    path = tmp_path / "suds.csv"
    path.write_text("item,text\nitem1,Text\nlicence,Site\nlanguage,en\n", encoding="utf-8")
    assert main(["instruments", "check-wording", "suds", str(path)]) == 0
    assert "sha256:" in capsys.readouterr().out
    assert main(["instruments", "check-wording", "gad7", str(path)]) == 2
    assert "no wording for item7" in capsys.readouterr().err


def test_unknown_instrument_or_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong key is answered with the keys there are, a file that is not there with its name."""
    assert main(["instruments", "show", "pcl6"]) == 2
    assert "pcl5_week" in capsys.readouterr().err
    assert main(["instruments", "score", "phq9", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err
