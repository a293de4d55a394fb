"""Named draws for many people at once, each with an index of its own: the numbers that `Stream` gives, as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.random import philox_array, purpose_words, seed_words, unit_array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Row = tuple[float, ...]

_A: Row = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
)
_A += (4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3)
_B: Row = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
)
_B += (3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3)
_C: Row = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
)
_C += (1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4)
_D: Row = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
)
_D += (1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9)
_E: Row = (
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
)
_E += (2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7)
_F: Row = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
)
_F += (1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15)


def uniforms(seed: int, people: Ints, purpose: str, count: int = 1, index: Ints | int = 0) -> Floats:
    """Numbers strictly between 0 and 1, shape (people, count)."""
    if not len(people):
        return np.empty((0, count))
    blocks = (count + 1) // 2
    counter = np.empty((4, blocks, len(people)), dtype=np.uint64)
    counter[0], counter[1] = np.arange(blocks)[:, None], people
    counter[2:] = _named(purpose, index, len(people))[:, None, :]
    a, b, c, d = philox_array(counter.reshape(4, -1), seed_words(seed))
    pairs = np.stack([unit_array(a, b), unit_array(c, d)]).reshape(2, blocks, len(people))
    return np.ascontiguousarray(pairs.transpose(2, 1, 0).reshape(len(people), 2 * blocks)[:, :count])


def _named(purpose: str, index: Ints | int, size: int) -> NDArray[np.uint64]:
    """The two words that stand for the purpose and each one's index, shape (2, people)."""
    if isinstance(index, int):
        return np.repeat(np.array([purpose_words(purpose, index)], dtype=np.uint64).T, size, axis=1)
    known, place = np.unique(index, return_inverse=True)
    return np.array([purpose_words(purpose, int(one)) for one in known], dtype=np.uint64).T[:, place]


def normals(seed: int, people: Ints, purpose: str, count: int = 1, index: Ints | int = 0) -> Floats:
    """Standard normal numbers, shape (people, count)."""
    return quantile(uniforms(seed, people, purpose, count, index))


def quantile(share: Floats) -> Floats:
    """Quantiles of the standard normal distribution (Wichura 1988, algorithm AS 241), as `statistics.NormalDist`."""
    centred = share - 0.5
    inner = 0.180625 - centred * centred
    middle = centred * _ratio(_A, _B, inner)
    tail = np.sqrt(-np.log(np.minimum(share, 1.0 - share)))
    outer = np.where(tail <= 5.0, _ratio(_C, _D, tail - 1.6), _ratio(_E, _F, tail - 5.0))
    return np.where(np.abs(centred) <= 0.425, middle, np.copysign(outer, centred))


def _ratio(above: Row, below: Row, at: Floats) -> Floats:
    return _polynomial(above, at) / _polynomial(below, at)


def _polynomial(coefficients: Row, at: Floats) -> Floats:
    value = np.full_like(at, coefficients[-1])
    for one in coefficients[-2::-1]:
        value = value * at + one
    return value
