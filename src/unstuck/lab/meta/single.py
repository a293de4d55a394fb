"""One meta-analysis in microseconds: REML with Knapp-Hartung of bare numbers, for loops, resampling and live pages.

`pool` says more (the interval of tau2, weights, cautions) and refuses one study under two names; this does neither.
The estimate, its error, both intervals and tau2 are the same figures to 1e-10, which a test holds.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from unstuck.core.errors import Complaint
from unstuck.lab.meta import single_kernel
from unstuck.lab.meta.inference import quantile, two_sided
from unstuck.lab.meta.sample import Floats, numbers

STEPS, TOLERANCE = 500, 1e-13
GRID = np.array([0.0, *np.geomspace(1e-4, 1e2, 60)])
"""Where `tau2.reml` looks for a second maximum, in units of the spread of effects and variances."""


class Fit(NamedTuple):
    """A pooled mean with its t interval (k - 1 df) and two-sided p, tau2, Q, and where a new study's truth would fall.

    A named tuple and no dataclass: making a frozen dataclass of so many fields takes longer than the fit.
    `two_maxima` says that the restricted likelihood has two and that the higher was taken.
    """

    k: int
    estimate: float
    se: float
    low: float
    high: float
    p: float
    tau2: float
    q: float
    prediction_low: float
    prediction_high: float
    two_maxima: bool


def reml(y: ArrayLike, v: ArrayLike, level: float = 0.95) -> Fit:
    """The mean of independent effects `y` with variances `v` by REML with the Knapp-Hartung interval.

    Raises Complaint for fewer than two effects, unlike lengths, text, numbers that are not finite, variances that are
    not above zero, and when scoring does not converge.
    """
    y, v = _vector(y, "effect"), _vector(v, "variance")
    k = len(y)
    if k != len(v) or k < 2:
        raise Complaint(f"{k} effects with {len(v)} variances cannot be pooled.", mend="Give two of each, or more.")
    if (row := single_kernel.flaw(y, v)) >= 0:
        mend = "Leave the row out or mend it; a variance is the square of a standard error."
        raise Complaint(f"effect {y[row]:g} with variance {v[row]:g} cannot be used.", f"row {row + 1}", mend)
    mean, inverse, rss, tau2, q, sure, two = single_kernel.fit(y, v, GRID, STEPS, TOLERANCE)
    if not sure:
        raise Complaint("REML did not converge on these effects.", mend="Use pool with DL or PM.")
    se, wide = sqrt(inverse * rss / (k - 1)), _quantile(k - 1, level)
    p = two_sided(mean / se if se > 0 else float("nan"), k - 1)
    near, far = wide * se, wide * sqrt(tau2 + se * se)
    return Fit(k, mean, se, mean - near, mean + near, p, tau2, q, mean - far, mean + far, two)


def _vector(values: ArrayLike, what: str) -> Floats:
    """The array itself where it is fit for the kernel, and a checked one otherwise."""
    if isinstance(values, np.ndarray) and values.dtype == np.float64 and values.ndim == 1 and values.flags.c_contiguous:
        return values
    found = numbers(values, what)
    if found.ndim != 1:
        raise Complaint(f"The {what}s have shape {found.shape}.", mend="Give one vector; pool_many takes many sets.")
    return found


@lru_cache(maxsize=1024)
def _quantile(df: int, level: float) -> float:
    if not 0 < level < 1:
        raise Complaint(f"The level {level:g} is no share.", mend="Give a number between 0 and 1, such as 0.95.")
    return quantile(df, level)
