"""Counter-based named randomness: a number depends on its name only, never on who drew before it.

Every draw is named by (seed, participant, purpose, index). So results do not depend on chunking, order or workers, and
two arms of a trial share their luck, because the arm is no part of the name.

The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3. SC11, 2011,
doi 10.1145/2063384.2063405), once in plain integers and once over NumPy arrays; both are held to its known answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Words = tuple[int, int, int, int]
_MASK = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_NORMAL = NormalDist()
_TWO_52 = float(1 << 52)


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Philox4x32-10 of one counter of four 32-bit words under a key of two."""
    a, b, c, d = counter
    k, m = key
    for _ in range(_ROUNDS):
        left, right = _MULTIPLIERS[0] * a, _MULTIPLIERS[1] * c
        a, b, c, d = (right >> 32) ^ b ^ k, right & _MASK, (left >> 32) ^ d ^ m, left & _MASK
        k, m = (k + _WEYL[0]) & _MASK, (m + _WEYL[1]) & _MASK
    return a, b, c, d


def philox_array(counter: NDArray[np.uint64], key: tuple[int, int]) -> NDArray[np.uint64]:
    """The same over counters of shape (4, n); words stand in the low half of each 64-bit number."""
    a, b, c, d = (row.copy() for row in counter)
    k, m = key
    mask, half = np.uint64(_MASK), np.uint64(32)
    for _ in range(_ROUNDS):
        left, right = np.uint64(_MULTIPLIERS[0]) * a, np.uint64(_MULTIPLIERS[1]) * c
        a, b = (right >> half) ^ b ^ np.uint64(k), right & mask
        c, d = (left >> half) ^ d ^ np.uint64(m), left & mask
        k, m = (k + _WEYL[0]) & _MASK, (m + _WEYL[1]) & _MASK
    return np.stack([a, b, c, d])


@lru_cache(maxsize=65536)
def _purpose(name: str, index: int) -> tuple[int, int]:
    """Two words that stand for a purpose and its index; 64 bits of BLAKE2b, so that names do not collide."""
    digest = hashlib.blake2b(f"{name}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def purpose_words(name: str, index: int) -> tuple[int, int]:
    """The two words of a purpose, for compiled code that draws the same numbers."""
    return _purpose(name, index)


def seed_words(seed: int) -> tuple[int, int]:
    """The two words of a seed, for compiled code that draws the same numbers."""
    return _key(seed)


def _key(seed: int) -> tuple[int, int]:
    return seed & _MASK, (seed >> 32) & _MASK


def _unit(high: int, low: int) -> float:
    """A number strictly between 0 and 1 from 52 bits of two words."""
    return (((high << 20) | (low >> 12)) + 0.5) / _TWO_52


class Stream:
    """The draws of one (seed, participant, purpose, index), in order. Seeds and participants are not negative."""

    __slots__ = ("_block", "_counter", "_key", "_left")

    def __init__(self, seed: int, participant: int, purpose: str, index: int = 0) -> None:
        if seed < 0 or participant < 0 or participant > _MASK:
            raise ValueError(f"seed {seed} and participant {participant} must be whole and not negative")
        self._key = _key(seed)
        self._counter = (participant, *_purpose(purpose, index))
        self._block = 0
        self._left: list[float] = []

    def uniform(self) -> float:
        """A number strictly between 0 and 1."""
        if not self._left:
            a, b, c, d = philox((self._block, *self._counter), self._key)
            self._block += 1
            self._left = [_unit(c, d), _unit(a, b)]
        return self._left.pop()

    def normal(self, mean: float = 0.0, sd: float = 1.0) -> float:
        """A number from the normal distribution, by inversion of one uniform."""
        return mean + sd * _NORMAL.inv_cdf(self.uniform())

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.uniform() < probability

    def choice(self, weights: Sequence[float]) -> int:
        """An index drawn by these weights, which need not add up to 1."""
        return pick(weights, self.uniform())

    def normals(self, count: int) -> list[float]:
        """So many standard normal numbers."""
        return [self.normal() for _ in range(count)]


def pick(weights: Sequence[float], luck: float) -> int:
    """The index in which `luck` (0 to 1) falls when the weights are laid end to end."""
    mark, last = luck * sum(weights), len(weights) - 1
    for index, weight in enumerate(weights):
        mark -= weight
        if mark < 0:
            return index
    return last


def uniform_array(seed: int, participants: NDArray[np.uint64], purpose: str, draws: int, index: int = 0) -> (
    NDArray[np.float64]
):  # fmt: skip
    """What `draws` calls of `Stream.uniform` give for each participant, in shape (participants, draws)."""
    blocks = []
    for block in range((draws + 1) // 2):
        rows = [np.full_like(participants, word) for word in (block, 0, *_purpose(purpose, index))]
        rows[1] = participants
        a, b, c, d = philox_array(np.stack(rows), _key(seed))
        blocks += [unit_array(a, b), unit_array(c, d)]
    return np.stack(blocks[:draws], axis=1)


def unit_array(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Numbers strictly between 0 and 1 from 52 bits of two words each."""
    whole = (high << np.uint64(20)) | (low >> np.uint64(12))
    return (whole.astype(np.float64) + 0.5) / _TWO_52


def normal_array(seed: int, participants: NDArray[np.uint64], purpose: str, draws: int, index: int = 0) -> (
    NDArray[np.float64]
):  # fmt: skip
    """What `draws` calls of `Stream.normal` give for each participant, in shape (participants, draws)."""
    flat = uniform_array(seed, participants, purpose, draws, index)
    normals: NDArray[np.float64] = np.vectorize(_NORMAL.inv_cdf, otypes=[float])(flat)
    return normals
