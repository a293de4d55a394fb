"""`unstuck evidence`, as far as it needs the core alone: what it prints and how it ends."""

import json

import pytest

from unstuck.cli.main import main
from unstuck.core.library_file import library_root


def _json(capsys, *arguments):
    code = main(["evidence", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_population_narrows_the_studies(capsys):
    """Veterans: the civilian trial of 2021 is not among them, the largest trial is."""
    _, found = _json(capsys, "list", "--population", "veteran")
    keys = {study["key"] for study in found}
    assert "abdallah_2022" in keys
    assert "feder_2021" not in keys


def test_check_ends_well_and_shows_sums(capsys):
    """The library's own check finds nothing new, and shows the arithmetic of each known misprint."""
    assert main(["evidence", "check"]) == 0
    out = capsys.readouterr().out
    assert "100 x 17 / 138 = 12.32" in out
    assert "55 studies: 0 faults. 27 figures recomputed: 9 known misfits." in out


def test_a_study_of_the_library_under_another_name_is_refused(tmp_path, capsys):
    """A new file with the registration of a study that is there is not checked as new; a linked one is."""
    text = (library_root() / "studies" / "feder_2021.toml").read_text(encoding="utf-8")
    again = tmp_path / "feder_again.toml"
    again.write_text(text.replace('key = "feder_2021"', 'key = "feder_again"', 1), encoding="utf-8")
    assert main(["evidence", "check", str(again)]) == 2
    assert "feder_2021 and feder_again have one registration, NCT02397889" in capsys.readouterr().err
    linked = text.replace('key = "feder_2021"', 'key = "feder_again"\npart_of = "feder_2021"', 1)
    again.write_text(linked, encoding="utf-8")
    assert main(["evidence", "check", str(again)]) == 0


def test_claims_can_be_chosen(capsys):
    """Claims that touch a protocol, with what the source says."""
    _, found = _json(capsys, "claims", "--protocol", "nasal_tfp", "--verdict", "wrong")
    assert {claim["key"] for claim in found} == {"therapy_makes_it_last", "nasal_as_good"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "nobody_1999"], "There is no study"),
        (["list", "--measure", "caps6"], "There is no measure"),
        (["list", "--at", "soon"], "is no time"),
        (["check", "nothing.toml"], "Cannot be read"),
    ],
)
def test_a_wrong_question_is_told(capsys, arguments, told):
    """A slip in the question ends with 2 and says what to write instead."""
    assert main(["evidence", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_study_is_shown_with_how_each_figure_is_known(capsys):
    """Every figure says whether it was read, computed or is from memory, and what is not known is listed."""
    assert main(["evidence", "show", "feder_2014"]) == 0
    out = capsys.readouterr().out
    assert "(from memory)" in out
    assert "Not known: Means by arm and day" in out
    assert "Risk of bias: nobody's judgement was read." in out


def test_a_file_of_ones_own_is_checked(capsys, tmp_path):
    """A study that is being written can be checked by itself; what cannot be true ends with 1 and its sum."""
    text = """
key = "own_2027"
title = "A study being written"
year = 2027
form = "randomised"
design = "Randomised"
population = "40 people"
groups = ["civilian"]
n = 40
sources = ["feder_2021"]
read = "verified"

[[arm]]
key = "ketamine"
title = "Ketamine"
started = 20
completed = 21

[[mean]]
arm = "ketamine"
measure = "pcl5"
at = "7 d"
n = 20
mean = 30.02
sd = 55.0
"""
    path = tmp_path / "own_2027.toml"
    path.write_text(text, encoding="utf-8")
    assert main(["evidence", "check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "21 > 20" in out
    assert "no scores within the scale spread so far" in out
    assert "no whole scores have this mean" in out
