"""The compiled learner against its plain reference, and against itself in other company."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.fear.histories import histories, members
from unstuck.core.errors import Complaint
from unstuck.lab.fear import kernel, kernel_step
from unstuck.lab.fear.base import SCALARS, Members, padded
from unstuck.lab.fear.latent_causes import NAMES
from unstuck.lab.fear.parameters import load_model
from unstuck.lab.fear.schedule import Schedule, seen

MODEL = load_model()
CROWD = 140  # three blocks, the last one not full


def _told(told):
    return np.stack([getattr(told, field.name) for field in fields(told)])


def _state(state):
    return np.concatenate([getattr(state, f.name).reshape(len(state.opened), -1) for f in fields(state)], axis=1)


@settings(max_examples=25, deadline=None)
@given(st.lists(histories(drugged=True), min_size=1, max_size=3), members(5), st.integers(0, 999))
def test_kernel_and_reference_agree(schedules, people, luck):
    """On random histories, figures, drugs and agents every number told and remembered agrees to 1e-9."""
    history = padded(schedules)
    which = np.random.default_rng(luck).integers(0, history.schedules, people.people)
    state, told = MODEL.learner.run(people, history, which)
    fast_state, fast = kernel.run(people, history, which)
    assert _told(fast) == pytest.approx(_told(told), abs=1e-9, nan_ok=True)
    assert _state(fast_state) == pytest.approx(_state(state), abs=1e-9)


def _crowd():
    low, high = (np.array([getattr(MODEL.origins[n], end) for n in NAMES]) for end in ("low", "high"))
    return Members(NAMES, low + (high - low) * np.random.default_rng(3).random((CROWD, len(NAMES))))


def _course():
    schedule = Schedule()
    for day in range(20):
        schedule = schedule.wait(12).trials(2, seen(1), 0.5 * (day < 3)).wait(11).trials(1, seen(0.5, 0.5, "B"))
    return schedule.history()


def test_company_padding_and_threads_change_no_bit():
    """A person's numbers are the same alone, at any place of a crowd, with padded schedules, and in three threads."""
    people, history = _crowd(), _course()
    state, told = kernel.run(people, history)
    for person in (0, 63, 64, 139):
        alone = Members(NAMES, people.table[[person]])
        assert np.array_equal(_told(kernel.run(alone, history)[1])[:, 0], _told(told)[:, person])
    longer_state, longer = kernel.run(people, padded([history], history.width + 7))
    assert np.array_equal(_state(longer_state), _state(state))
    assert np.array_equal(_told(longer)[..., : history.width], _told(told))
    threaded_state, threaded = kernel.run(people, history, threads=3)
    assert np.array_equal(_state(threaded_state), _state(state)) and np.array_equal(_told(threaded), _told(told))


def test_nothing_recompiles_for_another_course():
    """One compiled signature serves schedules of any number and length, and crowds of any size."""
    for count, trials in ((1, 1), (3, 40), (40, 7)):
        history = padded([Schedule().trials(trials, seen(1), 1.0).history()] * 2)
        kernel.run(MODEL.people(count), history, np.arange(count) % 2)
    assert len(kernel._run.signatures) == 1


def test_rows_stand_where_the_names_say():
    """Figures and fields of an event stand in a block in the order of the reference; 124 numbers are remembered."""
    rows = [getattr(kernel_step, name.upper()) for name in NAMES]
    assert rows == [kernel_step.FIGURE + n * kernel_step.LANES for n in range(len(NAMES))]
    short = {"since_h": "SINCE", "until_h": "UNTIL"}
    fields_of_event = [getattr(kernel_step, short.get(name, name.upper())) for name in SCALARS]
    assert fields_of_event == [kernel_step.EVENT + n * kernel_step.LANES for n in range(len(SCALARS))]
    assert kernel.REMEMBERED == 124


def test_exponentials_are_exact_to_rounding():
    """The vectorised exponential differs from NumPy's by at most four units in the last place over its whole range."""
    block = np.linspace(-699, 699, kernel_step.LANES * 8)
    exact = np.exp(block)
    kernel_step.raise_rows(block, 0, 8)
    assert (np.abs(block / exact - 1) < 9e-16).all()


def test_strangers_are_refused():
    """Figures of another learner and schedules that are not there are complained of."""
    history = Schedule().trials(1, seen(1)).history()
    with pytest.raises(Complaint):
        kernel.run(MODEL.people(2), history, np.array([0, 1]))
    with pytest.raises(Complaint):
        kernel.run(Members(("a",), np.zeros((1, 1))), history)
