"""Everything that is checked, stage by stage; `make test` calls it.

usage: test_all.py [STAGE ...]     without a stage: all of them; `list` names them

Ends with what each stage said and a list of what could not be run here and why. With CI=true that list must be empty.
A published figure whose data nobody can get is listed apart and fails no run: no machine could mend it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from environment import ROOT, python_of
from environment import main as make_environment
from postgres import server

PYTHON = sys.executable
BARE, NEWER = ROOT / ".venv-core", ROOT / ".venv-3.13"
NEEDED = ["lab", "clinic", "pytest", "pytest-django", "pytest-xdist", "hypothesis"]
CORE_TESTS = ["tests/core", "tests/spec", "tests/structure", "tests/cli"]
DATABASE_TESTS = ["tests/clinic", "tests/pages"]
WORKERS = ["-n", str(max(2, min(6, os.cpu_count() or 2))), "--dist", "loadfile", "--durations=12", "--durations-min=4"]
CHROMIUMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
NOT_AT_HAND = "data not at hand: "  # how tests/lab/analysis/test_not_at_hand.py begins its reasons
CLOSING = re.compile(r"=+ .*(passed|failed|error|no tests ran).* =+|\d+ (passed|failed|error|skipped).* in [\d.]+s.*")
SKIPPED = re.compile(r"SKIPPED \[\d+\] (.+)")


@dataclass
class Report:
    """What has been seen so far: per stage its outcome, seconds and closing lines; and what could not be run."""

    stages: list[tuple[str, bool, float]] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)
    not_run: list[str] = field(default_factory=list)
    not_at_hand: list[str] = field(default_factory=list)


class StageFailed(Exception):
    """A command of a stage ended with another exit code than 0."""


def run(report: Report, stage: str, *command: str | Path, cwd: str | Path = ROOT, **environment: str) -> None:
    """Runs a command, shows its output as it comes, and keeps pytest's closing line and reasons for skipping."""
    line_of_command = " ".join(map(str, command))
    print(f"$ {line_of_command}", flush=True)
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | environment
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        _keep(report, stage, line.strip())
    if process.wait():
        raise StageFailed(f"{line_of_command}: exit code {process.returncode}")


def _keep(report: Report, stage: str, line: str) -> None:
    if CLOSING.fullmatch(line):
        report.said.setdefault(stage, []).append(line.strip("= "))
    if skipped := SKIPPED.match(line):
        (report.not_at_hand if NOT_AT_HAND in line else report.not_run).append(f"{stage}: {skipped[1]}")


def pytest(report: Report, stage: str, *arguments: str, python: str | Path = PYTHON, **environment: str) -> None:
    """Runs pytest and requires that at least one test was found."""
    run(report, stage, python, "-m", "pytest", "-q", "-rs", *arguments, **environment)


def present(paths: list[str]) -> list[str]:
    """Those of the folders that exist; a folder of tests is made by the work that first needs it."""
    return [path for path in paths if (ROOT / path).is_dir()]


def lint(report: Report) -> None:
    """The sources follow the common rules and format."""
    run(report, "lint", PYTHON, "-m", "ruff", "check", ".")
    run(report, "lint", PYTHON, "-m", "ruff", "format", "--check", ".")


def types(report: Report) -> None:
    """mypy accepts the whole package, strictly; its Django plugin reads the settings."""
    with a_home() as home:
        run(report, "types", PYTHON, "-m", "mypy", UNSTUCK_HOME=home)
        run(report, "types", PYTHON, "-m", "mypy", "tools", UNSTUCK_HOME=home)


def a_home() -> tempfile.TemporaryDirectory[str]:
    """A data folder for a clinic, so that no check touches one that is in use."""
    return tempfile.TemporaryDirectory(prefix="unstuck-home-")


def contracts(report: Report) -> None:
    """The rings and layers import only downwards."""
    run(report, "contracts", Path(PYTHON).with_name("lint-imports"), "--no-logo")


def core(report: Report) -> None:
    """The core's tests and commands work where only pytest and Hypothesis are installed."""
    make_environment([str(BARE), "pytest", "hypothesis"])
    pytest(report, "core", "-W", "ignore::pytest.PytestConfigWarning", *present(CORE_TESTS), python=python_of(BARE))
    source = {"PYTHONPATH": str(ROOT / "src")}
    run(report, "core", python_of(BARE), "-m", "unstuck", "check", *protocol_files(), **source)


def protocol_files() -> list[str]:
    """Every protocol of the library, relative to the repository."""
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "library" / "protocols").glob("*.toml"))


def suite(report: Report) -> None:
    """The tests of the lab and of the clinic on SQLite; the core's have a stage of their own, the browser's too."""
    elsewhere = [f"--ignore={path}" for path in [*present(CORE_TESTS), "tests/journeys"]]
    pytest(report, "suite", *WORKERS, *elsewhere, "tests")


def postgres(report: Report) -> None:
    """The clinic's tests once more, on a PostgreSQL server made for the occasion."""
    with server() as address:
        proof = "from django.db import connection; assert connection.vendor == 'postgresql', connection.vendor"
        with a_home() as home:
            manage = (PYTHON, "-m", "unstuck", "manage", "shell", "--no-imports", "-c", proof)
            run(report, "postgres", *manage, UNSTUCK_HOME=home, UNSTUCK_DATABASE_URL=address)
        pytest(report, "postgres", *WORKERS, *present(DATABASE_TESTS), UNSTUCK_DATABASE_URL=address)


def migrations(report: Report) -> None:
    """The migrations match the models, and lead from the previous commit's database to this one's."""
    manage = (PYTHON, "-m", "unstuck", "manage")
    with a_home() as home, tempfile.TemporaryDirectory(prefix="unstuck-before-") as before:
        run(report, "migrations", *manage, "makemigrations", "--check", "--dry-run", UNSTUCK_HOME=home)
        if not _unpack_previous(Path(before)):
            report.not_run.append(
                "migrations: the previous commit is not in this clone; fetch it (git fetch --deepen=1)"
            )
            return
        if (Path(before) / "src/unstuck/cli/manage.py").is_file():
            source = str(Path(before) / "src")
            run(report, "migrations", *manage, "migrate", "-v0", cwd=before, UNSTUCK_HOME=home, PYTHONPATH=source)
        run(report, "migrations", *manage, "migrate", "-v0", UNSTUCK_HOME=home)
        run(report, "migrations", *manage, "migrate", "--check", UNSTUCK_HOME=home)


def _unpack_previous(folder: Path) -> bool:
    archive = subprocess.run(["git", "archive", "HEAD~1"], cwd=ROOT, capture_output=True)
    if archive.returncode == 0:
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return archive.returncode == 0


def newer(report: Report) -> None:
    """On Python 3.13, where there is one: the core's tests, a demonstration clinic from nothing, a simulated trial."""
    found = subprocess.run([ROOT / "tools" / "find_python", "3.13"], capture_output=True, text=True)
    if found.returncode:
        report.said["newer"] = ["no Python 3.13 on this machine; it is tested where there is one"]
        return
    subprocess.run([found.stdout.strip(), ROOT / "tools/environment.py", NEWER, *NEEDED], check=True)
    python = python_of(NEWER)
    pytest(report, "newer", *WORKERS, *present([*CORE_TESTS, "tests/agreement"]), python=python)
    with a_home() as home:
        run(report, "newer", python, "-m", "unstuck", "serve", "--demo", "--prepare", UNSTUCK_HOME=f"{home}/demo")
        trial = ("feder_2021", "--arms", "--patients", "3", "--seed", "1", "--out", f"{home}/trial")
        run(report, "newer", python, "-m", "unstuck", "simulate", *trial)


def journeys(report: Report) -> None:
    """Whole paths in a real, headless Chromium."""
    if not os.environ.get("UNSTUCK_CHROMIUM"):
        report.not_run.append("journeys: no Chromium on PATH; install one or set UNSTUCK_CHROMIUM to its path")
        return
    pytest(report, "journeys", "-n", "2", *WORKERS[2:], "tests/journeys")


def wheel(report: Report) -> None:
    """The wheel, called from another folder, finds its library, its templates and its static files."""
    with tempfile.TemporaryDirectory(prefix="unstuck-wheel-") as name:
        folder = Path(name)
        run(report, "wheel", PYTHON, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist")
        run(report, "wheel", PYTHON, "-m", "venv", folder / "venv")
        python, (built,) = python_of(folder / "venv"), (folder / "dist").glob("*.whl")
        run(report, "wheel", python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", built, cwd=folder)
        unstuck = python.with_name("unstuck")
        for name in ("feder_2021", "ketamine_pe"):
            run(report, "wheel", unstuck, "explain", name, cwd=folder)
        others = sysconfig.get_path("purelib")  # the packages of this environment, without its unstuck in place
        run(report, "wheel", unstuck, "serve", "--demo", "--prepare", cwd=folder, PYTHONPATH=others)


STAGES: dict[str, Callable[[Report], None]] = {
    stage.__name__: stage
    for stage in (lint, types, contracts, core, suite, postgres, migrations, newer, journeys, wheel)
}


def main(names: list[str]) -> int:
    """Runs the stages; 0 when all passed and, with CI=true, nothing was left out."""
    if names == ["list"]:
        print("\n".join(f"{name:10} {stage.__doc__}" for name, stage in STAGES.items()))
        return 0
    if unknown := set(names) - set(STAGES):
        print(f"no stage {', '.join(sorted(unknown))}; there are: {', '.join(STAGES)}", file=sys.stderr)
        return 2
    _find_chromium()
    report = Report()
    for name in names or STAGES:
        _run_stage(report, name)
    _print(report)
    failed = any(not passed for _, passed, _ in report.stages)
    return int(failed or bool(report.not_run and os.environ.get("CI") == "true"))


def _run_stage(report: Report, name: str) -> None:
    print(f"\n=== {name}: {STAGES[name].__doc__}", flush=True)
    start, passed = time.monotonic(), True
    try:
        STAGES[name](report)
    except (StageFailed, subprocess.CalledProcessError, RuntimeError) as failure:
        print(f"{name} failed: {failure}", flush=True)
        passed = False
    report.stages.append((name, passed, time.monotonic() - start))


def _find_chromium() -> None:
    """Sets UNSTUCK_CHROMIUM, which the browser tests read, unless the caller has."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found:
        os.environ.setdefault("UNSTUCK_CHROMIUM", found)


def _print(report: Report) -> None:
    print("\n=== summary")
    for name, passed, seconds in report.stages:
        print(f"{'ok  ' if passed else 'FAIL'} {name:10} {seconds:5.0f} s  {'; '.join(report.said.get(name, []))}")
    print("\ncould not run: " + ("nothing was left out" if not report.not_run else ""))
    for line in sorted(set(report.not_run)):
        print(f"  {line}")
    if report.not_at_hand:
        print("published figures whose data are not at hand:")
    for line in sorted(set(report.not_at_hand)):
        print(f"  {line}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
