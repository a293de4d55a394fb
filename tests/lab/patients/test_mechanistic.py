"""Mechanistic people in the reference simulator: they speak the core's events and are the people of a batch."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from unstuck.core.course import Course
from unstuck.core.errors import Complaint
from unstuck.core.events import AssessmentCompleted
from unstuck.core.protocol_file import load_protocol
from unstuck.lab.patients.batch import simulate
from unstuck.lab.patients.ensemble import Minds
from unstuck.lab.patients.mechanistic import OPENS_H, MechanisticPatient
from unstuck.lab.patients.minds import TruthOf
from unstuck.lab.trials.desk import Desk
from unstuck.lab.trials.job import Job, Wish, prepare, run_one

MIDDLE = Minds(TruthOf(), "civilian", "the middle of the priors")
NONE = Minds(TruthOf().without(), "civilian", "no channel of ketamine")


def _job(protocol: str, told: Minds) -> Job:
    arms = tuple(arm.key for arm in load_protocol(protocol).arms) or (None,)
    return prepare(load_protocol(protocol), Wish(arms, 2, 5, {}, minds=told))


def _walked(protocol: str, told: Minds, place: int = 0, number: int = 1) -> Desk:
    return run_one(_job(protocol, told), place, number)


def _scores(course: Course, instrument: str) -> list[tuple[str, float]]:
    found = [e.what for e in course.assessments if isinstance(e.what, AssessmentCompleted)]
    return [(w.step or "", dict(w.scores)["total"]) for w in found if w.instrument == instrument]  # type: ignore[misc]


@pytest.fixture(scope="module")
def walked() -> Desk:
    """One course of prolonged exposure."""
    return _walked("pe", MIDDLE)


def test_a_course_is_written_in_the_core_s_events(walked: Desk) -> None:
    """The walk ends, holds sessions and weekly scores, and no event tells of the hidden state."""
    assert walked.course.is_over and walked.course.therapies and _scores(walked.course, "pcl5_week")
    told = repr(walked.course.log)
    assert not any(name in told for name in ("belief", "intrusion_chance", "refuel"))
    assert json.dumps(walked.patient.hidden())


def test_the_person_is_the_one_of_a_batch(walked: Desk) -> None:
    """The same plan in a batch gives the same true clusters on every day, to 1e-9."""
    patient = walked.patient
    assert isinstance(patient, MechanisticPatient)
    days = [3.0, 20.0, 55.0]
    out = simulate(patient.crowd, patient.plan, [d + OPENS_H / 24 for d in days])
    for place, day in enumerate(days):
        assert patient.clusters(day) == pytest.approx(tuple(out.truth.clusters[0, place]), abs=1e-9)


def test_without_channels_both_arms_score_the_same() -> None:
    """With every channel of ketamine at zero a person scores the same on ketamine and on midazolam."""
    job = _job("feder_2021", NONE)
    ketamine, midazolam = (run_one(job, place, 3).course for place in (0, 1))
    for instrument in ("caps5", "madrs"):
        assert _scores(ketamine, instrument) == _scores(midazolam, instrument) != []


def test_the_run_names_its_patient_model() -> None:
    """A run says which model, member and group its people come from; descriptive people stay the default."""
    job = _job("pe", MIDDLE)
    assert job.identity["patients_model"]["model"] == "mechanistic"
    assert job.identity["patients_model"]["member"] == MIDDLE.member
    assert any(name.startswith("course ") for name, _ in job.assumed())
    plain = prepare(load_protocol("pe"), Wish((None,), 2, 5, {}))
    assert plain.identity["patients_model"] == {"model": "descriptive"}


def test_a_therapy_without_learning_events_is_refused() -> None:
    """A protocol whose therapy nobody described as learning events is not simulated by mechanisms."""
    with pytest.raises(Complaint, match="trauma_focused_psychotherapy"):
        _job("nasal_tfp", MIDDLE)


def test_groups_change_people_and_not_luck() -> None:
    """A veteran has the civilian's luck: where a group has no difference, nothing differs."""
    one, other = (_walked("pe", replace(MIDDLE, group=g)).patient for g in ("civilian", "depressed"))
    assert isinstance(one, MechanisticPatient) and isinstance(other, MechanisticPatient)
    assert np.array_equal(one.crowd.life["life.refuel"], other.crowd.life["life.refuel"])
    assert one.crowd.scales.mood < other.crowd.scales.mood
