"""The frozen trials of this folder as arrays, and random ones for Hypothesis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from unstuck.lab.analysis.closed import Floats

DATA = Path(__file__).with_name("data")
VISITS = 5


def trial(name: str) -> tuple[Floats, Floats]:
    """(x, y) of a frozen trial: x = 1, arm, base of shape (300, 3); y of shape (300, 5), NaN where nothing was seen."""
    cells = np.genfromtxt(DATA / name, delimiter=",", skip_header=1, usecols=range(1, 8), filling_values=np.nan)
    return np.column_stack([np.ones(len(cells)), cells[:, :2]]), cells[:, 2:]


def drawn(seed: int, patients: int, visits: int, gone: float) -> tuple[Floats, Floats]:
    """A random trial of one shape: correlated outcomes, an arm, a baseline, a chance of leaving at each visit."""
    rng = np.random.default_rng(seed)
    arm, base = np.arange(patients) % 2, rng.normal(30, 8, patients)
    root = np.tril(rng.normal(size=(visits, visits)), -1) + np.diag(rng.uniform(1, 2.5, visits))
    y = rng.normal(size=(patients, visits)) @ root.T * 3 + 0.4 * base[:, None] - 2 * arm[:, None]
    left = np.cumsum(rng.random((patients, visits)) < gone, axis=1) > 0
    left[:, 0] = False
    return np.column_stack([np.ones(patients), arm, base]), np.where(left, np.nan, y)


monotone_trials = st.builds(
    drawn,
    seed=st.integers(0, 2**32 - 1),
    patients=st.integers(40, 90),
    visits=st.integers(2, 5),
    gone=st.sampled_from([0.0, 0.05, 0.15]),
)


def long_table(x: Floats, y: Floats, days: tuple[int, ...] = (1, 7, 14, 28, 56)) -> dict[str, Floats]:
    """A trial as a long table with the columns id, visit, arm, base and chg; rows of unseen visits have no chg."""
    patients, visits = y.shape
    wide = {"id": np.arange(patients), "arm": x[:, 1], "base": x[:, 2]}
    columns = {name: np.repeat(cells, visits) for name, cells in wide.items()}
    return {**columns, "visit": np.tile(days[:visits], patients), "chg": y.ravel()}


def with_gaps(seed: int, patients: int, visits: int, share: float) -> tuple[Floats, Floats]:
    """A random trial with values missing here and there; everybody is seen at the first visit."""
    x, y = drawn(seed, patients, visits, 0.05)
    gone = np.random.default_rng(seed + 1).random(y.shape) < share
    gone[:, 0] = False
    return x, np.where(gone, np.nan, y)
