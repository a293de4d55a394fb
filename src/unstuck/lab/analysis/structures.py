"""Covariance structures of repeated measures, each a table of whole exponents: every entry of S is a product of powers.

S_ij = prod_k theta_k ** e_ijk. So values, first and second derivatives are exact and one line each, and no structure
needs a solver of its own. Names are those of SAS and of R's mmrm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats

Exponents = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """A structure for T visits with k parameters. In a `linear` one S is a sum of its parameters, so that the linear
    Kenward-Roger correction is the whole one."""

    name: str
    exponents: Exponents  # (T, T, k)
    scales: NDArray[np.bool_]  # (k,) which are variances or standard deviations, and so above zero
    squared: bool  # whether scales are standard deviations

    @property
    def linear(self) -> bool:
        """Whether every entry is one parameter."""
        return bool((self.exponents.sum(axis=2) == 1).all())

    def covariance(self, theta: Floats) -> Floats:
        """S, shape (T, T)."""
        return _powers(theta, self.exponents, [])

    def first(self, theta: Floats) -> Floats:
        """dS/dtheta, shape (k, T, T)."""
        return np.stack([_powers(theta, self.exponents, [m]) for m in range(len(theta))])

    def second(self, theta: Floats) -> Floats:
        """d2S/dtheta2, shape (k, k, T, T)."""
        k, visits = len(theta), len(self.exponents)
        found = np.zeros((k, k, visits, visits))
        if not self.linear:
            for m, n in combinations_with_replacement(range(k), 2):
                found[m, n] = found[n, m] = _powers(theta, self.exponents, [m, n])
        return found

    def start(self, variances: Floats) -> Floats:
        """Parameters without correlation, from a variance for each visit."""
        theta = np.zeros(len(self.scales))
        where = np.diagonal(self.exponents).T  # (T, k)
        for m in np.flatnonzero(self.scales):
            mine = variances[where[:, m] > 0].mean()
            theta[m] = np.sqrt(mine) if self.squared else mine
        rho = ~self.scales
        theta[rho] = 0.0 if self.linear else NEARLY_NONE
        return theta

    def allowed(self, theta: Floats) -> bool:
        """Whether scales are above zero and correlations within one; definiteness is judged by the solver."""
        bounded = self.linear or bool((np.abs(theta[~self.scales]) < 1).all())
        return bool((theta[self.scales] > 0).all()) and bounded


NEARLY_NONE = 0.05
"""Correlation to start from: at zero, powers of a correlation have no slope."""


def _powers(theta: Floats, exponents: Exponents, by: list[int]) -> Floats:
    """The product of powers, differentiated once by each parameter in `by`."""
    left, factor = exponents.copy(), np.ones(exponents.shape[:2])
    for m in by:
        factor = factor * left[..., m]
        left[..., m] = np.maximum(left[..., m] - 1, 0)
    return np.asarray(factor * np.prod(theta ** left.astype(np.float64), axis=2))


def _unstructured(visits: int) -> Structure:
    places = [(i, j) for i in range(visits) for j in range(i + 1)]
    table = _empty(visits, len(places))
    for k, (i, j) in enumerate(places):
        table[i, j, k] = table[j, i, k] = 1
    return Structure("us", table, np.array([i == j for i, j in places]), False)


def _banded(name: str, visits: int, bands: int) -> Structure:
    """One variance, and a covariance for each distance between visits; the last one serves all further distances."""
    table = _empty(visits, 1 + bands)
    for i, j in np.ndindex(visits, visits):
        table[i, j, min(abs(i - j), bands)] = 1
    return Structure(name, table, _first_only(1, bands), False)


def _with_scales(name: str, visits: int, rho: Callable[[int, int], dict[int, int]], count: int) -> Structure:
    """A standard deviation for each visit, times powers of `count` correlations."""
    table = _empty(visits, visits + count)
    for i, j in np.ndindex(visits, visits):
        table[i, j, i] += 1
        table[i, j, j] += 1
        for which, power in rho(i, j).items():
            table[i, j, visits + which] += power
    return Structure(name, table, _first_only(visits, count), True)


def _one_autoregressive(visits: int) -> Structure:
    table = _empty(visits, 2)
    for i, j in np.ndindex(visits, visits):
        table[i, j] = 1, abs(i - j)
    return Structure("ar1", table, _first_only(1, 1), False)


def _empty(visits: int, parameters: int) -> Exponents:
    return np.zeros((visits, visits, parameters), dtype=np.int64)


def _first_only(true: int, false: int) -> NDArray[np.bool_]:
    return np.arange(true + false) < true


def _steps(i: int, j: int) -> dict[int, int]:
    """Ante-dependence: one correlation for each step between neighbouring visits."""
    return dict.fromkeys(range(min(i, j), max(i, j)), 1)


def _distance(i: int, j: int) -> dict[int, int]:
    return {abs(i - j) - 1: 1} if i != j else {}


MAKERS: dict[str, Callable[[int], Structure]] = {
    "us": _unstructured,
    "cs": lambda visits: _banded("cs", visits, min(1, visits - 1)),
    "toep": lambda visits: _banded("toep", visits, visits - 1),
    "ar1": _one_autoregressive,
    "csh": lambda visits: _with_scales("csh", visits, lambda i, j: {0: int(i != j)}, min(1, visits - 1)),
    "ar1h": lambda visits: _with_scales("ar1h", visits, lambda i, j: {0: abs(i - j)}, min(1, visits - 1)),
    "toeph": lambda visits: _with_scales("toeph", visits, _distance, visits - 1),
    "adh": lambda visits: _with_scales("adh", visits, _steps, visits - 1),
}
NAMES = {
    "us": "unstructured",
    "cs": "compound symmetry",
    "csh": "compound symmetry, a variance for each visit",
    "ar1": "autoregressive by visit number",
    "ar1h": "autoregressive by visit number, a variance for each visit",
    "toep": "Toeplitz: a covariance for each distance in visits",
    "toeph": "Toeplitz, a variance for each visit",
    "adh": "ante-dependence, a variance for each visit",
}


def structure(name: str, visits: int) -> Structure:
    """The structure of that name for so many visits. Raises Complaint that names the known ones for any other."""
    if name not in MAKERS:
        known = ", ".join(f"{key} ({NAMES[key]})" for key in MAKERS)
        raise Complaint(f"The covariance structure {name!r} is not supported.", "covariance", f"Known are {known}.")
    if visits < 2:
        return _unstructured(1)
    return MAKERS[name](visits)
