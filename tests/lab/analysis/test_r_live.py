"""Live comparison with nlme, lmerTest, pbkrtest and survival on random data, where R is installed."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from tests.lab.analysis.examples import drawn, long_table, with_gaps
from tests.lab.analysis.test_survival import _random
from unstuck.lab.analysis.closed import Floats
from unstuck.lab.analysis.cox import cox
from unstuck.lab.analysis.repeated import Mmrm, mmrm
from unstuck.lab.analysis.survival import incidence, kaplan_meier, log_rank


def _together(made: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """The same with something that all visits of a patient share, so that no variance stands at zero."""
    x, y = made
    return x, y + np.random.default_rng(1).normal(0, 5, (len(x), 1))


SCRIPT = Path(__file__).with_name("witness.R")
TRIALS = {
    "monotone": drawn(21, 60, 3, 0.12),
    "gaps": with_gaps(22, 70, 3, 0.12),
    "small": _together(with_gaps(23, 40, 3, 0.08)),
}
TIMES = (31, 32)
PACKAGES = ("nlme", "lmerTest", "pbkrtest", "survival")
Answers = dict[str, dict[str, float]]
CROSSED = "chg ~ base*visit + arm*visit"
KINDS = ("us", "cs", "csh", "ar1", "ar1h")


@pytest.fixture(scope="module")
def says(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """R's answers by set and what; skips, saying why, where R or its packages are missing."""
    script = shutil.which("Rscript")
    wanted = f"q(status = !all(c{PACKAGES!r} %in% rownames(installed.packages())))"
    if script is None or subprocess.run([script, "--vanilla", "-e", wanted], capture_output=True).returncode:
        pytest.skip(f"R with {', '.join(PACKAGES)} is not installed; .ci/run installs it")
    folder = tmp_path_factory.mktemp("witness")
    names = [folder / name for name in ("trials.csv", "times.csv", "out.csv")]
    tables = {name: long_table(*made, (1, 2, 3)) for name, made in TRIALS.items()}
    _write(names[0], tables, np.isfinite)
    _write(names[1], {str(seed): _times(seed) for seed in TIMES}, None)
    run = [script, "--vanilla", str(SCRIPT), *map(str, names)]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    found: Answers = defaultdict(dict)
    with names[2].open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["set"]][row["what"]] = float(row["value"])
    return found


def _times(seed: int) -> dict[str, Floats]:
    data, x = _random(seed)
    return {"time": data.time, "event": data.event, "a": x[:, 0], "b": x[:, 1]}


def _write(path: Path, sets: dict[str, dict[str, Floats]], known: object) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["set", *next(iter(sets.values()))])
        for name, columns in sets.items():
            for row in zip(*columns.values(), strict=True):
                if known is None or np.isfinite(row[-1]):
                    writer.writerow([name, *(repr(float(value)) for value in row)])


def _ours(name: str, text: str, covariance: str, df: str = "satterthwaite") -> Mmrm:
    return mmrm(long_table(*TRIALS[name], (1, 2, 3)), text, "id", "visit", df, covariance)


@pytest.mark.parametrize("name", TRIALS)
@pytest.mark.parametrize(
    ("text", "covariance"), [*((CROSSED, kind) for kind in KINDS), ("chg ~ base + arm*visit", "us")]
)
def test_nlme_agrees(says: Answers, name: str, text: str, covariance: str) -> None:
    """gls gives our estimate, error and -2 REML for five structures; its likelihood is never the higher one."""
    fit, r = _ours(name, text, covariance), says[name]
    last = fit.contrast("arm", at=3)[0]
    theirs = [r[f"{text}|{covariance}|{what}"] for what in ("estimate", "se", "minus2")]
    assert [last.estimate, last.se] == pytest.approx(theirs[:2], rel=2e-4)
    assert fit.minus2 == pytest.approx(theirs[2], abs=1e-5)
    assert fit.minus2 <= theirs[2] + 1e-7


@pytest.mark.parametrize("name", TRIALS)
def test_lmertest_agrees(says: Answers, name: str) -> None:
    """Satterthwaite's df of a contrast by lmerTest, with a random effect for each visit, is ours."""
    last = _ours(name, CROSSED, "us").contrast("arm", at=3)[0]
    theirs = [says[name][f"lmerTest|{what}"] for what in ("estimate", "se", "df")]
    assert [last.estimate, last.se] == pytest.approx(theirs[:2], rel=1e-3)
    assert last.df == pytest.approx(theirs[2], rel=1e-2)


@pytest.mark.parametrize("name", TRIALS)
def test_pbkrtest_agrees_up_to_its_information(says: Answers, name: str) -> None:
    """pbkrtest takes the expected information where SAS, mmrm and we take the observed: errors 1 %, df 8 %."""
    last = _ours(name, CROSSED, "us", "kenward-roger").contrast("arm", at=3)[0]
    assert last.se == pytest.approx(says[name]["pbkrtest|se"], rel=0.01)
    assert last.df == pytest.approx(says[name]["pbkrtest|df"], rel=0.08)


@pytest.mark.parametrize("seed", TIMES)
def test_survival_agrees(says: Answers, seed: int) -> None:
    """coxph, survdiff and survfit give our Cox model, log-rank, curve, limit, restricted mean and incidence."""
    (data, x), r = _random(seed), says[str(seed)]
    model = cox(data, x, ["a", "b"])
    got = [c.estimate for c in model.coefficients] + [c.se for c in model.coefficients] + [model.log_likelihood]
    assert got == pytest.approx([r[f"cox|{what}"] for what in ("a", "b", "se a", "se b", "loglik")], abs=1e-8)
    assert log_rank(data, x[:, 0]).chi2 == pytest.approx(r["logrank"], abs=1e-9)
    curve, cause = kaplan_meier(data), incidence(data, 1)
    for place, when in enumerate((2, 5, 9), 1):
        assert curve.at(when) == pytest.approx(r[f"km|{place}"], abs=1e-12)
        assert curve.low[np.searchsorted(curve.time, when, "right") - 1] == pytest.approx(r[f"low|{place}"], abs=1e-10)
        assert cause.at(when) == pytest.approx(r[f"incidence|{place}"], abs=1e-12)
    area = curve.restricted_mean(9)
    assert (area.estimate, area.se) == (pytest.approx(r["rmst"], abs=1e-4), pytest.approx(r["rmst se"], abs=1e-4))
