"""The plots show every row and are written whole; the table beside them says the same."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.lab.meta.examples import ten
from unstuck.core.errors import Complaint
from unstuck.lab.meta.plots import Words, forest, funnel
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.sample import Effects
from unstuck.lab.meta.tables import ForestRow, Kind, decimals, forest_rows, interval_text, table_text

WORDS = Words("A title", "Difference, points", "favours ketamine", "favours control", "A note.")


def _named() -> Effects:
    plain = ten()
    labels = tuple(f"Study {chr(65 + n)}" for n in range(plain.k))
    return Effects(plain.y, plain.v, labels, labels)


def _texts(path: Path) -> str:
    """The words of an SVG: matplotlib draws letters as shapes but leaves each text as a comment."""
    return "\n".join(re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8")))


def test_a_forest_shows_every_row_and_its_numbers(tmp_path):
    """Each study, the pooled mean and the prediction stand in the plot with the numbers of the table."""
    sample = _named()
    rows = forest_rows(sample, pool(sample))
    forest(rows, tmp_path / "f.svg", WORDS)
    said = _texts(tmp_path / "f.svg")
    assert len(rows) == 12
    for row in rows:
        assert row.label in said and interval_text(row, decimals(rows)) in said
    for word in (WORDS.title, WORDS.axis, WORDS.left, WORDS.right, WORDS.note):
        assert word in said


def test_a_ratio_is_shown_as_a_ratio(tmp_path):
    """With ratios the axis and the numbers are ratios, not logarithms."""
    rows = (ForestRow(Kind.STUDY, "A", float(np.log(0.5)), float(np.log(0.25)), 0.0, 100.0),)
    forest(rows, tmp_path / "f.svg", Words(ratio=True))
    assert "0.50 [0.25, 1.00]" in _texts(tmp_path / "f.svg")


def test_a_funnel_lists_its_studies(tmp_path):
    """Every study of a funnel stands in the list beside it."""
    sample = _named()
    funnel(sample, pool(sample), tmp_path / "u.svg", WORDS)
    assert all(label in _texts(tmp_path / "u.svg") for label in sample.labels)


def test_one_study_can_be_drawn(tmp_path):
    """A forest and a funnel of one study are drawn without a pooled mean."""
    sample = _named().only([0])
    found = pool(sample)
    forest(forest_rows(sample, found), tmp_path / "f.png")
    funnel(sample, found, tmp_path / "u.png")
    assert (tmp_path / "f.png").stat().st_size > 1000 and (tmp_path / "u.png").stat().st_size > 1000


def test_an_unknown_ending_is_refused(tmp_path):
    """A plot that cannot be written in the wanted form is refused, and nothing is written."""
    with pytest.raises(Complaint, match="gif"):
        forest(forest_rows(ten(), pool(ten())), tmp_path / "f.gif")
    assert list(tmp_path.iterdir()) == []


def test_the_same_plot_has_the_same_bytes(tmp_path):
    """A plot made twice is the same file, so that a changed file means changed numbers."""
    sample = _named()
    for name in ("one.svg", "two.svg"):
        forest(forest_rows(sample, pool(sample)), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_table_lines_up():
    """The text table has one line a row, and all weights of the studies add up to 100 %."""
    sample = _named()
    text = table_text(forest_rows(sample, pool(sample)))
    weights = [float(found) for found in re.findall(r"([\d.]+) %", text)]
    assert len(text.splitlines()) == 12 and sum(weights) == pytest.approx(100, abs=0.5)
