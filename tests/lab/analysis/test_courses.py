"""Courses of a protocol through the same call as anybody's table."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from unstuck.core.course import Course
from unstuck.core.errors import Complaint
from unstuck.core.outcomes import started_at
from unstuck.core.protocol_file import load_protocol
from unstuck.core.trial import TrialVisit
from unstuck.lab.analysis import mmrm
from unstuck.lab.analysis.courses import Longitudinal, Outcome, longitudinal
from unstuck.lab.trials.job import Wish, prepare, run_one

VISITS = (TrialVisit("one week", 7, 3, 3), TrialVisit("two weeks", 14, 3, 6))


@cache
def _courses() -> tuple[Course, ...]:
    """Sixteen simulated courses of the trial of 2021."""
    job = prepare(load_protocol("feder_2021"), Wish(("ketamine", "midazolam"), 8, 3, {}))
    return tuple(run_one(job, place, number).course for place in range(2) for number in range(8))


def _table() -> Longitudinal:
    scored = {a.what.instrument for course in _courses() for a in course.assessments}
    return longitudinal(_courses(), Outcome(next(name for name in sorted(scored) if name.startswith("pcl5"))), VISITS)


def test_simulated_courses_are_analysed_by_the_one_call() -> None:
    """Events become a table and the table an MMRM with a contrast of the arms, the first one as reference."""
    made = _table()
    fit = mmrm(made.columns, "chg ~ base*visit + arm*visit", "id", "visit")
    (last,) = fit.contrast("arm", at=fit.visits[-1])
    assert last.what.startswith("arm midazolam minus ketamine")
    assert np.isfinite([last.estimate, last.se]).all() and last.se > 0


def test_every_value_is_a_score_within_its_window() -> None:
    """Each value and baseline is found among the course's own assessments, after and before the first treatment."""
    made = _table()
    columns = made.columns
    begun = [course for course in _courses() if started_at(course) is not None]
    assert len(columns["id"]) == len(begun) * len(VISITS)
    assert set(columns["id"]) == {course.key for course in begun}
    known = np.isfinite(columns["chg"])
    assert known.any()
    assert columns["chg"][known] == pytest.approx(columns["value"][known] - columns["base"][known])


def test_an_outcome_that_nobody_has_is_refused() -> None:
    """A score that is not in the courses is refused, with the ones that are."""
    with pytest.raises(Complaint, match=r"no_such total.*There are: "):
        longitudinal(_courses(), Outcome("no_such"), VISITS)
