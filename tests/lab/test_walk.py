"""Laws of simulated courses."""

from functools import cache

import pytest

from unstuck.core import events as ev
from unstuck.core.events import Origin, canonical_json
from unstuck.core.protocol_file import load_protocol
from unstuck.lab.trials.job import Wish, prepare, run_one

PEOPLE = range(6)


@cache
def _job(protocol="feder_2021", sparse=True):
    if protocol == "feder_2021":
        return prepare(load_protocol(protocol), Wish(("ketamine", "midazolam"), 6, 11, {}, sparse))
    return prepare(load_protocol(protocol), Wish(("ketamine",), 6, 11, {"": "feder_2021:ketamine"}, sparse))


@cache
def _desk(place, number, protocol="feder_2021"):
    return run_one(_job(protocol), place, number)


CASES = [("feder_2021", 0), ("feder_2021", 1), ("ketamine_pe", 0)]


@pytest.mark.parametrize(("protocol", "place"), CASES)
def test_events_are_simulated_in_order_and_tell_nothing_hidden(protocol, place):
    """Every event says simulated, none is earlier than the one before, and nothing hidden stands in it."""
    for number in PEOPLE:
        desk = _desk(place, number, protocol)
        times = [event.observed_at for event in desk.course.log]
        assert times == sorted(times)
        assert {event.origin for event in desk.course.log} == {Origin.SIMULATED}
        text = b"\n".join(canonical_json(event) for event in desk.course.log).decode()
        hidden = desk.patient.hidden()
        assert not any(word in text for word in ("class", "luck", "fall_", "hidden"))
        assert str(hidden["fall"]) not in text and str(hidden["caps5"]) not in text


def _before_first_dose(log):
    """What happened and when, after the enrolment and before the first dose."""
    doses = [place for place, event in enumerate(log) if isinstance(event.what, ev.DoseGiven)]
    return [(event.observed_at, event.what) for event in log[1 : doses[0] if doses else len(log)]]


def test_two_arms_share_their_luck():
    """The same person in both arms has the same body, baseline answers and pressures before the first dose."""
    for number in PEOPLE:
        first, second = (_desk(place, number).course.log for place in (0, 1))
        until = [
            next((i for i, e in enumerate(log) if isinstance(e.what, ev.DoseGiven)), len(log))
            for log in (first, second)
        ]
        assert until[0] == until[1]
        ours = [(e.observed_at, e.what) for e in first[1 : until[0]]]
        assert ours == [(e.observed_at, e.what) for e in second[1 : until[1]]]
        assert _desk(0, number).patient.person == _desk(1, number).patient.person


def test_closed_gates_hold_people_back_and_are_named():
    """Among many people some visits are put off or written off; a skipped dose names the rule that kept it closed."""
    job = _job()
    skipped = [e.what for n in range(60) for e in run_one(job, 0, n).course.log if isinstance(e.what, ev.StepSkipped)]
    reasons = {what.reason for what in skipped if what.step == "infusion"}
    known = {gate.key for gate in job.protocol.gates} | {"missed"}
    assert reasons
    assert {reason for reason in reasons if ":" not in reason} <= known


def test_planned_readings_are_denser_than_sparse_ones():
    """With the plan's own intervals a visit has more readings, and the same doses on the same days."""
    sparse, planned = run_one(_job(), 0, 1), run_one(_job(sparse=False), 0, 1)
    count = [sum(isinstance(e.what, ev.ReadingTaken) for e in desk.course.log) for desk in (sparse, planned)]
    assert count[1] > 2 * count[0]
    assert [d.observed_at for d in sparse.course.doses] == [d.observed_at for d in planned.course.doses]
