"""Random histories and random people for the tests of learners."""

import numpy as np
from hypothesis import strategies as st

from unstuck.lab.fear.base import FEATURES, Members
from unstuck.lab.fear.parameters import load_model
from unstuck.lab.fear.schedule import history_of

MODEL = load_model()


@st.composite
def histories(draw, most=25, drugged=False):
    """One schedule of gaps from minutes to months, with outcomes, own reactions and, if asked, a drug's signals."""
    luck, count = np.random.default_rng(draw(st.integers(0, 2**32 - 1))), draw(st.integers(1, most))
    at_h = np.cumsum(luck.choice([0.0, 0.05, 0.2, 1.0, 12.0, 24.0, 900.0], count))
    sparse = luck.random((count, FEATURES)) < 0.4
    columns = {
        "features": sparse * luck.choice([0.3, 0.7, 1.0], (count, FEATURES)),
        "outcome": luck.choice([0.0, 0.5, 1.0], count),
        "reaction": luck.choice([0.0, 0.6, 1.4], count),
        "expectation": luck.choice([0.0, 0.3], count),
        "observed": (luck.random(count) < 0.9) * 1.0,
        "amnestic": (luck.random(count) < 0.1) * 1.0,
        "sleep": luck.choice([0.2, 1.0], count),
    }
    if drugged:
        names = ("block", "plasticity", "plasticity_since", "block_after")
        columns |= {name: luck.random(count) * (luck.random(count) < 0.5) for name in names}
    return history_of(at_h, columns)


@st.composite
def members(draw, count, model=MODEL):
    """So many people whose figures lie anywhere in the ranges that the library gives."""
    luck = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    low, high = (np.array([getattr(model.origins[n], end) for n in model.learner.names]) for end in ("low", "high"))
    return Members(model.learner.names, low + (high - low) * luck.random((count, low.size)))
