"""Uniform and normal numbers and exponentials for many patients side by side, in loops that a processor runs in lanes.

Philox's words become uniform numbers by putting their bits into a float; logarithm, sine, cosine and exponential are
polynomials, so that nothing is called inside a loop. They agree with the library's to 2e-14 (tests hold them to it).
Normal numbers are Box and Muller's (1958, doi 10.1214/aoms/1177706645), four to a block.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, uint32, uint64
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]
Word = Any  # of 32 bits; Numba knows which
Words = tuple[Word, Word, Word, Word]
Name = tuple[int, int, int]  # scenario, low and high word of the seed

_LEFT: Word = np.uint64(0xD2511F53)
_RIGHT: Word = np.uint64(0xCD9E8D57)
_STEP, _OTHER_STEP = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_WHOLE: Word = np.uint64(0x4330000000000000)  # the bits of 2**52: a word put below them is 2**52 plus that word
_FRACTION, _ONE, _EXPONENT = np.uint64(0x000FFFFFFFFFFFFF), np.uint64(0x3FF0000000000000), np.uint64(52)
_TWO_52 = 4503599627370496.0
_ROUND, _ROUND_BITS = 6755399441055744.0, np.uint64(0x4338000000000000)  # 1.5 * 2**52: adding it rounds
_BIAS = 1023
_LN2, _LN2_HIGH, _LN2_LOW = math.log(2), 6.93147180369123816490e-01, 1.90821492927058770002e-10
_FAR = 700.0
LANES = {"contract", "nsz"}


@njit(inline="always")
def philox(c0: Word, c1: Word, c2: Word, c3: Word, key: tuple[Word, Word]) -> Words:
    """What `lab.random.philox` gives, in 32-bit words."""
    k0, k1 = key
    for _ in range(10):
        left, right = _LEFT * uint64(c0), _RIGHT * uint64(c2)
        c0, c1 = uint32(right >> _HALF) ^ c1 ^ k0, uint32(right & _LOW)
        c2, c3 = uint32(left >> _HALF) ^ c3 ^ k1, uint32(left & _LOW)
        k0, k1 = uint32(k0 + _STEP), uint32(k1 + _OTHER_STEP)
    return c0, c1, c2, c3


@njit(cache=True, nogil=True, fastmath=LANES, error_model="numpy")
def uniforms(block: int, replicate: int, name: Name, bits: Bits, out: Floats) -> None:
    """Four rows of numbers strictly between 0 and 1, a column a patient, into `out`, which shares `bits`' memory."""
    first, trial, scenario = uint32(block), uint32(replicate), uint32(name[0])
    key = (uint32(name[1]), uint32(name[2]))
    for i in range(bits.shape[1]):
        a, b, c, d = philox(first, uint32(i), trial, scenario, key)
        bits[0, i], bits[1, i] = uint64(a) | _WHOLE, uint64(b) | _WHOLE
        bits[2, i], bits[3, i] = uint64(c) | _WHOLE, uint64(d) | _WHOLE
    for row in range(4):
        for i in range(bits.shape[1]):
            out[row, i] = (out[row, i] - (_TWO_52 - 0.5)) * 2.0**-32


@njit(cache=True, nogil=True, fastmath=LANES, error_model="numpy")
def normals(bits: Bits, out: Floats, work_bits: Bits, work: Floats) -> None:
    """Four rows of uniform numbers become four rows of standard normal ones. `work` has two rows, shared as well."""
    for pair in (0, 2):
        _radius(bits[pair], out[pair], work_bits, work)
        _turned(out[pair], out[pair + 1])


@njit(cache=True, nogil=True, fastmath=LANES, error_model="numpy")
def _radius(bits: Bits, out: Floats, work_bits: Bits, work: Floats) -> None:
    """sqrt(-2 log u): u = m * 2**k with m near 1, and log m = 2 artanh((m - 1) / (m + 1)) as a series."""
    for i in range(len(out)):
        word = bits[i]
        work_bits[0, i] = (word & _FRACTION) | _ONE
        work_bits[1, i] = (word >> _EXPONENT) | _WHOLE
    for i in range(len(out)):
        m, k = work[0, i], work[1, i] - (_TWO_52 + _BIAS)
        large = m > 1.4142135623730951
        m, k = (m * 0.5 if large else m), (k + 1.0 if large else k)
        s = (m - 1.0) / (m + 1.0)
        q = s * s
        p = 1 / 17 * q + 1 / 15
        p = ((p * q + 1 / 13) * q + 1 / 11) * q + 1 / 9
        p = (((p * q + 1 / 7) * q + 1 / 5) * q + 1 / 3) * q + 1.0
        out[i] = math.sqrt(-2.0 * (k * _LN2 + 2.0 * s * p))


@njit(cache=True, nogil=True, fastmath=LANES, error_model="numpy")
def _turned(radius: Floats, turn: Floats) -> None:
    """(r, u) become (r cos 2 pi u, r sin 2 pi u): series at half the angle from the middle, then doubled."""
    for i in range(len(radius)):
        x, r = math.pi * (turn[i] - 0.5), radius[i]
        q = x * x
        s = q * (-1 / 121645100408832000) + 1 / 355687428096000
        s = ((s * q - 1 / 1307674368000) * q + 1 / 6227020800) * q - 1 / 39916800
        s = ((s * q + 1 / 362880) * q - 1 / 5040) * q + 1 / 120
        s = ((s * q - 1 / 6) * q + 1.0) * x
        c = q * (1 / 2432902008176640000) - 1 / 6402373705728000
        c = ((c * q + 1 / 20922789888000) * q - 1 / 87178291200) * q + 1 / 479001600
        c = ((c * q - 1 / 3628800) * q + 1 / 40320) * q - 1 / 720
        c = ((c * q + 1 / 24) * q - 0.5) * q + 1.0
        turn[i] = -2.0 * s * c * r
        radius[i] = (s - c) * (s + c) * r


@njit(cache=True, nogil=True, fastmath=LANES, error_model="numpy")
def exponentials(values: Floats, work_bits: Bits, work: Floats) -> None:
    """exp of each value, in its place; beyond 700 either way it is that of 700. `work` is a row, as are its bits."""
    for i in range(len(values)):
        x = min(max(values[i], -_FAR), _FAR)
        work[i] = x * (1 / _LN2) + _ROUND
        k = work[i] - _ROUND
        values[i] = (x - k * _LN2_HIGH) - k * _LN2_LOW
    for i in range(len(values)):
        work_bits[i] = (work_bits[i] - _ROUND_BITS + uint64(_BIAS)) << _EXPONENT
    for i in range(len(values)):
        x = values[i]
        p = x * (1 / 479001600) + 1 / 39916800
        p = ((p * x + 1 / 3628800) * x + 1 / 362880) * x + 1 / 40320
        p = ((p * x + 1 / 5040) * x + 1 / 720) * x + 1 / 120
        p = ((p * x + 1 / 24) * x + 1 / 6) * x + 0.5
        values[i] = ((p * x + 1.0) * x + 1.0) * work[i]
