"""`unstuck COMMAND ...`: finds the command's module by name, so that a command needs only what it itself imports."""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import unstuck
from unstuck import cli
from unstuck.core.errors import Complaint

OK, FINDING, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

EXTRA_OF = {
    "numpy": "lab",
    "numba": "lab",
    "scipy": "lab",
    "pyarrow": "lab",
    "matplotlib": "plots",
    "dask": "dask",
    "distributed": "dask",
    "django": "clinic",
    "whitenoise": "clinic",
    "django_htmx": "clinic",
    "csp": "clinic",
    "axes": "clinic",
    "waitress": "clinic",
    "psycopg": "clinic",
    "cryptography": "clinic",
}
"""Which extra of pyproject.toml brings a top-level module."""


class Command(Protocol):
    """What a module in `unstuck.cli` offers to be a command."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 when fine, 1 for a finding, 2 for input a user can mend, 130 when interrupted."""
    try:
        return _dispatch(list(sys.argv[1:] if argv is None else argv))
    except Complaint as complaint:
        print(f"unstuck: {complaint}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_has_left()


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(_overview())
        return OK
    if arguments[0] in {"-V", "--version"}:
        print(f"unstuck {unstuck.__version__}")
        return OK
    return _run(arguments[0], arguments[1:])


def _run(name: str, rest: list[str]) -> int:
    try:
        command = _load(name)
        parser = argparse.ArgumentParser(prog=f"unstuck {name}", description=command.HELP)
        command.add_arguments(parser)
        return command.run(parser.parse_args(rest))
    except ModuleNotFoundError as missing:
        raise _names_the_extra(name, missing) from missing
    except SystemExit as leaving:  # argparse leaves this way after --help or a wrong option
        return _exit_code(leaving)


def _load(name: str) -> Command:
    if name not in command_names():
        raise Complaint(f"There is no command {name!r}.", mend=_suggestion(name))
    return cast(Command, importlib.import_module(f"unstuck.cli.{name.replace('-', '_')}"))


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name, command_names(), n=1, cutoff=0.5)
    return f"Did you mean 'unstuck {near[0]}'?" if near else "'unstuck --help' lists the commands."


def _names_the_extra(name: str, missing: ModuleNotFoundError) -> Exception:
    """A complaint that names the extra to install; our own missing module is a fault of ours and stays what it is."""
    extra = EXTRA_OF.get((missing.name or "").partition(".")[0])
    if extra is None:
        return missing
    return Complaint(
        f"'unstuck {name}' needs {missing.name}, which is not installed.", mend=f"Install 'unstuck[{extra}]'."
    )


def _exit_code(leaving: SystemExit) -> int:
    """The number a SystemExit stands for; a text is an error message, as in Python itself."""
    if isinstance(leaving.code, str):
        print(leaving.code, file=sys.stderr)
        return FINDING
    return leaving.code or OK


def _reader_has_left() -> int:
    """`unstuck explain x | head` closes the pipe early. Python would complain once more at exit, so stdout is moved."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK


def command_names() -> list[str]:
    """Every command, in alphabetical order, as it is typed."""
    return sorted(_helps())


def _helps() -> dict[str, str]:
    """Command -> its HELP, read from the source text: listing must not import NumPy or Django."""
    found = {}
    for folder in map(Path, cli.__path__):
        for module in pkgutil.iter_modules([str(folder)]):
            text = _help_in(folder / f"{module.name}.py")
            if text is not None:
                found[module.name.replace("_", "-")] = text
    return found


def _help_in(path: Path) -> str | None:
    """The text assigned to HELP at the top of a module; None for a module that is no command."""
    if not path.is_file():
        return None
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="HELP")], value=value):
                return str(ast.literal_eval(value))
            case ast.AnnAssign(target=ast.Name(id="HELP"), value=ast.expr() as value):
                return str(ast.literal_eval(value))
    return None


def _overview() -> str:
    helps = _helps()
    width = max(map(len, helps), default=0)
    rows = [f"  {name:<{width}}  {helps[name]}" for name in sorted(helps)]
    return "\n".join(
        ["usage: unstuck COMMAND ...", "", unstuck.__doc__ or "", "", *rows, "", "unstuck COMMAND --help says more."]
    )
