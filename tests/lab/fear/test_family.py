"""The other members of the family against the laws and numbers of their papers."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import norm

from tests.lab.fear.histories import histories
from unstuck.lab.fear.base import padded
from unstuck.lab.fear.parameters import FAMILY, load_model
from unstuck.lab.fear.schedule import Schedule, seen

OTHERS = sorted(set(FAMILY) - {"latent_causes"})
DRUG = ("drug_block", "drug_storage", "drug_learning", "drug_weakening")


@pytest.mark.parametrize("key", OTHERS)
@settings(max_examples=8, deadline=None)
@given(history=histories(drugged=True))
def test_with_every_channel_at_zero_two_arms_are_equal(key, history):
    """In every member of the family a drug that reaches no channel changes nothing."""
    model = load_model(key)
    people = model.people(2)
    closed = people.having(**{name: 0.0 for name in DRUG if name in people.names})
    zero = np.zeros_like(history.events.block)
    without = history.having(block=zero, plasticity=zero, plasticity_since=zero, block_after=zero)
    runs = [model.learner.run(closed, lived)[1].expressed for lived in (history, without)]
    assert np.array_equal(*runs)


@pytest.mark.parametrize("key", sorted(FAMILY))
def test_people_and_padding_do_not_matter(key):
    """Two people with two schedules of other lengths get what each gets alone."""
    model, short = load_model(key), Schedule().trials(3, seen(1), 1.0)
    one, two = short.history(), short.wait(24).trials(4, seen(1, context="B")).history()
    _, both = model.learner.run(model.people(2), padded([one, two]), np.array([0, 1]))
    for place, lived in enumerate((one, two)):
        _, alone = model.learner.run(model.people(), lived)
        assert both.expressed[place, : lived.width] == pytest.approx(alone.expressed[0], abs=1e-12)


def test_rescorla_wagner_follows_its_closed_form():
    """With associability off, threat after n pairings is 1 - (1 - rate)^n, and extinction is geometric."""
    model = load_model("associative")
    people = model.people().having(associability_share=0.0, rate_worse=0.3, rate_better=0.1)
    cue = (1.0,)
    _, told = model.learner.run(people, Schedule().trials(6, cue, 1.0).trials(5, cue).history())
    peak = 1 - 0.7**6
    expected = [*(1 - 0.7 ** np.arange(6)), *(peak * 0.9 ** np.arange(5))]
    assert told.predicted[0] == pytest.approx(expected)


def test_rescorla_wagner_blocks():
    """A cue that comes together with one that already predicts everything gains next to nothing (Kamin's blocking)."""
    model = load_model("associative")
    alone, together = (1.0,), (1.0, 1.0)
    first = Schedule().trials(40, alone, 1.0).trials(10, together, 1.0).trials(1, (0.0, 1.0))
    control = Schedule().trials(10, together, 1.0).trials(1, (0.0, 1.0))
    blocked, free = (model.learner.run(model.people(), s.history())[1].predicted[0, -1] for s in (first, control))
    assert blocked < 0.05 and free > 0.2


def test_associability_follows_the_error():
    """Pearce and Hall: with associability alone, a cue that predicts well is learned about more slowly."""
    model = load_model("associative")
    people = model.people().having(associability_share=1.0)
    state, _ = model.learner.run(people, Schedule().trials(30, (1.0,), 1.0).history())
    surprised, _ = model.learner.run(people, Schedule().trials(30, (1.0,), [1.0, 0.0] * 15).history())
    assert state.associability[0, 0] < 0.1 < 0.3 < surprised.associability[0, 0]
    assert state.associability[0, 1] == 1.0


def test_published_model_by_hand():
    """Two trials of the published model agree with its equations worked out in plain numbers."""
    model = load_model("published")
    p = {name: float(model.people()[name][0]) for name in model.learner.names}
    _, told = model.learner.run(
        model.people(), Schedule().trials(1, (1.0,), 1.0).wait(0.45).trials(1, (1.0,)).history()
    )
    weight = 0.0
    for _ in range(3):  # the first cause is the only one that wins; its share of the first event is worked out below
        weight += p["rate"] * (1.0 - weight)
    gap_units = (0.05 + 0.45) / p["unit_h"]
    noise = p["context_variance"]
    old_variance, new_variance = noise + noise / (1 + noise), noise + noise / noise
    old = gap_units ** -p["power"] * norm.pdf(1.0, 1.0 / (1 + noise), old_variance**0.5)
    old *= norm.pdf(0.0, 0.0, old_variance**0.5) ** 5
    new = p["new_cause"] * norm.pdf(1.0, 0.0, new_variance**0.5) * norm.pdf(0.0, 0.0, new_variance**0.5) ** 5
    assert told.predicted[0, 1] == pytest.approx(weight * old / (old + new))
    response = norm.cdf((told.predicted[0, 1] - p["fear_threshold"]) / p["fear_slope"])
    assert told.expressed[0, 1] == pytest.approx(response)


def test_published_model_keeps_causes_apart_by_time():
    """The older a cause, the likelier a new one: after a long gap an odd trial opens one that a short gap does not."""
    model = load_model("published")
    counts = []
    for gap_h in (0.05, 2400.0):
        schedule = Schedule().trials(5, seen(1), 1.0).wait(gap_h).trials(1, seen(0, 1, "B"))
        counts.append(model.learner.run(model.people(), schedule.history())[1].causes[0, -1])
    assert counts[0] <= counts[1] and counts[1] == 2
