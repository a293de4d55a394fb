"""Laws that every simulated course of every library protocol keeps; the interpreters of events agree on it."""

import json
from functools import cache

import pytest

from unstuck.core import events as ev
from unstuck.core.conditions import Truth
from unstuck.core.course import Course, replay
from unstuck.core.dosing import ceiling_mg, planned_dose
from unstuck.core.errors import Complaint
from unstuck.core.events import canonical_json, from_dict
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.verdict import verdict
from unstuck.lab.trials.job import Wish, prepare, run_one, silent_steps

BORROWED = {"": "feder_2021:ketamine"}
WALKED = [key for key in protocol_keys() if not any(s.when is None for s in silent_steps(load_protocol(key)))]
ACTS = ev.DoseGiven | ev.StepHeld | ev.ConsentGiven


@cache
def _courses(key):
    protocol = load_protocol(key)
    arms = tuple(arm.key for arm in protocol.arms) or (None,)
    job = prepare(protocol, Wish(arms, 1, 2, BORROWED))
    return protocol, [run_one(job, place, number).course for place in range(len(arms)) for number in range(3)]


def test_only_frames_without_an_amount_are_left_out():
    """Of the library only protocols whose source states no amount cannot be simulated, and they are refused."""
    left_out = set(protocol_keys()) - set(WALKED)
    assert "feder_2021" in WALKED
    for key in left_out:
        with pytest.raises(Complaint, match="states no amount"):
            prepare(load_protocol(key), Wish((None,), 1, 1, BORROWED))


@pytest.mark.parametrize("key", WALKED)
def test_every_course_ends_and_treats(key):
    """Each course ends by itself, and in each protocol at least one person is treated."""
    _, courses = _courses(key)
    assert all(course.is_over for course in courses)
    assert any(course.doses or course.therapies for course in courses)


@pytest.mark.parametrize("key", WALKED)
def test_no_dose_above_its_ceiling(key):
    """No dose exceeds what the regimen means at that weight, nor its ceiling."""
    protocol, courses = _courses(key)
    regimens = {regimen.key: regimen for regimen in protocol.regimens}
    for dose in (dose for course in courses for dose in course.doses):
        regimen, given = regimens[dose.what.regimen], dose.what
        meant = planned_dose(regimen, given.weight_kg).mg
        assert given.amount_mg <= min(meant, ceiling_mg(regimen, given.weight_kg) or meant) + 1e-9


@pytest.mark.parametrize("key", WALKED)
def test_no_step_before_its_gate(key):
    """On what was known before it, every rule before each consent, dose and session held, and none was overridden."""
    protocol, courses = _courses(key)
    for course in courses:
        before = Course()
        for event in course.log:
            if isinstance(event.what, ACTS) and event.what.step:
                said = verdict(protocol, before, event.what.step, event.what.occurrence, event.observed_at)
                assert [r.key for r in said.rules if r.truth is not Truth.HOLDS or r.overridden] == []
            before = replay(protocol, [event], before)


@pytest.mark.parametrize("key", WALKED)
def test_lines_replay_to_the_same_course(key):
    """Written as lines and read back, in one piece or in two, the events give the same course."""
    protocol, courses = _courses(key)
    for course in courses:
        read = [from_dict(json.loads(canonical_json(event))) for event in course.log]
        half = len(read) // 2
        assert replay(protocol, read) == course
        assert replay(protocol, read[half:], replay(protocol, read[:half])) == course
