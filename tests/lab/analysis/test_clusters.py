"""A random effect of the therapist: against lmerTest, mixedlm, and the exact test where everything is balanced."""

import csv
import shutil
import subprocess
from pathlib import Path

import mixedlm
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, t, ttest_ind

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.clusters import random_intercept

SCRIPT = Path(__file__).with_name("clusters.R")
ARM = np.array([0.0, 1.0, 0.0])


def made(seed, people, clusters, between, nested):
    """x (one, arm, base), y and who treats; therapists in one arm only where nested."""
    rng = np.random.default_rng(seed)
    who = rng.integers(0, clusters, people)
    arm = who % 2 if nested else rng.integers(0, 2, people)
    base = rng.normal(40, 9, people)
    y = -3 * arm + 0.5 * base + rng.normal(0, between, clusters)[who] + rng.normal(0, 9, people)
    return np.column_stack([np.ones(people), arm, base]), y, who


SETS = {
    "nested": made(4, 80, 8, 4.0, True),
    "crossed": made(5, 80, 8, 4.0, False),
    "few": made(6, 40, 6, 8.0, True),
    "many": made(7, 200, 20, 3.0, True),
}


@pytest.fixture(scope="module")
def says(tmp_path_factory):
    """lmerTest's answers by set; skips, saying why, where R or lmerTest is missing."""
    script = shutil.which("Rscript")
    has = 'q(status = !("lmerTest" %in% rownames(installed.packages())))'
    if script is None or subprocess.run([script, "--vanilla", "-e", has], capture_output=True).returncode:
        pytest.skip("R with lmerTest is not installed; .ci/run installs it")
    path = tmp_path_factory.mktemp("clusters") / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["set", "arm", "base", "who", "y"])
        for name, (x, y, who) in SETS.items():
            rows = zip(x[:, 1], x[:, 2], who, y, strict=True)
            writer.writerows([name, int(a), repr(float(b)), int(w), repr(float(v))] for a, b, w, v in rows)
    done = subprocess.run([script, "--vanilla", str(SCRIPT), str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split(",") for line in done.stdout.splitlines() if line.strip()]
    return {row[0]: [float(cell) for cell in row[1:]] for row in rows}


@pytest.mark.parametrize("name", SETS)
def test_lmertest_agrees(says, name):
    """Estimate, error, Satterthwaite's df and both spreads are lmerTest's, nested or crossed, few or many."""
    found = random_intercept(*SETS[name], ARM)
    ours = (found.estimate, found.se, found.df, found.between_sd, found.within_sd)
    assert ours == pytest.approx(says[name], rel=2e-4, abs=1e-5)


@pytest.mark.parametrize("name", SETS)
def test_mixedlm_agrees(name):
    """Estimate and error are mixedlm's."""
    x, y, who = SETS[name]
    rows = pd.DataFrame({"y": y, "arm": x[:, 1], "base": x[:, 2], "who": who.astype(str)})
    fit = mixedlm.lmer("y ~ arm + base + (1 | who)", rows)
    found = random_intercept(x, y, who, ARM)
    assert found.estimate == pytest.approx(float(fit.fixef()["arm"]), abs=2e-4)
    assert found.se == pytest.approx(float(np.sqrt(np.asarray(fit.vcov())[1, 1])), rel=2e-4)


def test_balanced_and_nested_it_is_the_t_test_of_therapists():
    """Four therapists in each arm with ten people each: it is the t test of the therapists' means."""
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(8), 10)
    y = rng.normal(0, 5, 8)[who] + rng.normal(0, 9, 80)
    found = random_intercept(np.column_stack([np.ones(80), who % 2]), y, who, np.array([0.0, 1.0]))
    means = np.bincount(who, weights=y) / 10
    exact = ttest_ind(means[1::2], means[::2])
    assert found.between_sd > 0 and found.df == pytest.approx(6, abs=2e-3)
    assert found.estimate / found.se == pytest.approx(exact.statistic, rel=1e-5)


def test_ignoring_therapists_rejects_too_often():
    """With five therapists in each arm who differ by half a person's spread, least squares rejects a true null about
    twice to four times as often as it says; the random effect does not (250 trials, p above 0.001)."""
    rejected = np.zeros((2, 250), bool)
    for trial in range(250):
        x, y, who = made(100 + trial, 80, 10, 4.5, True)
        y = y + 3 * x[:, 1]  # no difference
        found = random_intercept(x, y, who, ARM)
        b, rest = np.linalg.lstsq(x, y, rcond=None)[:2]
        plain = b[1] / np.sqrt(rest[0] / 77 * np.linalg.inv(x.T @ x)[1, 1])
        rejected[0, trial], rejected[1, trial] = 2 * t.sf(abs(plain), 77) < 0.05, _rejects(found)
    assert rejected[0].mean() > 0.1
    assert binomtest(int(rejected[1].sum()), 250, 0.05, alternative="greater").pvalue > 0.001


def _rejects(found):
    return 2 * t.sf(abs(found.estimate / found.se), found.df) < 0.05


def test_no_spread_between_therapists_is_least_squares():
    """Where people of a therapist are no more alike than others, the answer is that of least squares."""
    rng = np.random.default_rng(3)
    y = np.tile([-1.0, 1.0], 30) + rng.normal(0, 0.01, 60)
    x, who = np.column_stack([np.ones(60), np.arange(60) // 30]), np.arange(60) // 6
    found = random_intercept(x, y, who, np.array([0.0, 1.0]))
    b, rest = np.linalg.lstsq(x, y, rcond=None)[:2]
    assert found.between_sd == 0 and found.estimate == pytest.approx(b[1])
    assert found.se == pytest.approx(float(np.sqrt(rest[0] / 58 * (1 / 30 + 1 / 30)))) and found.df == pytest.approx(
        58, abs=0.1
    )


def test_what_has_no_answer_is_refused():
    """An arm that is everybody's, and outcomes that follow from the covariates, give a complaint and no number."""
    ones = np.ones((20, 2))
    with pytest.raises(Complaint, match="nothing to estimate"):
        random_intercept(ones, np.arange(20.0), np.arange(20) % 4, np.array([0.0, 1.0]))
