"""The core means the same wherever and whenever it runs: no clock, no dice, nothing but the standard library."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.structure.sources import PACKAGE, imports, modules, relative, tree

CORE = modules(PACKAGE / "core")
CLOCK_AND_DICE = {"time", "random", "secrets", "uuid"}
NOW = {"now", "utcnow", "today", "monotonic", "perf_counter", "time_ns", "uuid1", "uuid4", "urandom", "getrandom"}
READERS = ("_file.py",)
LATE: dict[str, str] = {}


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_core_imports_the_standard_library_only(path: Path) -> None:
    """The core runs where nothing else is installed."""
    outside = {name for name in imports(path) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name for name in outside if not name.startswith(("unstuck.core", "."))} <= {"unstuck"}


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_core_has_no_clock_and_no_dice(path: Path) -> None:
    """The time and the luck are given to the core by its caller, so that a replay is the same every day."""
    assert imports(path) & CLOCK_AND_DICE == set()
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert {call.attr for call in calls if isinstance(call, ast.Attribute)} & NOW == set()


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_only_file_modules_read_files(path: Path) -> None:
    """Files are opened in modules named *_file.py and nowhere else in the core."""
    if path.name.endswith(READERS):
        return
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    opened = {call.id for call in calls if isinstance(call, ast.Name)} & {"open"}
    read = {call.attr for call in calls if isinstance(call, ast.Attribute)} & {"read_text", "read_bytes", "write_text"}
    assert opened | read == set()


def test_no_import_stands_inside_a_function() -> None:
    """What a module needs is seen at its top, unless there is a named reason to load it late."""
    inside = {
        relative(path)
        for path in modules(PACKAGE)
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert inside == set(LATE)
