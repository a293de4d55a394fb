"""The batched simulator against the reference one: person by person they agree, or it refuses by name."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.two_simulators import INSTRUMENTS, differences, walkable
from unstuck.core import protocol as pr
from unstuck.core.conditions import AtLeast, AtMost, ForMinutes, Is, Within
from unstuck.core.errors import Complaint
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.time import Span, Unit
from unstuck.lab.patients.leaving import Leaver
from unstuck.lab.trials.batched import chances, people, walk
from unstuck.lab.trials.batched.refusals import refusals, refuse
from unstuck.lab.trials.job import silent_steps

WALKED = [key for key in protocol_keys() if not any(s.when is None for s in silent_steps(load_protocol(key)))]
LEAVERS = (None, Leaver("pcl5_week", True, 0.1, 0.5, 45.0), Leaver("pcl5_week", False, 0.1, 0.5, 45.0))
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("key", WALKED)
def test_library_protocols_agree(key):
    """Every library protocol runs in both, and every time, score, skip and ending of its people is the same."""
    protocol = load_protocol(key)
    assert refusals(protocol, INSTRUMENTS) == []
    arms = [arm.key for arm in protocol.arms] or [None]
    place = WALKED.index(key)
    assert differences(protocol, arms[place % len(arms)], 1, seed=place, leaver=LEAVERS[place % 3]) == []


@few
@given(walkable(), st.integers(0, 99), st.sampled_from(LEAVERS))
def test_random_protocols_agree_or_are_refused(protocol, seed, leaver):
    """On any protocol the two agree person by person, unless the batched one refuses a feature by its name."""
    try:
        refuse(protocol, INSTRUMENTS)
        found = differences(protocol, protocol.arms[0].key if protocol.arms else None, 2, seed, leaver)
    except Complaint as complaint:
        assume("batched simulator lacks" not in str(complaint))
        raise
    assert found == []


REFUSED = [
    (ForMinutes(10, AtMost("systolic_mmhg", 140.0)), "must hold for some minutes"),
    (AtMost("cadss.total", 4.0), "how much somebody dissociates"),
    (AtMost("phq9.total", 9.0), "a rule on phq9.total"),
    (AtLeast("minutes_since_dose_end", 60.0), "a rule on minutes_since_dose_end"),
    (Is("person.oriented", True), "person.oriented in a rule for leaving"),
]


@pytest.mark.parametrize(("rule", "named"), REFUSED[:-1], ids=[named for _, named in REFUSED[:-1]])
def test_what_it_lacks_is_refused_by_name(rule, named):
    """A gate on something that the batched simulator does not have is refused, and the refusal names it."""
    protocol = load_protocol("feder_2021")
    gate = replace(protocol.gates[0], key="own", rule=rule)
    with pytest.raises(Complaint, match=named):
        refuse(replace(protocol, gates=(*protocol.gates, gate)), INSTRUMENTS)


def test_a_condition_over_a_span_is_refused():
    """A step for those whom a rule over a span selects is refused, because it may change from hour to hour."""
    protocol = load_protocol("feder_2021")
    rule = Within(Span(2, Unit.DAYS), AtLeast("doses", 1.0))
    changed = replace(protocol.steps[-1], when=rule)
    with pytest.raises(Complaint, match="looks back over a span"):
        refuse(replace(protocol, steps=(*protocol.steps[:-1], changed)), INSTRUMENTS)


def test_two_doses_on_a_day_are_refused_while_it_runs():
    """Where answers given at leaving would still count at the next dose, the run stops and says so."""
    protocol = load_protocol("feder_2021")
    soon = pr.Window(Span(4, Unit.HOURS), Span(5, Unit.HOURS), Span(9, Unit.HOURS))
    often = replace(protocol.step("infusion"), repeat=pr.Repeat(6, soon))
    steps = tuple(often if s.key == "infusion" else s for s in protocol.steps)
    with pytest.raises(Complaint, match="within half a day after leaving"):
        differences(replace(protocol, steps=steps), "ketamine", 1)


def _late_twice(monkeypatch):
    monkeypatch.setattr(chances, "DAY_MIN", 2880)


def _no_pause(monkeypatch):
    monkeypatch.setattr(walk, "PAUSE_MIN", 6)


def _no_noise(monkeypatch):
    monkeypatch.setattr(people, "normals", lambda seed, who, purpose, count=1, index=0: np.zeros((len(who), count)))


def _open_gates(monkeypatch):
    monkeypatch.setattr(walk, "judge", lambda rule, state, when: np.ones(len(when.who), dtype=np.int64))


def _nobody_lasts(monkeypatch):
    monkeypatch.setattr(people.Crowd, "_kept", lambda self, who, day: np.full(len(who), 0.9))


PLANTED = (_late_twice, _no_pause, _no_noise, _open_gates, _nobody_lasts)


@pytest.mark.parametrize("plant", PLANTED, ids=[p.__name__.strip("_") for p in PLANTED])
def test_planted_faults_are_caught(plant, monkeypatch):
    """A fault planted in the batched simulator makes the two differ: the comparison bites."""
    plant(monkeypatch)
    gates = load_protocol("feder_2021").gates
    strict = [replace(g, rule=AtMost("systolic_mmhg", 121.0)) if g.key == "pressure_before" else g for g in gates]
    assert differences(replace(load_protocol("feder_2021"), gates=tuple(strict)), "ketamine", 4) != []
