"""Takes a linear system apart into modes that decay each at its own rate: the exponential basis.

States that exchange drug with each other form a block. A block whose exchanges form a tree is symmetric after scaling,
so its rates are real and its modes orthogonal, however close the rates lie. Between blocks drug flows one way only; the
modes of the whole follow by back-substitution, in which differences of rates stand below the line. Where two rates of
different blocks nearly coincide that substitution loses digits: such people are marked, and `guard` solves them
instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.pk.people import Floats

MOST_LOSS = 80.0
"""Largest factor by which close rates may magnify rounding before a person is solved by the guard."""
NEAR = 0.5

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the pattern of flows alone decides: `order` lists the states from upstream to downstream, `block` numbers
    each state's block, `pairs` the exchanges (child, parent) of each block from its root outward, `sound` whether every
    block with several states is a tree of exchanges."""

    order: tuple[int, ...]
    block: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    sound: bool


@dataclass(frozen=True, slots=True)
class Modes:
    """x(t) = right exp(-rates t) left x(0). `rates` (n, K) per hour, `right` and `left` (n, K, K); `sound` (n,) says
    whose modes can be trusted."""

    rates: Floats
    right: Floats
    left: Floats
    sound: Bools


def shape_of(matrix: Floats) -> Shape:
    """The shape shared by all the systems in `matrix` (n, K, K)."""
    joined = (matrix != 0).any(axis=0)
    count = len(joined)
    reach = joined | np.eye(count, dtype=bool)
    for _ in range(count):
        reach = reach | ((reach.astype(int) @ reach.astype(int)) > 0)
    both = reach & reach.T
    first = np.array([int(np.flatnonzero(row)[0]) for row in both])
    upstream = reach.sum(axis=1)
    order = tuple(int(i) for i in np.lexsort((np.arange(count), first, upstream)))
    pairs: list[tuple[int, int]] = []
    sound = all(_tree(joined, np.flatnonzero(both[i]), pairs) for i in range(count) if first[i] == i)
    return Shape(order, tuple(int(b) for b in first), tuple(pairs), sound)


def _tree(joined: Bools, members: NDArray[np.int64], pairs: list[tuple[int, int]]) -> bool:
    """Whether the block's exchanges form a tree; its (child, parent) pairs are added."""
    inside = joined[np.ix_(members, members)].copy()
    np.fill_diagonal(inside, False)
    if (inside != inside.T).any() or inside.sum() != 2 * (len(members) - 1):
        return False
    seen = [0]
    for parent in seen:
        for child in np.flatnonzero(inside[:, parent]):
            if child not in seen:
                seen.append(int(child))
                pairs.append((int(members[child]), int(members[parent])))
    return len(seen) == len(members)


def modes_of(matrix: Floats, shape: Shape) -> Modes:
    """The modes of each system in `matrix` (n, K, K)."""
    n, count = matrix.shape[:2]
    if not shape.sound:
        return Modes(np.ones((n, count)), matrix, matrix, np.zeros(n, dtype=bool))
    with np.errstate(all="ignore"):
        rates, into, back = _within_blocks(matrix, shape)
        coupled = back @ matrix @ into
        right, left = _between_blocks(coupled, rates, shape)
        sound = _trusted(rates, shape) & np.isfinite(right).all(axis=(1, 2)) & np.isfinite(left).all(axis=(1, 2))
        return Modes(rates, into @ right, left @ back, sound)


def _within_blocks(matrix: Floats, shape: Shape) -> tuple[Floats, Floats, Floats]:
    """Rates of each block and the two changes of coordinates, block by block."""
    n, count = matrix.shape[:2]
    scale = np.ones((n, count))
    for child, parent in shape.pairs:
        scale[:, child] = scale[:, parent] * np.sqrt(matrix[:, child, parent] / matrix[:, parent, child])
    rates, into, back = np.empty((n, count)), np.zeros((n, count, count)), np.zeros((n, count, count))
    for first in sorted(set(shape.block)):
        own = np.array([i for i in range(count) if shape.block[i] == first])
        inner = matrix[:, own][:, :, own] * (scale[:, None, own] / scale[:, own, None])
        inner = np.where(np.isfinite(inner), inner, 0.0)
        values, vectors = np.linalg.eigh(-inner)
        rates[:, own] = values
        into[:, own[:, None], own] = scale[:, own, None] * vectors
        back[:, own[:, None], own] = np.swapaxes(vectors, 1, 2) / scale[:, None, own]
    return rates, into, back


def _between_blocks(coupled: Floats, rates: Floats, shape: Shape) -> tuple[Floats, Floats]:
    """Right and left eigenvectors of the triangular system that is left, by back-substitution."""
    n, count = rates.shape
    right = np.tile(np.eye(count), (n, 1, 1))
    left = right.copy()
    order, block = shape.order, shape.block
    for at, j in enumerate(order):
        for i in order[at + 1 :]:
            if block[i] != block[j]:
                flow = _sum(coupled, right, i, j, [k for k in order[at:] if block[k] != block[i]])
                right[:, i, j] = flow / (rates[:, i] - rates[:, j])
    for at, i in enumerate(order):
        for j in reversed(order[:at]):
            if block[i] != block[j]:
                flow = _sum(left, coupled, i, j, [k for k in order[: at + 1] if block[k] != block[j]])
                left[:, i, j] = flow / (rates[:, j] - rates[:, i])
    return right, left


def _sum(one: Floats, other: Floats, i: int, j: int, over: list[int]) -> Floats:
    found: Floats = np.einsum("nk,nk->n", one[:, i, over], other[:, over, j])
    return found


def _trusted(rates: Floats, shape: Shape) -> Bools:
    """Who loses few digits: for each mode the product over the other blocks' modes of rate over gap, where that is
    large."""
    gap = np.abs(rates[:, :, None] - rates[:, None, :])
    size = np.maximum(np.abs(rates)[:, :, None], np.abs(rates)[:, None, :])
    block = np.array(shape.block)
    loss = np.maximum(1.0, NEAR * size / gap)
    loss[:, block[:, None] == block[None, :]] = 1.0
    trusted: Bools = loss.prod(axis=2).max(axis=1) < MOST_LOSS
    return trusted
