"""No test measures speed: a busy machine is slow and not wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.structure.sources import ROOT, modules, relative, tree

TESTS = modules(ROOT / "tests")
SUBPROCESS = {"run", "check_call", "check_output", "communicate", "wait", "join"}
SOON_S = 120


def _named(path: Path, name: str) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Every call with an argument of that name, and the argument."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield from ((node, given.value) for given in node.keywords if given.arg == name)


def test_no_example_may_be_too_slow_to_make() -> None:
    """Whoever names health checks of its own, which replaces those of the profile, still lets examples take long."""
    named = [(relative(p), ast.unparse(checks)) for p in TESTS for _, checks in _named(p, "suppress_health_check")]
    assert [one for one in named if one[1] != "list(HealthCheck)" and "too_slow" not in one[1]] == []


def test_no_process_must_end_soon() -> None:
    """No test gives a process or a thread less than two minutes."""
    soon = [
        f"{relative(path)}:{call.lineno}: {limit.value} s"
        for path in TESTS
        for call, limit in _named(path, "timeout")
        if isinstance(call.func, ast.Attribute) and call.func.attr in SUBPROCESS
        if isinstance(limit, ast.Constant) and isinstance(limit.value, int | float) and limit.value < SOON_S
    ]
    assert soon == []
