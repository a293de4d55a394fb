"""Linear filters driven by a curve that is known at the ends and the middle of each step; exact for parabolas.

    dx/dt = k (u - x)            x(h) = e^(-kh) x(0) + w0 u(0) + w1 u(h/2) + w2 u(h)

The weights integrate the parabola through the three values exactly, so that the local error is of fourth order in the
step and no step size is unstable (exponential time differencing: Cox and Matthews 2002, doi 10.1006/jcph.2002.6995).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from unstuck.lab.effects.parameters import Array, Value

_TERMS = 20  # of a series that is used for arguments below 1: the last is under 1e-19


@dataclass(frozen=True, slots=True)
class Weights:
    """Decay over a step and the weights of the driving value at its start, middle and end."""

    decay: Array
    start: Array
    middle: Array
    end: Array


def moments(x: ArrayLike) -> tuple[Array, Array, Array]:
    """Integrals over s from 0 to 1 of x exp(-x (1 - s)) s^n for n = 0, 1, 2; x is not negative."""
    x = np.asarray(x, dtype=float)
    safe = np.where(x < 1.0, 1.0, x)
    zero = -np.expm1(-x)
    one = np.where(x < 1.0, _series(x, 1), 1.0 - zero / safe)
    two = np.where(x < 1.0, _series(x, 2), 1.0 - 2.0 * (1.0 - zero / safe) / safe)
    return zero, one, two


def _series(x: Array, n: int) -> Array:
    """x times the sum of (-x)^j n! / (n + 1 + j)!, which loses no digits where x is small."""
    small = np.minimum(x, 1.0)
    term = np.full_like(small, 1.0 / (n + 1))
    total = term.copy()
    for j in range(1, _TERMS):
        term = term * (-small) / (n + 1 + j)
        total = total + term
    return small * total


def weights(rate_per_h: Value, step_h: Value) -> Weights:
    """The weights of a step; rates and steps broadcast."""
    zero, one, two = moments(np.asarray(rate_per_h) * np.asarray(step_h))
    return Weights(1.0 - zero, zero - 3.0 * one + 2.0 * two, 4.0 * (one - two), 2.0 * two - one)


def follow(rate_per_h: Value, step_h: Array, driven: Array) -> Array:
    """The filter of that rate, from rest, under `driven` of shape (..., steps, 3); returns that shape.

    The last axis is start, middle and end of each step. `step_h` has shape (steps,), `rate_per_h` () or (people, 1),
    which gives the result an axis of people where `driven` has none.
    """
    whole, half = weights(rate_per_h, step_h), weights(rate_per_h, step_h / 2)
    first, middle, last = driven[..., 0], driven[..., 1], driven[..., 2]
    quarter = (3.0 * first + 6.0 * middle - last) / 8.0  # the parabola between start and middle
    to_end = whole.start * first + whole.middle * middle + whole.end * last
    to_middle = half.start * first + half.middle * quarter + half.end * middle
    found = np.zeros((*to_end.shape, 3))
    now = np.zeros(to_end.shape[:-1])
    for n in range(step_h.size):
        found[..., n, 0] = now
        found[..., n, 1] = half.decay[..., n] * now + to_middle[..., n]
        now = whole.decay[..., n] * now + to_end[..., n]
        found[..., n, 2] = now
    return found
