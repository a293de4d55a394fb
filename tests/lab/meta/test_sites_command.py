"""`unstuck sites` makes a file without rows and pools such files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from unstuck.cli.main import main


def _rows(path: Path, seed: int, arm: int = 30) -> str:
    """A site's table of one row a person, with names in it, twelve of them not measured."""
    luck = np.random.default_rng(seed)
    lines = ["person,arm,pcl5_change"]
    for n in range(2 * arm):
        name = "ketamine" if n < arm else "midazolam"
        value = "" if n % 5 == 0 and arm == 60 else f"{luck.normal(-20 if n < arm else -10, 12):.0f}"
        lines.append(f"Person{seed}-{n},{name},{value}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def _make(folder: Path, seed: int, *more: str, arm: int = 30) -> int:
    rows = _rows(folder / f"rows{seed}.csv", seed, arm)
    names = ["--site", f"site {seed}", "--outcome", "pcl5_change", "--group", "arm", "--person", "person"]
    out = str(folder / f"site{seed}.json")
    return main(["sites", "make", rows, *names, "--unit", "PCL-5 points", "--out", out, *more])


def test_a_file_holds_no_person(tmp_path, capsys):
    """The file is shown before it is given away, and holds neither a person nor a single value."""
    assert _make(tmp_path, 1, arm=60) == 0
    said, text = capsys.readouterr().out, (tmp_path / "site1.json").read_text(encoding="utf-8")
    assert text in said and "Read it before you give it away" in said
    assert "Person" not in text
    groups = json.loads(text)["groups"]
    assert [(group["measured"], group["missing_low"]) for group in groups] == [(48, 12), (48, 12)]


def test_three_sites_pool(tmp_path, capsys):
    """Three files give one estimate, every site's own, and who is missing; the JSON holds the same."""
    files = [str(tmp_path / f"site{seed}.json") for seed in (1, 2, 3)]
    assert [_make(tmp_path, seed) for seed in (1, 2, 3)] == [0, 0, 0]
    capsys.readouterr()
    command = ["sites", "pool", *files, "--effect", "MD", "--groups", "ketamine", "midazolam"]
    assert main([*command, "--plot", str(tmp_path / "f.svg")]) == 0
    said = capsys.readouterr().out
    assert "site 2" in said and "30 measured, 0 missing" in said and "mean difference, PCL-5 points" in said
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert -16 < found["pooled"]["mean"]["estimate"] < -4 and len(found["sites"]) == 3
    assert "site 3" in (tmp_path / "f.svg").read_text(encoding="utf-8")


def test_a_person_twice_is_refused(tmp_path, capsys):
    """A person who stands in two rows is refused by line, and nothing is written."""
    path = tmp_path / "rows.csv"
    path.write_text("person,arm,x\nA,k,1\nA,k,2\n", encoding="utf-8")
    names = ["--site", "s", "--outcome", "x", "--group", "arm", "--person", "person", "--out", str(tmp_path / "o.json")]
    assert main(["sites", "make", str(path), *names]) == 2
    assert "rows.csv:3, column person: This person stands in line 2 as well." in capsys.readouterr().err
    assert not (tmp_path / "o.json").exists()


@pytest.mark.parametrize(("row", "said"), [("B,,2", "Somebody has no group"), (",k,2", "A row has no person")])
def test_a_gap_is_refused(tmp_path, capsys, row, said):
    """A row without a group or a person is refused."""
    path = tmp_path / "rows.csv"
    path.write_text(f"person,arm,x\nA,k,1\n{row}\n", encoding="utf-8")
    names = ["--site", "s", "--outcome", "x", "--group", "arm", "--person", "person", "--out", str(tmp_path / "o.json")]
    assert main(["sites", "make", str(path), *names]) == 2
    assert said in capsys.readouterr().err


def test_an_earlier_file_protects_the_few(tmp_path, capsys):
    """A file that adds a few people to the last one is not written."""
    assert _make(tmp_path, 1) == 0
    (tmp_path / "site1.json").rename(tmp_path / "last.json")
    assert _make(tmp_path, 1, "--earlier", str(tmp_path / "last.json"), arm=33) == 2
    assert "fewer than 11 people" in capsys.readouterr().err and not (tmp_path / "site1.json").exists()


def test_three_groups_are_refused(tmp_path, capsys):
    """A contrast of three groups is refused."""
    assert _make(tmp_path, 1) == 0
    command = ["sites", "pool", str(tmp_path / "site1.json"), "--effect", "MD", "--groups", "a", "b", "c"]
    assert main(command) == 2
    assert "More than two groups" in capsys.readouterr().err
