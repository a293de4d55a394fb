"""The tools that make environments and run the stages tell the truth."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from tests.structure.sources import ROOT


@pytest.fixture
def test_all(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/test_all.py as a module, with no stage of its own left."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import test_all

    monkeypatch.setattr(test_all, "STAGES", {})
    monkeypatch.delenv("CI", raising=False)
    return test_all


def _says(module: ModuleType, text: str, code: int = 0) -> None:
    """Gives the module one stage, whose command prints a text and ends with an exit code."""

    def stage(report: object) -> None:
        """One stage."""
        module.run(report, "stage", sys.executable, "-c", f"print({text!r}); raise SystemExit({code})")

    module.STAGES["stage"] = stage


def test_a_failing_command_fails_the_run(test_all: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A stage whose command fails is shown as failed and makes the whole run fail, with pytest's own closing line."""
    _says(test_all, "1 failed, 3 passed in 0.12s", code=1)
    assert test_all.main([]) == 1
    assert "FAIL stage" in (said := capsys.readouterr().out)
    assert said.count("1 failed, 3 passed in 0.12s") >= 2


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_skipped_test_is_listed(
    test_all: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str, code: int
) -> None:
    """A test that was skipped is listed with its reason at the end, and in CI it fails the run."""
    monkeypatch.setenv("CI", ci)
    _says(test_all, "SKIPPED [1] tests/x.py:3: no Chromium on PATH")
    assert test_all.main([]) == code
    assert "stage: tests/x.py:3: no Chromium on PATH" in capsys.readouterr().out.partition("could not run:")[2]


def test_data_that_nobody_has_are_listed_apart(
    test_all: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A published figure whose data cannot be had is told at the end and fails no run, also in CI."""
    monkeypatch.setenv("CI", "true")
    _says(test_all, "SKIPPED [1] tests/x.py:3: data not at hand: trial.csv is in no package")
    assert test_all.main([]) == 0
    told = capsys.readouterr().out.partition("could not run: nothing was left out")[2]
    assert "not at hand:\n  stage: tests/x.py:3: data not at hand: trial.csv" in told


def test_an_unknown_stage_is_refused(test_all: ModuleType) -> None:
    """A mistyped stage is bad input, not an empty and green run."""
    assert test_all.main(["typo"]) == 2


def test_pins_bring_what_a_package_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pins for one package are its own and those of everything below it, and no others."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import environment

    names = {line.partition("==")[0] for line in environment.pinned({"django"}).splitlines() if line[0] not in " #"}
    assert {"django", "asgiref", "sqlparse"} <= names
    assert not names & {"numpy", "pytest", "django-axes"}
