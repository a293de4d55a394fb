"""Randomness by name."""

import math

import numpy as np
import pytest

from unstuck.lab.random import Stream, normal_array, philox, philox_array, pick, uniform_array

ONES = 0xFFFFFFFF
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_its_known_answers(counter, key, answer):
    """Both spellings give the known answers that the Random123 library publishes."""
    assert philox(counter, key) == answer
    assert tuple(philox_array(np.array(counter, np.uint64)[:, None], key)[:, 0]) == answer


def test_arrays_and_streams_draw_the_same():
    """The array spelling gives, for each participant, what the stream gives."""
    people = np.arange(5, dtype=np.uint64)
    uniforms, normals = uniform_array(9, people, "luck", 5), normal_array(9, people, "luck", 5)
    for person in range(5):
        assert [Stream(9, person, "luck").uniform() for _ in range(1)] == list(uniforms[person, :1])
        stream = Stream(9, person, "luck")
        assert [stream.uniform() for _ in range(5)] == list(uniforms[person])
        assert Stream(9, person, "luck").normals(5) == list(normals[person])


def test_a_draw_depends_on_its_name_alone():
    """Another seed, participant, purpose or index gives other numbers; the same name gives the same."""
    first = Stream(1, 2, "noise", 3).uniform()
    others = [Stream(2, 2, "noise", 3), Stream(1, 3, "noise", 3), Stream(1, 2, "vitals", 3), Stream(1, 2, "noise", 4)]
    assert Stream(1, 2, "noise", 3).uniform() == first
    assert all(other.uniform() != first for other in others)


def test_uniform_numbers_are_uniform():
    """Mean, variance and extremes of 40,000 draws fit the uniform distribution on the open unit interval."""
    draws = uniform_array(3, np.arange(20_000, dtype=np.uint64), "check", 2)
    assert draws.min() > 0 and draws.max() < 1
    assert abs(draws.mean() - 0.5) < 4 / math.sqrt(12 * draws.size)
    assert abs(draws.var() - 1 / 12) < 0.002
    assert abs(np.corrcoef(draws[:, 0], draws[:, 1])[0, 1]) < 0.03


@pytest.mark.parametrize(("luck", "index"), [(0.0, 0), (0.24, 0), (0.26, 1), (0.99, 2), (1.0, 2)])
def test_pick_lays_weights_end_to_end(luck, index):
    """Luck picks the stretch of weight it falls into, and its end belongs to the last."""
    assert pick([1, 1, 2], luck) == index


def test_negative_names_are_refused():
    """A negative seed or participant has no stream."""
    with pytest.raises(ValueError, match="not negative"):
        Stream(-1, 0, "x")
