"""Random numbers and exponentials in lanes, beside the plain generator and NumPy's functions."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.lab.random import philox_array
from unstuck.lab.trials.luck_kernel import Bits, Floats, exponentials, normals, uniforms


def _room(rows: int, columns: int) -> tuple[Bits, Floats]:
    bits = np.zeros((rows, columns), np.uint64)
    return bits, bits.view(np.float64)


@pytest.mark.parametrize(("block", "replicate", "scenario", "seed"), [(0, 0, 0, 0), (65537, 9, 4, 2**63 + 5)])
def test_words_become_the_same_uniform_numbers(block: int, replicate: int, scenario: int, seed: int) -> None:
    """Bit for bit, the rows are Philox's words of (block, patient, replicate, scenario), half a step up."""
    bits, out = _room(4, 1001)
    uniforms(block, replicate, (scenario, seed & 0xFFFFFFFF, seed >> 32), bits, out)
    patients = np.arange(1001, dtype=np.uint64)
    counter = [
        np.full_like(patients, block),
        patients,
        np.full_like(patients, replicate),
        np.full_like(patients, scenario),
    ]
    words = philox_array(np.stack(counter), (seed & 0xFFFFFFFF, seed >> 32))
    assert np.array_equal(out, (words.astype(np.float64) + 0.5) * 2.0**-32)


def test_normal_numbers_are_box_and_mullers() -> None:
    """Logarithm, sine and cosine by polynomials agree with NumPy's to 2e-14, at the ends of the range as well."""
    bits, out = _room(4, 4000)
    uniforms(0, 1, (0, 2, 0), bits, out)
    ends = (np.array([0, 1, 2, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]) + 0.5) * 2.0**-32
    out[:, : len(ends)] = ends
    out[1, : len(ends)] = ends[::-1]
    u = out.copy()
    work_bits, work = _room(2, 4000)
    normals(bits, out, work_bits, work)
    for radius, turn in ((0, 1), (2, 3)):
        size = np.sqrt(-2 * np.log(u[radius]))
        assert np.abs(out[radius] - size * np.cos(2 * np.pi * u[turn])).max() < 2e-14
        assert np.abs(out[turn] - size * np.sin(2 * np.pi * u[turn])).max() < 2e-14


def test_normal_numbers_have_the_moments_of_the_normal_law() -> None:
    """A million of them: mean, variance, third and fourth moment, and the share beyond 1.96, within chance."""
    bits, out = _room(4, 250_000)
    uniforms(3, 5, (7, 11, 13), bits, out)
    normals(bits, out, *_room(2, 250_000))
    n = out.size
    assert out.mean() == pytest.approx(0, abs=4 / np.sqrt(n))
    assert out.var() == pytest.approx(1, abs=4 * np.sqrt(2 / n))
    assert (out**3).mean() == pytest.approx(0, abs=4 * np.sqrt(15 / n))
    assert (out**4).mean() == pytest.approx(3, abs=4 * np.sqrt(96 / n))
    assert (np.abs(out) > 1.959963984540054).mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / n))


def test_exponentials_are_numpys() -> None:
    """exp by polynomial agrees with NumPy's to 2e-14 of itself between -700 and 700, and stops there."""
    x = np.concatenate([np.linspace(-700, 700, 5001), [0.0, -0.0, 1e-300, -1e-9, 1e-9, -5000.0, 5000.0]])
    bits, work = _room(1, len(x))
    got = x.copy()
    exponentials(got, bits[0], work[0])
    want = np.exp(np.clip(x, -700, 700))
    assert np.abs(got / want - 1).max() < 2e-14
