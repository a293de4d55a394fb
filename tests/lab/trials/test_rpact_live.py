"""Live comparison of bounds, sizes and power with rpact, where R is installed."""

import math
import shutil
import subprocess
from pathlib import Path

import pytest

from unstuck.core.trial import Spending
from unstuck.lab.trials.sequential import (
    crossing,
    drift_for,
    expected_information,
    inflation,
    spending_bounds,
    wang_tsiatis,
)
from unstuck.lab.trials.sizes import size_known_spread, size_of_shares, size_of_t

SCRIPT = Path(__file__).with_name("rpact.R")
LOOKS = {1: (0.5, 1.0), 2: (0.2, 0.7, 1.0), 3: (0.25, 0.5, 0.75, 1.0), 4: (0.1, 0.3, 0.5, 0.8, 1.0)}
KINDS = {"asOF": Spending.OBRIEN_FLEMING, "asP": Spending.POCOCK}
CASES = [(kind, number) for kind in KINDS for number in LOOKS]


@pytest.fixture(scope="module")
def says():
    """rpact's answers by name; skips, saying why, where R or rpact is missing."""
    script = shutil.which("Rscript")
    has = 'q(status = !("rpact" %in% rownames(installed.packages())))'
    if script is None or subprocess.run([script, "--vanilla", "-e", has], capture_output=True).returncode:
        pytest.skip("R with rpact is not installed; .ci/run installs it")
    done = subprocess.run([script, "--vanilla", str(SCRIPT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.strip().strip(",").split(",") for line in done.stdout.splitlines() if line.strip()]
    return {row[0]: [float(cell) for cell in row[1:]] for row in rows}


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_spending_designs_agree(says, kind, number):
    """Bounds, largest and expected size at 80 % power, and power of a given size, are rpact's at unequal looks too."""
    looks = LOOKS[number]
    bounds = spending_bounds(KINDS[kind], looks, 0.025)
    assert bounds == pytest.approx(says[f"{kind}{number}"], abs=2e-5)
    largest = size_known_spread(0.4, 1.0, 0.025, 0.8) * inflation(looks, bounds, 0.025, 0.8)
    drift = drift_for(0.8, lambda d: crossing(looks, bounds, d).power)
    expected = largest * expected_information(looks, bounds, drift)
    assert (largest, expected) == pytest.approx(says[f"size/{kind}{number}"], rel=1e-5)
    drift = 0.3 * math.sqrt(300) / 2
    found = (crossing(looks, bounds, drift).power, 300 * expected_information(looks, bounds, drift))
    assert found == pytest.approx(says[f"power/{kind}{number}"], rel=1e-5)


@pytest.mark.parametrize("delta", [0.0, 0.1, 0.25, 0.5])
def test_wang_tsiatis_agrees(says, delta):
    """Bounds of four equal looks are rpact's for every shape."""
    assert wang_tsiatis(4, 0.025, delta) == pytest.approx(says[f"wt{delta:g}"], abs=1e-5)


def test_fixed_sizes_agree(says):
    """Sizes of a t test and of two shares are rpact's."""
    assert [size_of_t(d, 1.0, 0.025, 0.9) for d in (0.3, 0.5, 0.8)] == pytest.approx(says["t"], rel=1e-5)
    assert [size_of_shares(p, 0.3, 0.025, 0.8) for p in (0.5, 0.6)] == pytest.approx(says["shares"], rel=1e-5)
