from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    CAP_MG,
    before_dose,
    dose,
    enrolled,
    event,
    pcl5,
    pressure,
    recorded,
    small_protocol,
    whole_course,
)
from unstuck.core import events as ev
from unstuck.core import refusals as no
from unstuck.core.conditions import Truth
from unstuck.core.course import Course, replay, standing
from unstuck.core.facts import CourseFacts
from unstuck.core.record import record
from unstuck.core.verdict import discharge_verdict, verdict

SMALL = small_protocol()


@given(st.integers(0, 30))
def test_prefix_then_rest(cut):
    """Replaying a prefix and then the rest equals replaying all."""
    happened = whole_course(SMALL)
    cut = min(cut, len(happened))
    assert replay(SMALL, happened[cut:], replay(SMALL, happened[:cut])) == replay(SMALL, happened)


@given(st.permutations(range(6)))
def test_late_entries(order):
    """Readings entered in any order are seen in the order in which they were observed."""
    readings = [event(ev.ReadingTaken("pulse_per_min", 60 + n), n, late=20) for n in range(6)]
    course = replay(SMALL, [enrolled(SMALL), *(readings[n] for n in order)])
    values = [s.value for s in CourseFacts(course).seen("pulse_per_min", readings[-1].observed_at)]
    assert values == [60, 61, 62, 63, 64, 65]


def test_recording_is_replaying():
    """What record lets in is the same course that replay folds."""
    happened = whole_course(SMALL)
    assert recorded(SMALL, happened) == replay(SMALL, happened)


def test_second_tap():
    """The same dose event twice is one dose."""
    happened = before_dose(SMALL)
    course = recorded(SMALL, happened)
    given_dose = dose(1, 72)
    once = record(SMALL, course, given_dose)
    assert record(SMALL, once, given_dose) is once
    assert len(once.doses) == 1


def test_correction_takes_back():
    """A corrected reading no longer counts, and the correction stays in the log."""
    wrong = event(ev.ReadingTaken("systolic_mmhg", 12), 71)
    happened = [*before_dose(SMALL), wrong]
    course = recorded(SMALL, [*happened, event(ev.Corrected(wrong.id, "typed_wrong"), 71.2)])
    assert CourseFacts(course).seen("systolic_mmhg", dose(1, 72).observed_at)[-1].value == 120
    assert len(course.log) == len(happened) + 1
    assert wrong not in standing(course.log)


def test_corrected_dose_frees_the_step():
    """A dose entered by mistake and taken back can be entered rightly."""
    wrong = dose(1, 72, mg=30)
    course = recorded(SMALL, [*before_dose(SMALL), wrong, event(ev.Corrected(wrong.id, "wrong_amount"), 72.5)])
    course = record(SMALL, course, dose(1, 72, mg=35))
    assert [d.what.amount_mg for d in course.doses] == [35]


REFUSED = [
    (lambda e: e[1:], no.NotEnrolled),
    (lambda e: [e[0], e[0], event(ev.Enrolled("small", "1", SMALL.hash, "ketamine"))], no.AlreadyEnrolled),
    (lambda e: [event(ev.Enrolled("small", "1", "other", "ketamine"))], no.WrongProtocol),
    (lambda e: [event(ev.Enrolled("small", "1", SMALL.hash, "sugar"))], no.WrongProtocol),
    (lambda e: [event(ev.Enrolled("small", "1", SMALL.hash, None))], no.WrongProtocol),
    (lambda e: [*e, event(ev.StepHeld("walk", 1), 80)], no.UnknownStep),
    (lambda e: [*e, event(ev.StepHeld("prepare", 2), 80)], no.UnknownStep),
    (lambda e: [*e, event(ev.StepHeld("prepare", 1), 80)], no.AlreadyDone),
    (lambda e: [*e, event(ev.StepHeld("infusion", 1), 72)], no.WrongActivity),
    (lambda e: [*e, event(ev.StepHeld("therapy", 1), 72)], no.NotInOrder),
    (lambda e: [*e, dose(2, 72)], no.NotInOrder),
    (lambda e: [e[0], *pressure(120, 71.5), dose(1, 72)], no.NotInOrder),
    (lambda e: [*e, dose(1, 74)], no.GateClosed),
    (lambda e: [*e, *pressure(150, 71.8), dose(1, 72)], no.GateClosed),
    (lambda e: [*e, event(ev.ConsentWithdrawn("ketamine"), 71.9), dose(1, 72)], no.GateClosed),
    (lambda e: [*e, dose(1, 72, mg=CAP_MG + 0.1)], no.DoseAboveCap),
    (lambda e: [*e, dose(1, 72, mg=49, weight_kg=40.0)], no.DoseAboveCap),
    (lambda e: [*e, dose(1, 72, weight_kg=None)], no.WeightUnknown),
    (lambda e: [*e, dose(1, 72, mg=0)], no.WrongDrug),
    (lambda e: [*e, dose(1, 72, route="im")], no.WrongDrug),
    (lambda e: [*e, dose(1, 72, regimen="midazolam")], no.WrongDrug),
    (lambda e: [*e, event(ev.CourseEnded(ev.Ending.WITHDREW), 71), dose(1, 72)], no.CourseIsOver),
    (lambda e: [*e, event(ev.GateOverridden("infusion", 1, "consent_stands", "asked"), 71)], no.GateClosed),
    (lambda e: [*e, event(ev.GateOverridden("infusion", 1, "weather", "asked"), 71)], no.UnknownStep),
    (lambda e: [*e, event(ev.Corrected("e0", "typed_wrong"), 71)], no.UnknownEvent),
    (lambda e: [*e, event(ev.FactStated("person.fasted", True), 71, course="c2")], no.WrongCourse),
    (lambda e: [*e, pcl5(40, 80, "baseline")], no.AlreadyDone),
    (lambda e: [*e, event(ev.ReadingTaken("doses", 2), 71)], no.NotAFact),
    (lambda e: [*e, event(ev.ReadingTaken("pcl5_week.total", 2), 71)], no.NotAFact),
    (lambda e: [*e, event(ev.ReadingTaken("days_since_last_dose", 2), 71)], no.NotAFact),
    (lambda e: [*e, event(ev.FactStated("consent", True), 71)], no.NotAFact),
    (lambda e: [*e, event(ev.FactStated("cssrs_screen.risk", "low"), 71)], no.NotAFact),
]


@pytest.mark.parametrize(("spoil", "refusal"), REFUSED)
def test_refusals(spoil, refusal):
    """What does not fit is refused by its own name."""
    with pytest.raises(refusal):
        recorded(SMALL, spoil(before_dose(SMALL)))


def test_a_clinic_event_cannot_enter_a_simulated_course():
    """A real event never mixes with simulated ones."""
    course = recorded(SMALL, before_dose(SMALL))
    real = replace(event(ev.FactStated("person.fasted", True), 71), origin=ev.Origin.CLINIC)
    with pytest.raises(no.WrongCourse, match="simulated"):
        record(SMALL, course, real)


def test_weekly_limit():
    """A fourth dose within seven days of the first is refused, also when it is entered late."""
    loose = small_protocol(limits=(replace(SMALL.limits[0], most=2),))
    happened = whole_course(loose)
    third = next(i for i, e in enumerate(happened) if isinstance(e.what, ev.DoseGiven) and e.what.occurrence == 3)
    course = recorded(loose, happened[:third])
    with pytest.raises(no.LimitReached):
        record(loose, course, happened[third])


def test_override_opens_and_is_seen():
    """A gate passed by a named person opens, and the verdict says that it was overridden."""
    happened = [*before_dose(SMALL), *pressure(150, 71.8)]
    course = recorded(SMALL, happened)
    at = dose(1, 72).observed_at
    assert verdict(SMALL, course, "infusion", 1, at).truth is Truth.FAILS
    course = record(SMALL, course, event(ev.GateOverridden("infusion", 1, "pressure", "seen_by_doctor"), 71.9))
    said = verdict(SMALL, course, "infusion", 1, at)
    assert said.opens and [r.key for r in said.rules if r.overridden] == ["pressure"]
    assert len(record(SMALL, course, dose(1, 72)).doses) == 1


@given(st.sampled_from(["systolic_mmhg", "diastolic_mmhg", "consent"]))
def test_forgetting_a_reading_closes_the_gate(lost):
    """With any reading of a gate deleted from the trace, the dose does not open."""
    kept = [e for e in before_dose(SMALL) if not _states(e.what, lost)]
    at = dose(1, 72).observed_at
    assert not verdict(SMALL, replay(SMALL, kept), "infusion", 1, at).opens


def _states(what, fact):
    return getattr(what, "name", None) == fact or (fact == "consent" and isinstance(what, ev.ConsentGiven))


def test_scores_of_our_own_labels_open_nothing():
    """A score from demonstration wording is shown, but no rule sees it."""
    course = replay(SMALL, [*whole_course(SMALL)[:-1], pcl5(20, 400, "weekly", for_care=False)])
    at = event(ev.ConsentWithdrawn("x"), 500).observed_at
    assert [s.value for s in CourseFacts(course).seen("pcl5_week.total", at)] == [50]
    assert len(course.assessments) == 2


def test_conditional_step_needs_its_rule():
    """The booster is refused while its rule fails and while it is not known."""
    responder = recorded(SMALL, whole_course(SMALL, final=20))
    responder = record(SMALL, responder, event(ev.StepHeld("decide", 1), 400))
    responder = replay(SMALL, pressure(120, 699.5), responder)
    with pytest.raises(no.NotConditionMet):
        record(SMALL, responder, dose(1, 700, step_key="booster"))
    other = recorded(SMALL, whole_course(SMALL, final=45))
    other = record(SMALL, other, event(ev.StepHeld("decide", 1), 400))
    other = replay(SMALL, pressure(120, 699.5), other)
    assert len(record(SMALL, other, dose(1, 700, step_key="booster")).doses) == 4


def test_discharge():
    """Nobody may leave before the minimum stay, nor on a pressure that nobody took since the dose began."""
    unread = recorded(SMALL, [*before_dose(SMALL), dose(1, 72)])
    course = recorded(SMALL, [*before_dose(SMALL), dose(1, 72), event(ev.ReadingTaken("systolic_mmhg", 125), 72.9)])
    early = event(ev.ConsentWithdrawn("x"), 72 + 1).observed_at
    later = event(ev.ConsentWithdrawn("x"), 72 + 2).observed_at
    assert discharge_verdict(SMALL, course, early).truth is Truth.FAILS
    assert discharge_verdict(SMALL, unread, later).truth is Truth.UNKNOWN
    assert discharge_verdict(SMALL, course, later).truth is Truth.HOLDS
    blind = replay(SMALL, [e for e in course.log if not isinstance(e.what, ev.ReadingTaken)])
    assert discharge_verdict(SMALL, blind, later).truth is Truth.UNKNOWN
    assert discharge_verdict(SMALL, Course(), later).truth is Truth.UNKNOWN


def test_amended_course_wants_the_new_version():
    """After an amendment, events are taken only under the new version's hash."""
    newer = small_protocol(version="2", hash="n" * 64)
    course = recorded(SMALL, before_dose(SMALL))
    course = record(SMALL, course, event(ev.Amended(SMALL.hash, newer.hash, "2"), 70))
    with pytest.raises(no.WrongProtocol):
        record(SMALL, course, dose(1, 72))
    assert len(record(newer, course, dose(1, 72)).doses) == 1
