"""`unstuck check` and `unstuck explain` from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unstuck.cli.main import main
from unstuck.core.library_file import library_root
from unstuck.core.protocol_file import load_protocol, protocol_keys


def faulty(folder: Path) -> Path:
    """A copy of feder_2021 with a dose above the cap and an unknown instrument."""
    text = (library_root() / "protocols" / "feder_2021.toml").read_text(encoding="utf-8")
    path = folder / "mine.toml"
    path.write_text(text.replace("amount = 0.5\n", "amount = 5\n").replace('"ies_r"]', '"ies"]'), encoding="utf-8")
    return path


def test_sound_files(capsys: pytest.CaptureFixture[str]) -> None:
    """Sound protocols, by key or path, give exit code 0 and say so."""
    assert main(["check", *protocol_keys()]) == 0
    assert "feder_2021: sound" in capsys.readouterr().out


def test_complaints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A faulty file gives exit code 1 and every complaint with its line and cure."""
    path = faulty(tmp_path)
    assert main(["check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "above the cap of 1 mg/kg" in out
    assert "Did you mean 'ies_r'?" in out
    assert f"{path}:" in out


def test_complaints_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json a program reads file, line, what and mend."""
    assert main(["check", "--json", str(faulty(tmp_path)), "feder_2014"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {tuple(sorted(c)) for c in told} == {("file", "line", "mend", "what")}
    assert all(isinstance(c["line"], int) and c["mend"] for c in told)


def test_no_such_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is bad input, exit code 2."""
    assert main(["check", "nowhere.toml"]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """The explanation holds evidence, gaps, schedule and the hash."""
    assert main(["explain", "feder_2021"]) == 0
    out = capsys.readouterr().out
    for words in ("67 %", "What the sources do not tell", "Schedule", "infusion", load_protocol("feder_2021").hash):
        assert words in out


def test_explain_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the sentences and the schedule are data."""
    assert main(["explain", "ketamine_pe", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["hash"] == load_protocol("ketamine_pe").hash
    assert {"part", "key", "text", "source", "grade"} <= set(told["sentences"][0])
    assert told["schedule"][0]["step"] == "consent"


def test_explain_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown protocol suggests the near one, exit code 2."""
    assert main(["explain", "feder_2020"]) == 2
    assert "feder_2021" in capsys.readouterr().err
