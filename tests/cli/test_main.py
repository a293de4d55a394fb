"""What a user meets before any command runs: the list, the suggestion, the exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

import pytest

from unstuck import cli
from unstuck.cli.main import EXTRA_OF, command_names, main


class _Commands:
    """A folder of made-up commands, put where `unstuck.cli` is searched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, module: str, body: str) -> None:
        text = f'HELP = "Do {module}."\n\ndef add_arguments(parser):\n    parser.add_argument("--n", type=int)\n'
        (self.folder / f"{module}.py").write_text(f"{text}\ndef run(args):\n    {body}\n", encoding="utf-8")


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Commands:
    monkeypatch.setattr(cli, "__path__", [str(tmp_path)])
    for name in [name for name in sys.modules if name.startswith("unstuck.cli.") and name != "unstuck.cli.main"]:
        monkeypatch.delitem(sys.modules, name)
    return _Commands(tmp_path)


def test_list_does_not_import_commands(commands: _Commands, capsys: pytest.CaptureFixture[str]) -> None:
    """The list shows every command's HELP even where a command's own imports would fail."""
    commands.add("two_words", "return 0")
    path = commands.folder / "two_words.py"
    path.write_text("import no_such_package\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert main([]) == 0
    assert "two-words  Do two_words." in capsys.readouterr().out


@pytest.mark.parametrize("code", [0, 1])
def test_exit_code_is_the_commands_own(commands: _Commands, code: int) -> None:
    """A command's answer is the exit code: 0 for fine, 1 for a finding."""
    commands.add("look", f"return {code}")
    assert main(["look"]) == code


def test_unknown_command_gets_a_suggestion(commands: _Commands, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped command ends with exit code 2 and names the nearest one."""
    commands.add("explain", "return 0")
    assert main(["explian"]) == 2
    assert "Did you mean 'unstuck explain'?" in capsys.readouterr().err


def test_complaint_goes_to_stderr_with_exit_2(commands: _Commands, capsys: pytest.CaptureFixture[str]) -> None:
    """Input that a user can mend is reported on stderr, where it stands and how to mend it, without a traceback."""
    commands.add("read", 'from unstuck.core.errors import Complaint; raise Complaint("Bad dose.", "a.toml:3", "Mend.")')
    assert main(["read"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "unstuck: a.toml:3: Bad dose. Mend.\n"
    assert captured.out == ""


def test_interrupt_is_130(commands: _Commands) -> None:
    """Ctrl-C ends a command with the exit code that shells expect."""
    commands.add("wait", "raise KeyboardInterrupt")
    assert main(["wait"]) == 130


def test_wrong_option_is_2(commands: _Commands, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong option ends with exit code 2 and the command's usage."""
    commands.add("look", "return 0")
    assert main(["look", "--n", "many"]) == 2
    assert "usage: unstuck look" in capsys.readouterr().err


@pytest.mark.parametrize(("package", "extra"), [("numpy", "lab"), ("django", "clinic")])
def test_missing_extra_is_named(
    commands: _Commands, capsys: pytest.CaptureFixture[str], package: str, extra: str
) -> None:
    """Where a package is missing the user learns which extra brings it."""
    commands.add("look", f'raise ModuleNotFoundError("no", name="{package}.x")')
    assert main(["look"]) == 2
    assert f"Install 'unstuck[{extra}]'" in capsys.readouterr().err


def test_our_own_missing_module_is_not_excused(commands: _Commands) -> None:
    """A module of ours that cannot be found is a fault, and is not turned into advice to install something."""
    commands.add("look", 'raise ModuleNotFoundError("no", name="unstuck.core.gone")')
    with pytest.raises(ModuleNotFoundError):
        main(["look"])


def test_every_shipped_command_keeps_the_contract() -> None:
    """Each command that can be imported here has HELP, add_arguments and run; --help works and ends with 0."""
    for name in command_names():
        try:
            module = import_module(f"unstuck.cli.{name.replace('-', '_')}")
        except ModuleNotFoundError as missing:
            assert (missing.name or "").partition(".")[0] in EXTRA_OF
            continue
        module.add_arguments(ArgumentParser())
        assert callable(module.run)
        assert module.HELP.endswith(".")


def test_python_m_unstuck_prints_the_version() -> None:
    """`python -m unstuck --version` is the same program."""
    source = str(Path(cli.__file__).parents[2])
    answer = subprocess.run(
        [sys.executable, "-m", "unstuck", "--version"],
        env=os.environ | {"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.startswith("unstuck 0.")
