"""Random data sets by name, and R's answers to them."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from unstuck.lab.meta.sample import Floats

SETS = 24
SCRIPT = Path(__file__).with_name("metafor.R")
Answers = dict[tuple[str, str], Floats]


def random_set(number: int) -> dict[str, Floats]:
    """A data set of 5 to 20 effects; every fourth is homogeneous, so that tau2 often is zero. x is a moderator."""
    luck = np.random.default_rng((20260101, number))
    k = int(luck.integers(5, 21))
    v = luck.uniform(0.02, 0.4, k)
    tau = 0.0 if number % 4 == 0 else float(luck.uniform(0.1, 0.8))
    x = luck.normal(size=k)
    y = 0.3 + 0.2 * x + luck.normal(0, tau, k) + luck.normal(0, np.sqrt(v))
    study = np.sort(luck.integers(0, max(4, k // 2), k)).astype(float)
    study[:4] = range(4)  # four studies at least
    return {"y": y, "v": v, "x": x, "study": np.sort(study)}


def random_sizes() -> dict[str, Floats]:
    """Forty studies as papers print them: n, mean, SD of both arms, events, and a correlation; some cells are zero."""
    luck = np.random.default_rng(7)
    n1, n2 = luck.integers(5, 60, 40), luck.integers(5, 60, 40)
    x1, x2 = luck.binomial(n1, 0.2), luck.binomial(n2, 0.3)
    x1[0], x2[1], x1[2] = 0, 0, n1[2]
    x2[0], x1[1] = 3, 2
    return {
        "n1": n1, "m1": luck.normal(40, 8, 40), "s1": luck.uniform(5, 15, 40), "n2": n2, "m2": luck.normal(44, 8, 40),
        "s2": luck.uniform(5, 15, 40), "x1": x1, "x2": x2, "r": luck.uniform(0.1, 0.9, 40),
    }  # fmt: skip


def ask_r(folder: Path) -> Answers:
    """R's answers by (set, what). Skips the test, saying why, where R or its packages are missing."""
    script = shutil.which("Rscript")
    if script is None or not _has_packages(script):
        pytest.skip("R with metafor and clubSandwich is not installed; .ci/run installs it")
    names = [folder / name for name in ("sets.csv", "sizes.csv", "out.csv")]
    _write(names[0], [{"set": np.full(len(s["y"]), n), **s} for n, s in ((n, random_set(n)) for n in range(SETS))])
    _write(names[1], [random_sizes()])
    done = subprocess.run([script, "--vanilla", str(SCRIPT), *map(str, names)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return _read(names[2])


def _has_packages(script: str) -> bool:
    wanted = "q(status = !all(c('metafor', 'clubSandwich') %in% rownames(installed.packages())))"
    return subprocess.run([script, "--vanilla", "-e", wanted], capture_output=True, env={**os.environ}).returncode == 0


def _write(path: Path, sets: list[dict[str, Floats]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(sets[0])
        for each in sets:
            writer.writerows([[repr(float(value)) for value in row] for row in zip(*each.values(), strict=True)])


def _read(path: Path) -> Answers:
    found = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["set"], row["what"].rpartition(".")[0]].append(float(row["value"]))
    return {name: np.array(values) for name, values in found.items()}
