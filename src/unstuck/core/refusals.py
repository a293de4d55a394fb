"""Refusals named for what is wrong: why an event cannot be recorded in a course."""

from __future__ import annotations

from unstuck.core.errors import Complaint


class Refusal(Complaint):
    """The event does not fit the course; nothing was recorded."""


class NotEnrolled(Refusal):
    """The course has not begun."""


class AlreadyEnrolled(Refusal):
    """The course has begun before."""


class WrongProtocol(Refusal):
    """The event names a protocol, version or hash that is not this one."""


class WrongCourse(Refusal):
    """The event belongs to another course."""


class UnknownStep(Refusal):
    """The protocol has no such step, or not so many occurrences of it."""


class WrongActivity(Refusal):
    """The step is of another kind than the event."""


class AlreadyDone(Refusal):
    """That occurrence of the step is done or skipped."""


class NotInOrder(Refusal):
    """A step that must come first is not done."""


class GateClosed(Refusal):
    """A gate before the step does not hold and was not overridden by name."""


class LimitReached(Refusal):
    """One more would exceed the protocol's limit in its span of time."""


class DoseAboveCap(Refusal):
    """The dose exceeds the regimen's cap."""


class WrongDrug(Refusal):
    """Drug, route or regimen are not what the protocol gives this person."""


class WeightUnknown(Refusal):
    """A dose by weight needs a weight."""


class CourseIsOver(Refusal):
    """The course has ended; only corrections and late observations are taken."""


class NotAFact(Refusal):
    """The name is derived from events, or nobody knows it; it cannot be stated or read."""


class UnknownEvent(Refusal):
    """The event to be corrected is not in this course."""


class NotConditionMet(Refusal):
    """The step is conditional and its condition does not hold."""


class NotReadyToLeave(Refusal):
    """A leaving rule does not hold; the person stays, or is handed to others who go on watching."""


class NoOrder(Refusal):
    """No prescriber's signed order for this session stands."""


class OrderExpired(Refusal):
    """The order's time is over."""


class NotAsOrdered(Refusal):
    """What is to be given is not what was ordered."""


class NotChecked(Refusal):
    """Two people have not yet checked the dose independently."""


class SamePerson(Refusal):
    """Two people are needed, and these are one."""


class ChecksDisagree(Refusal):
    """The two checks differ; nothing is given until it is known why."""


class WrongLot(Refusal):
    """The lot holds another drug, has no strength, or cannot give this amount."""


class WeightJump(Refusal):
    """Today's weight differs so much from the last one that a second person must weigh."""


class NotRunning(Refusal):
    """There is no infusion that could be changed so."""
