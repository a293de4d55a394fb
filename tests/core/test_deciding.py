"""Deciding on: the protocol's rules answered from events, and the one-page outcome with its uncertainty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from unstuck.core import events as ev
from unstuck.core.course import Course, replay
from unstuck.core.deciding import Answer, Question, Topic, deciding, taper_interval
from unstuck.core.instrument_file import load_instrument
from unstuck.core.protocol_file import load_protocol
from unstuck.core.screening_file import load_screening
from unstuck.core.summary import summarise

PLAN, RULES, PCL = load_protocol("induction_maintenance"), load_screening(), load_instrument("pcl5_week")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def course(*told: tuple[float, ev.What]) -> Course:
    """A course enrolled at AT in which these things happened so many days later."""
    log = [(0.0, ev.Enrolled(PLAN.key, PLAN.version, PLAN.hash)), *told]
    events = [
        ev.Event(str(n), "c", AT + d * DAY, AT + d * DAY, "a", ev.Origin.CLINIC, what)
        for n, (d, what) in enumerate(log)
    ]
    return replay(PLAN, sorted(events, key=lambda e: e.observed_at))


def pcl(day: float, total: float) -> tuple[float, ev.What]:
    """A weekly PCL-5 with that total."""
    what = ev.AssessmentCompleted("pcl5_week", "1", "sha256:x", (), (("total", total),), for_care=True)
    return day, what


def dose(day: float, number: int, step: str = "induction") -> tuple[float, ev.What]:
    """A dose of 40 mg."""
    return day, ev.DoseGiven(step, number, "ketamine", "iv_infusion", 40, 80, 40, "ketamine")


def asked(state: Course, day: float, key: str) -> Question:
    """That question, so many days after the enrolment."""
    return next(q for q in deciding(PLAN, state, RULES, AT + day * DAY, UTC) if q.key == key)


THREE = (dose(10, 1), dose(14, 2), dose(18, 3))
FUTILITY = "futility_stop"


@pytest.mark.parametrize(
    ("last", "answer"),
    [(50.0, Answer.YES), (45.0, Answer.YES), (44.0, Answer.NO), (30.0, Answer.NO), (None, Answer.UNKNOWN)],
)
def test_futility_after_three_doses(last: float | None, answer: Answer) -> None:
    """After three doses a fall of less than six points says stop; no score since says that it is not known."""
    scores = (pcl(9, 50), *([pcl(20, last)] if last is not None else []))
    assert asked(course(*scores, *THREE), 21, FUTILITY).answer is answer


def test_before_three_doses_nothing_stops() -> None:
    """The rule has its time: after two doses it stops nothing."""
    assert asked(course(pcl(9, 50), *THREE[:2], pcl(15, 50)), 16, FUTILITY).answer is Answer.NO
    assert asked(course(pcl(9, 50), *THREE[:2], pcl(15, 50)), 16, "non_response").answer is Answer.NOT_YET


def test_a_named_person_may_pass_futility() -> None:
    """An override by name answers the question: treatment does not stop by that rule."""
    passed = (20.5, ev.GateOverridden("induction", 4, FUTILITY, "see_words"))
    assert asked(course(pcl(9, 50), *THREE, pcl(20, 49), passed), 21, FUTILITY).answer is Answer.NO


def booster_ready(loss: float) -> Course:
    """A response of 20 points, confirmed, and a later score."""
    fourth = dose(22, 4)
    confirmed = (40, ev.StepHeld("response_confirmed", 1, decision=ev.Decision.GO_ON))
    agreed = (1, ev.ConsentGiven("treatment", "1"))
    return course(agreed, pcl(9, 50), *THREE, fourth, pcl(30, 30), confirmed, pcl(70, loss))


@pytest.mark.parametrize(("loss", "answer"), [(40.0, Answer.YES), (36.0, Answer.YES), (35.0, Answer.NO)])
def test_booster_only_when_the_response_is_lost(loss: float, answer: Answer) -> None:
    """With a confirmed response the booster rule holds when fewer than 15 points are left of it, and not before."""
    assert asked(booster_ready(loss), 71, "booster").answer is answer


def test_a_rule_whose_moment_has_passed_stops_nobody() -> None:
    """After the fourth dose the rule of the third neither says stop nor keeps the booster from being decided."""
    stops = [q for q in deciding(PLAN, booster_ready(45.0), RULES, AT + 71 * DAY, UTC) if q.topic is Topic.STOP]
    assert [q.key for q in stops if q.answer in (Answer.YES, Answer.UNKNOWN)] == []


def test_loss_of_response_is_told_with_figures() -> None:
    """The relapse endpoint says from where to where."""
    question = asked(booster_ready(45.0), 71, "relapse")
    assert question.answer is Answer.YES and "From 50 to 45: -5 points, -10 %." in question.words


def test_a_gap_asks_for_screening() -> None:
    """Ninety days after the last dose the decision is old; nobody who was never accepted is exempt."""
    accepted = (8.0, ev.FactStated("person.accepted", True))
    state = course(accepted, pcl(9, 50), *THREE)
    assert asked(state, 18 + 89, "gap").answer is Answer.NO
    assert asked(state, 18 + 91, "gap").answer is Answer.YES
    assert asked(course(), 1, "gap").answer is Answer.YES


def test_the_tapers_date_is_the_sites_own() -> None:
    """After a dose at 21:00 UTC the interval ends on a date that is one day later in Auckland than in Paris."""
    state, days = course(dose(10.5, 1)), taper_interval(RULES, timedelta(days=1)).minutes // (24 * 60)
    for zone, later in (("Europe/Paris", 0), ("Pacific/Auckland", 1)):
        told = deciding(PLAN, state, RULES, AT + 11 * DAY, ZoneInfo(zone))
        words = next(q.words for q in told if q.topic is Topic.TAPER)
        assert f"{AT + (10 + days + later) * DAY:%Y-%m-%d}" in words


def test_the_taper_widens_and_stays() -> None:
    """Two, three, four, six weeks, three months each, and six weeks from then on."""
    days = [taper_interval(RULES, timedelta(days=d)).amount for d in (0, 89, 90, 180, 270, 2000)]
    assert days == [14, 14, 21, 28, 42, 42]


def test_summary_has_its_uncertainty() -> None:
    """A fall of 20 stands with plus or minus 15 and is beyond error; a fall of 10 is not; no score is not known."""
    state = course(pcl(9, 50), *THREE, pcl(30, 30))
    told = summarise(PLAN, state, PCL, AT + 31 * DAY, UTC)
    assert (told.curve.change, told.curve.span, told.curve.beyond_noise) == (-20, (-35, -5), True)
    small = summarise(PLAN, course(pcl(9, 50), *THREE, pcl(30, 40)), PCL, AT + 31 * DAY, UTC)
    assert small.curve.beyond_noise is False
    none = summarise(PLAN, course(*THREE), PCL, AT + 31 * DAY, UTC)
    assert none.curve.change is None and none.curve.beyond_noise is None


def test_summary_counts_what_is_missing() -> None:
    """Weekly questionnaires that were due and not answered are counted as asked."""
    told = summarise(PLAN, course(pcl(9, 50), *THREE), PCL, AT + 40 * DAY, UTC)
    assert told.asked > told.answered == 0
    assert len(told.doses) == 3 and told.harms == ()
