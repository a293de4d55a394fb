"""The guarded path: steps by the exponential of the whole matrix, for people whose rates nearly coincide.

Scaling and squaring with a Taylor series. Flows between compartments are not negative, so that after a shift of the
diagonal every term is positive and nothing cancels (as in uniformisation; Moler and Van Loan, 2003, doi
10.1137/S00361445024180).
"""

from __future__ import annotations

import numpy as np

from unstuck.lab.pk.people import Floats

_TERMS = 18


def exponential(matrix: Floats) -> Floats:
    """exp(A) of each A in a stack (n, K, K) whose off-diagonal entries are not negative; each apart from the others."""
    count = matrix.shape[-1]
    shift = np.max(-np.einsum("nii->ni", matrix), axis=1).clip(min=0.0)
    moved = matrix + shift[:, None, None] * np.eye(count)
    size = np.max(np.abs(moved).sum(axis=1), axis=1, initial=0.0)
    squarings = np.maximum(0, np.ceil(np.log2(np.maximum(size, 1e-300))) + 1)
    part = moved / (2.0**squarings)[:, None, None]
    total = np.tile(np.eye(count), (len(matrix), 1, 1))
    for term in range(_TERMS, 0, -1):
        total = np.eye(count) + (part @ total) / term
    total = total * np.exp(-shift / 2.0**squarings)[:, None, None]
    for done in range(int(squarings.max(initial=0))):
        total = np.where((done < squarings)[:, None, None], total @ total, total)
    found: Floats = total
    return found


def propagators(matrix: Floats, hours: float) -> tuple[Floats, Floats]:
    """exp(A h) and its integral from 0 to h, both (n, K, K): what a step of that length does to the state and to an
    input at a constant rate."""
    n, count = matrix.shape[:2]
    wide = np.zeros((n, 2 * count, 2 * count))
    wide[:, :count, :count] = matrix * hours
    wide[:, :count, count:] = np.eye(count) * hours
    whole = exponential(wide)
    return whole[:, :count, :count], whole[:, :count, count:]
