"""The recommended learner: laws that hold for any history, and the prototype's published curve of one vector."""

import numpy as np
import pytest
from hypothesis import given, settings

from tests.lab.fear.histories import histories, members
from unstuck.core.errors import Complaint
from unstuck.lab.fear.base import Members, event, padded
from unstuck.lab.fear.parameters import Variant, load_model
from unstuck.lab.fear.schedule import Schedule, seen

MODEL = load_model()
DRUG = {"drug_block": 0.0, "drug_storage": 0.0, "drug_learning": 0.0, "drug_weakening": 0.0}
# Expressed fear in 7 pairings and 20 trials of extinction a day later elsewhere, by a JAX spelling of the equations.
PROTOTYPE = """.171 .638 .900 .960 .978 .985 .988 .741 .675 .545 .467 .427 .401 .379 .362 .346 .333 .320 .310 .300 .291
.283 .276 .269 .263 .257 .252"""


def test_the_prototypes_curve_comes_out_again():
    """Acquisition and extinction of the joint vector agree with another spelling of the equations to three digits."""
    history = Schedule().trials(7, seen(1), 1.0).wait(24).trials(20, seen(1, context="B")).history()
    _, told = MODEL.learner.run(MODEL.people(), history)
    assert told.expressed[0] == pytest.approx([float(x) for x in PROTOTYPE.split()], abs=6e-4)


@settings(max_examples=20, deadline=None)
@given(histories(), members(3))
def test_what_is_remembered_stays_in_bounds(history, people):
    """Strengths lie in 0 to 1, tags and shares add up, and nobody tells more causes apart than there is room for."""
    state, told = MODEL.learner.run(people, history)
    assert (state.strength >= 0).all() and (state.strength <= 1 + 1e-9).all()
    assert state.counts.sum(axis=1) == pytest.approx(np.full(3, history.lengths[0]))
    assert ((told.expressed >= 0) & (told.expressed <= 1)).all()
    assert (np.diff(told.causes, axis=1) >= 0).all() and (told.causes <= 6).all()


@settings(max_examples=15, deadline=None)
@given(histories(drugged=True), members(2))
def test_with_every_channel_at_zero_two_arms_are_equal(history, people):
    """A drug that reaches no channel changes nothing: drug and no drug are equal to the last bit, event by event."""
    closed = people.having(**DRUG)
    zero = np.zeros_like(history.events.block)
    without = history.having(block=zero, plasticity=zero, plasticity_since=zero, block_after=zero)
    _, with_drug = MODEL.learner.run(closed, history)
    _, no_drug = MODEL.learner.run(closed, without)
    assert np.array_equal(with_drug.expressed, no_drug.expressed)


@pytest.mark.parametrize(
    ("signal", "channels"),
    [
        ("block", ["drug_block"]),
        ("plasticity", ["drug_learning", "drug_storage"]),
        ("plasticity_since", ["drug_storage"]),
        ("block_after", ["drug_weakening"]),
    ],
)
def test_each_channel_acts_alone(signal, channels):
    """A signal changes later fear through its own channels, one at a time, and through no other."""
    history = Schedule().trials(3, seen(1), 1.0).wait(24).trials(4, seen(1)).wait(48).trials(2, seen(1)).history()
    drugged = history.having(**{signal: np.full_like(history.events.block, 0.5)})

    def moved(gains):
        runs = [MODEL.learner.run(MODEL.people().having(**gains), lived)[1] for lived in (drugged, history)]
        return abs(runs[0].expressed - runs[1].expressed).max()

    assert moved({name: 0.0 if name in channels else 0.9 for name in DRUG}) == 0.0
    for channel in channels:
        assert moved(DRUG | {channel: 0.9}) > 1e-4


def test_padding_is_not_lived():
    """A schedule filled up to any length ends in the same state and tells the same."""
    history = Schedule().trials(5, seen(1), 1.0).wait(30).trials(5, seen(1, context="B")).history()
    state, told = MODEL.learner.run(MODEL.people(2), history)
    longer_state, longer = MODEL.learner.run(MODEL.people(2), padded([history], 17))
    assert np.array_equal(state.weights, longer_state.weights)
    assert np.array_equal(told.expressed, longer.expressed[:, :10]) and np.isnan(longer.expressed[:, 10:]).all()


def test_a_full_memory_opens_no_further_cause():
    """After six kinds of event that share nothing a seventh is read as one of the six, and still learned."""
    people = MODEL.people().having(new_cause=50.0, context_variance=0.03)
    schedule = Schedule()
    for place in range(6):
        schedule = schedule.wait(200).trials(2, tuple(6.0 * (n == place) for n in range(6)), 1.0)
    _, told = MODEL.learner.run(people, schedule.wait(200).trials(4, (9.0, 9.0), 0.5).history())
    assert told.causes[0, 11] == 6 and told.causes[0, -1] == 6
    assert abs(told.predicted[0, -1] - 0.5) < abs(told.predicted[0, -4] - 0.5)


def test_variants_change_what_they_say():
    """A patient stores safety at 0.4, imprecise context has 2.5 times the variance, and health is left alone."""
    healthy = MODEL.people()
    assert MODEL.variant(healthy, Variant.PATIENT)["prefrontal_gain"] == 0.4
    wide = MODEL.variant(healthy, Variant.IMPRECISE)["context_variance"]
    assert wide == pytest.approx(2.5 * healthy["context_variance"])
    assert np.array_equal(MODEL.variant(healthy, Variant.HEALTHY).table, healthy.table)


def test_faulty_input_is_complained_of():
    """Figures that are not finite, unknown figures, fields, vectors and models are named."""
    for fault in (
        lambda: Members(("a",), np.array([[np.nan]])),
        lambda: MODEL.people()["speed"],
        lambda: event([1.0], speed=1.0),
        lambda: MODEL.people(1, "none"),
        lambda: load_model("none"),
        lambda: Schedule().with_agent(),
        lambda: Schedule().trials(2, seen(1), [1.0]),
    ):
        with pytest.raises(Complaint):
            fault()
