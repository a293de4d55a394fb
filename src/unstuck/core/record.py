"""Adds one event to a course, or refuses it by name. Nothing else decides what may be recorded."""

from __future__ import annotations

from unstuck.core import events as ev
from unstuck.core import refusals as no
from unstuck.core.conditions import Truth
from unstuck.core.course import COUNTERS, Course, apply, parts_of
from unstuck.core.dosing import check_dose
from unstuck.core.events import Event, Origin, step_of
from unstuck.core.facts import CLOCKS
from unstuck.core.live import check_live
from unstuck.core.orders import check_given, gates_before_order
from unstuck.core.protocol import (
    Assess,
    Consent,
    Contact,
    Dose,
    Expose,
    Integrate,
    Prepare,
    Protocol,
    Review,
    Step,
    gates_of,
)
from unstuck.core.session_events import (
    AlarmAnswered,
    CallAnswered,
    Called,
    HandedOver,
    MeasureTaken,
    PresenceNoted,
    SessionWhat,
)
from unstuck.core.therapy_course import check_therapy
from unstuck.core.therapy_events import TherapyRecorded, TherapyWhat
from unstuck.core.verdict import discharge_verdict, verdict

_FITS: dict[type, tuple[type, ...]] = {
    ev.ConsentGiven: (Consent,),
    ev.AssessmentCompleted: (Assess, Dose),
    ev.DoseGiven: (Dose,),
    ev.StepHeld: (Prepare, Expose, Integrate, Review, Contact),
    TherapyRecorded: (Expose, Integrate),
    ev.ReadingTaken: (Assess, Dose),
    ev.Discharged: (Dose,),
}
_AFTER_THE_END = (
    ev.Corrected,
    ev.AdverseEventNoted,
    ev.AssessmentCompleted,
    ev.ReadingTaken,
    ev.Discharged,
    ev.ConsentWithdrawn,
    AlarmAnswered,
    Called,
    CallAnswered,
    HandedOver,
    MeasureTaken,
    PresenceNoted,
)
_COMPLETING = (ev.ConsentGiven, ev.AssessmentCompleted, ev.DoseGiven, ev.StepHeld)


def record(protocol: Protocol, course: Course, event: Event) -> Course:
    """The course with the event. An event seen before changes nothing. Raises a named Refusal."""
    known = next((one for one in course.log if one.id == event.id), None)
    if known is not None and known == event:
        return course
    if known is not None:
        raise no.AlreadyDone(f"Another event has the id {event.id}.", mend="Give each event an id of its own.")
    _check_course(protocol, course, event)
    _check_what(protocol, course, event)
    if isinstance(event.what, TherapyWhat):
        check_therapy(course, event)
    return apply(protocol, course, event)


def _check_course(protocol: Protocol, course: Course, event: Event) -> None:
    if isinstance(event.what, ev.Enrolled):
        return _check_enrolment(protocol, course, event.what)
    if course.enrolment is None:
        raise no.NotEnrolled("The course has not begun.", mend="Enrol the person first.")
    if event.course != course.key:
        raise no.WrongCourse(f"The event belongs to course {event.course}, not to {course.key}.")
    if event.origin is not course.origin:
        raise no.WrongCourse(f"A {event.origin} event cannot enter a {course.origin} course.")
    if course.protocol_hash != protocol.hash and not isinstance(event.what, ev.Amended):
        raise no.WrongProtocol(
            f"The course runs under {course.protocol_hash[:12]}, not under {protocol.hash[:12]}.",
            mend="Load the version the course was enrolled in.",
        )
    if course.is_over and not isinstance(event.what, _AFTER_THE_END):
        raise no.CourseIsOver("The course has ended.", mend="Start a new course.")


def _check_enrolment(protocol: Protocol, course: Course, what: ev.Enrolled) -> None:
    if course.enrolment is not None:
        raise no.AlreadyEnrolled("The course has begun before.")
    if (what.protocol, what.version, what.protocol_hash) != (protocol.key, protocol.version, protocol.hash):
        raise no.WrongProtocol(
            f"The enrolment names {what.protocol} {what.version}, not {protocol.key} {protocol.version}."
        )
    arms = [arm.key for arm in protocol.arms]
    if arms and what.arm not in arms:
        raise no.WrongProtocol(f"{what.arm!r} is no arm of {protocol.key}.", mend=f"Arms: {', '.join(arms)}.")
    if not arms and what.arm is not None:
        raise no.WrongProtocol(f"{protocol.key} has no arms, but the enrolment names {what.arm!r}.")


def _check_what(protocol: Protocol, course: Course, event: Event) -> None:
    what = event.what
    match what:
        case ev.Corrected(target):
            _check_correction(course, target)
        case ev.Amended(old_hash):
            if old_hash != course.protocol_hash:
                raise no.WrongProtocol(f"The amendment starts from {old_hash[:12]}, the course from another version.")
        case ev.FactStated(name) if not name.startswith(("person.", "room.")):
            raise no.NotAFact(
                f"{name!r} cannot be stated.", mend="State facts about the person or the room; readings are taken."
            )
        case ev.ReadingTaken(name) if not _is_reading(name):
            raise no.NotAFact(
                f"{name!r} is no reading; it is counted from events.", mend="Take a reading such as pulse."
            )
        case ev.GateOverridden(step, occurrence, gate):
            _check_override(protocol, _known_step(protocol, course, step, occurrence), gate)
        case _:
            place = step_of(what)
            if place is not None:
                _check_step(protocol, course, event, *place)


def _is_reading(name: str) -> bool:
    """Whether the name is free for readings: counters, clocks, scores and other derived facts are not."""
    return name not in (*COUNTERS, *CLOCKS, "consent", "treatments") and "." not in name


def _check_correction(course: Course, target: str) -> None:
    if not any(e.id == target for e in course.log):
        raise no.UnknownEvent(f"No event {target} in this course.")
    if course.enrolment and course.enrolment.id == target:
        raise no.UnknownEvent("The enrolment cannot be taken back.", mend="End the course and start another.")


def _check_override(protocol: Protocol, step: Step, gate: str) -> None:
    found = {g.key: g for g in (*gates_of(protocol, step), *gates_before_order(protocol))}
    if gate not in found:
        raise no.UnknownStep(f"No gate {gate!r} before “{step.title}”.", mend=f"Gates: {', '.join(found) or 'none'}.")
    if not found[gate].override:
        raise no.GateClosed(f"The gate {gate!r} cannot be overridden: {found[gate].why}")


def _known_step(protocol: Protocol, course: Course, key: str, occurrence: int) -> Step:
    if not protocol.has(key):
        raise no.UnknownStep(f"{protocol.key} has no step {key!r}.")
    step = protocol.step(key)
    if occurrence < 1 or (step.times is not None and occurrence > step.times):
        raise no.UnknownStep(f"“{step.title}” has no time {occurrence}.", mend=f"It has {step.times}.")
    return step


def _check_step(protocol: Protocol, course: Course, event: Event, key: str, occurrence: int) -> None:
    what = event.what
    step = _known_step(protocol, course, key, occurrence)
    _check_kind(step, what)
    if isinstance(what, (*_COMPLETING, ev.StepSkipped)):
        _check_open(course, step, occurrence, what)
    if isinstance(what, _COMPLETING) and not _rides_along(step, what):
        _check_rules(protocol, course, event, step, occurrence)
    if isinstance(what, ev.DoseGiven):
        check_dose(protocol, course, step, what)
        if event.origin is Origin.CLINIC or what.order:
            check_given(protocol, course, step, what, event)
    if isinstance(what, ev.Discharged):
        _check_leaving(protocol, course, event, what)
    if isinstance(what, SessionWhat):
        check_live(protocol, course, step, event)


def _check_leaving(protocol: Protocol, course: Course, event: Event, what: ev.Discharged) -> None:
    """Home is refused while a leaving rule is open; late entries of another day are judged at their own time."""
    if what.to is not ev.Leaving.HOME or protocol.monitoring is None:
        return
    unmet = discharge_verdict(protocol, course, event.observed_at).unmet
    if unmet:
        said = " ".join(rule.sentence for rule in unmet)
        raise no.NotReadyToLeave(
            f"Not yet: {said}", mend="Meet each rule, or hand the person over to others who watch."
        )


def _rides_along(step: Step, what: ev.What) -> bool:
    """A scale rated in a dosing session (dissociation, sedation) belongs to it and passes no gate of its own."""
    return isinstance(what, ev.AssessmentCompleted) and isinstance(step.activity, Dose)


def _check_kind(step: Step, what: ev.What) -> None:
    wanted = _FITS.get(type(what))
    if wanted and not isinstance(step.activity, wanted):
        raise no.WrongActivity(f"“{step.title}” is not a step for {type(what).__name__}.")


def _check_open(course: Course, step: Step, occurrence: int, what: ev.What) -> None:
    if isinstance(what, ev.AssessmentCompleted) and isinstance(step.activity, Dose):
        return
    if course.settled(step.key, occurrence):
        raise no.AlreadyDone(f"“{step.title}”, time {occurrence}, is already done or skipped.")
    have = course.parts.get((step.key, occurrence), frozenset())
    if isinstance(what, ev.AssessmentCompleted) and what.instrument in have:
        raise no.AlreadyDone(f"{what.instrument} is already answered for “{step.title}”, time {occurrence}.")
    if isinstance(what, ev.AssessmentCompleted) and what.instrument not in parts_of(step):
        raise no.WrongActivity(f"“{step.title}” does not ask {what.instrument}.")


def _check_rules(protocol: Protocol, course: Course, event: Event, step: Step, occurrence: int) -> None:
    said = verdict(protocol, course, step.key, occurrence, event.observed_at)
    for rule in said.unmet:
        kind = rule.key.split(":")[0]
        refusal = {"needs": no.NotInOrder, "order": no.NotInOrder, "limit": no.LimitReached, "when": no.NotConditionMet}
        state = "is not known" if rule.truth is Truth.UNKNOWN else "does not hold"
        raise refusal.get(kind, no.GateClosed)(
            f"“{step.title}” stays closed. This {state}: {rule.sentence}", mend=rule.why
        )
