"""The sources stay small enough to read. An exception is named here, with its reason, or it is none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.structure.sources import PACKAGE, ROOT, functions, modules, relative

MODULE_LINES, FUNCTION_LINES, TEMPLATE_LINES, ARGUMENTS = 400, 40, 150, 6

LONG_MODULES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
LONG_TEMPLATES: dict[str, str] = {}
MANY_ARGUMENTS: dict[str, str] = {}

SOURCES = modules(PACKAGE) + modules(ROOT / "tools")
TEMPLATES = sorted(path for path in PACKAGE.rglob("templates/**/*") if path.is_file())


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _named(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return f"{relative(path)}:{function.name}"


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(argument.arg not in {"self", "cls"} for argument in named)


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_module_is_short(path: Path) -> None:
    """No module is over 400 lines without a named reason."""
    assert _lines(path) <= MODULE_LINES or relative(path) in LONG_MODULES


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_functions_are_short(path: Path) -> None:
    """No function is over 40 lines without a named reason."""
    long = {_named(path, function): _length(function) for function in functions(path)}
    assert {name: n for name, n in long.items() if n > FUNCTION_LINES and name not in LONG_FUNCTIONS} == {}


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_functions_take_few_arguments(path: Path) -> None:
    """No function takes more than six arguments, self apart, without a named reason."""
    many = {_named(path, function): _arguments(function) for function in functions(path)}
    assert {name: n for name, n in many.items() if n > ARGUMENTS and name not in MANY_ARGUMENTS} == {}


def test_templates_are_short() -> None:
    """No template is over 150 lines without a named reason."""
    long = {relative(path): _lines(path) for path in TEMPLATES}
    assert {name: n for name, n in long.items() if n > TEMPLATE_LINES and name not in LONG_TEMPLATES} == {}


def test_exceptions_are_still_needed() -> None:
    """An exception that nothing needs any more is taken off its list."""
    needed = {relative(path) for path in SOURCES if _lines(path) > MODULE_LINES}
    assert set(LONG_MODULES) <= needed
    every = [(path, function) for path in SOURCES for function in functions(path)]
    assert set(LONG_FUNCTIONS) <= {_named(*pair) for pair in every if _length(pair[1]) > FUNCTION_LINES}
    assert set(MANY_ARGUMENTS) <= {_named(*pair) for pair in every if _arguments(pair[1]) > ARGUMENTS}
    assert set(LONG_TEMPLATES) <= {relative(path) for path in TEMPLATES if _lines(path) > TEMPLATE_LINES}
