"""The evidence pooled: published numbers reached, what is left out said, and the release made."""

import json
from datetime import UTC, date, datetime

import pytest

from unstuck.cli.evidence_release import make
from unstuck.cli.main import main
from unstuck.core.evidence_release import parse, written
from unstuck.core.evidence_release_file import library_hash, newest, shipped

DAY = datetime(2027, 1, 15, tzinfo=UTC)


def _json(capsys, *arguments):
    code = main(["evidence", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_prolonged_exposure_is_pooled_as_published(capsys):
    """PE, 16 rows: DerSimonian-Laird 1.075603, tau2 0.10587, Q 29.577, I2 49.285; REML 1.08514, tau2 0.12344."""
    table = ("pool", "--table", "psychotherapy", "--treatment", "PE")
    code, found = _json(capsys, *table, "--method", "DL", "--normal")
    assert code == 0
    assert found["mean"]["estimate"] == pytest.approx(1.075603, abs=5e-7)
    spread = found["heterogeneity"]
    assert (spread["tau2"], spread["q"]) == pytest.approx((0.10587, 29.577), abs=5e-4)
    assert spread["i2_percent"] == pytest.approx(49.285, abs=5e-3)
    _, found = _json(capsys, *table)
    assert found["mean"]["estimate"] == pytest.approx(1.08514, abs=1e-4)
    assert found["heterogeneity"]["tau2"] == pytest.approx(0.12344, abs=1e-4)


def test_a_study_of_several_rows_is_named(capsys):
    """Two of the PE studies give two rows each: the pool of all rows says so; the MDMA trials need no such note."""
    table = ("pool", "--table", "psychotherapy", "--treatment", "PE")
    notes = " ".join(_json(capsys, *table)[1]["notes"])
    assert "more than once" in notes and "Franklin, 2017; Wells, 2015" in notes
    apart = " ".join(_json(capsys, "pool", "--table", "mdma")[1]["notes"])
    assert "more than once" not in apart


def test_controls_can_be_chosen(capsys):
    """PE against usual care or other treatment, 7 rows: 0.85067 with tau2 0, so that fixed and random agree."""
    table = (
        "pool",
        "--table",
        "psychotherapy",
        "--treatment",
        "PE",
        "--control",
        "TAU",
        "--control",
        "Other",
        "--normal",
    )
    for method in ("DL", "FE"):
        _, found = _json(capsys, *table, "--method", method)
        assert found["mean"]["estimate"] == pytest.approx(0.85067, abs=5e-6)
        assert len(found["lines"]) == 7


def test_all_rows_and_mdma_are_pooled_as_published(capsys):
    """All 131 rows give 1.13168 with tau2 0.43486; the six MDMA trials 0.71193 (turned to favour the treatment)."""
    _, found = _json(capsys, "pool", "--table", "psychotherapy", "--method", "DL", "--normal")
    assert found["mean"]["estimate"] == pytest.approx(1.13168, abs=5e-6)
    assert found["heterogeneity"]["tau2"] == pytest.approx(0.43486, abs=5e-6)
    _, found = _json(capsys, "pool", "--table", "mdma", "--method", "DL", "--normal")
    assert found["mean"]["estimate"] == pytest.approx(0.71193, abs=5e-6)
    assert found["heterogeneity"]["q"] == pytest.approx(2.42396, abs=5e-5)


def test_a_pool_of_ketamine_says_what_it_leaves_out(capsys):
    """The two trials with figures come with the six without, the largest of which found no difference."""
    code, found = _json(capsys, "pool")
    assert code == 0
    assert [line["label"] for line in found["lines"]] == ["Feder 2021", "Duek 2023"]
    silent = {s["label"]: s for s in found["silent"]}
    assert "No difference" in silent["Abdallah 2022"]["says"]
    assert silent["Pradhan 2017"]["why"] == "the same people as Pradhan 2018"
    assert found["warning"].startswith("2 of 8 trials gave a figure")


def test_figures_from_memory_are_used_only_when_asked_for(capsys):
    """The 24-hour difference of 2014 has an interval from memory: left out, unless --memory brings it in."""
    assert main(["evidence", "pool", "--unit", "md", "--at", "24h"]) == 2
    assert "its figures are from memory" in capsys.readouterr().out
    code, found = _json(capsys, "pool", "--unit", "md", "--at", "24h", "--memory")
    assert code == 0
    assert [line["estimate"] for line in found["lines"]] == [12.7]
    assert found["mean"] is None


def test_points_of_different_scales_are_not_added(capsys):
    """CAPS-5 points and PCL-5 points are different units: asked for points of any scale, it says so."""
    assert main(["evidence", "pool", "--unit", "md", "--memory"]) == 2
    assert "points of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["pool", "--measure", "caps6"], "There is no measure"),
        (["pool", "--at", "soon"], "is no time"),
        (["pool", "--table", "mdma", "--treatment", "PE"], "No row of the table fits"),
        (["release", "--date", "soon"], "is no date"),
    ],
)
def test_a_wrong_question_is_told(capsys, arguments, told):
    """A slip in the question ends with 2 and says what to write instead."""
    assert main(["evidence", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_release_is_the_same_from_the_same_library():
    """Made twice for one day it has one hash, and its file reads back as it was."""
    one, two = make(DAY), make(DAY)
    assert one.hash == two.hash
    assert parse(written(one)) == one


def test_the_shipped_release_is_of_this_library():
    """The release in the library is of the studies, claims and tables beside it ('unstuck evidence release')."""
    found = newest([shipped()])
    assert found is not None
    assert found.library == library_hash()


def test_releasing_writes_a_file_and_says_what_is_new(capsys, tmp_path):
    """The file lies in the folder under its date, and a second one of the same library says that nothing changed."""
    assert main(["evidence", "release", "--out", str(tmp_path), "--date", "2027-01-15"]) == 0
    assert "It is the first one" in capsys.readouterr().out
    assert main(["evidence", "release", "--out", str(tmp_path), "--date", "2027-02-15"]) == 0
    assert "The library is as it was on 2027-01-15" in capsys.readouterr().out
    assert newest([tmp_path]).dated == date(2027, 2, 15)
    assert main(["evidence", "release", "--out", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.json"))) == 3


def test_of_one_day_the_later_release_counts(tmp_path):
    """Two releases of one day: the one that was made later is the newest, whatever their names."""
    for hour in (9, 17, 12):
        made = make(DAY.replace(hour=hour))
        (tmp_path / made.name).write_text(written(made), encoding="utf-8")
    assert newest([tmp_path]).made_at.hour == 17


def test_a_release_counts_each_study_once():
    """A trial with two scales or two arms of one therapy gives one row of a pool, and the rest is said."""
    for pool in make(DAY).pools:
        if pool.key != "borgogna":
            names = [line.label for line in pool.lines]
            assert len(set(names)) == len(names), pool.key
    pools = {pool.key: pool for pool in make(DAY).pools}
    assert any("Rows of the same people" in note for note in pools["pe_waiting"].notes)
    assert [line.detail for line in pools["pe_waiting"].lines if line.label.startswith("Wells")] != []


def test_a_forest_is_drawn(capsys, tmp_path):
    """--plot writes a drawing that names each trial; a format that cannot be drawn is told."""
    pytest.importorskip("matplotlib", reason="drawing needs the plots extra")
    assert main(["evidence", "forest", "--table", "mdma", "--plot", str(tmp_path / "mdma.svg")]) == 0
    assert "Mitchell 2021" in capsys.readouterr().out
    assert (tmp_path / "mdma.svg").stat().st_size > 10_000
    assert main(["evidence", "forest", "--table", "mdma", "--plot", str(tmp_path / "mdma.xyz")]) == 2
