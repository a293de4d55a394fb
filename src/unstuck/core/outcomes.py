"""Outcomes of courses: each indicator is defined here once, and clinic, simulator and papers quote it.

The denominator is everyone who started treatment. Who has no score where the endpoint looks is shown as missing and
never counted as better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from unstuck.core.course import Course
from unstuck.core.events import AssessmentCompleted, Event
from unstuck.core.facts import CourseFacts
from unstuck.core.protocol import Endpoint


@dataclass(frozen=True, slots=True)
class Point:
    """One score of a course. `day` counts from the first treatment, or from enrolment before any."""

    at: datetime
    day: float
    value: float
    step: str | None
    occurrence: int


@dataclass(frozen=True, slots=True)
class Result:
    """One endpoint of one course. `met` is None where it cannot be told; `why` then says what is missing."""

    endpoint: str
    met: bool | None
    baseline: float | None = None
    value: float | None = None
    at: datetime | None = None
    why: str = ""

    @property
    def change(self) -> float | None:
        """Value minus baseline; negative is a fall."""
        return None if self.value is None or self.baseline is None else self.value - self.baseline

    @property
    def percent(self) -> float | None:
        """Change in percent of baseline; None where baseline is missing or 0."""
        return None if self.change is None or not self.baseline else 100 * self.change / self.baseline


@dataclass(frozen=True, slots=True)
class Loss:
    """Time to loss of response in days from the response; `lost` False means still responding when last seen."""

    days: float
    lost: bool


def started_at(course: Course) -> datetime | None:
    """When the first dose began or the first trauma-focused session was held; None before either."""
    moments = CourseFacts(course).treatments()
    return moments[0] if moments else None


def points(course: Course, instrument: str, scale: str = "total") -> tuple[Point, ...]:
    """Every score of that scale, oldest first, also those that no gate may read."""
    zero = started_at(course) or course.enrolled_at
    found = [(event, _score(event, instrument, scale)) for event in course.assessments]
    return tuple(_point(event, value, zero) for event, value in found if value is not None)


def _score(event: Event, instrument: str, scale: str) -> float | None:
    what = event.what
    if not isinstance(what, AssessmentCompleted) or what.instrument != instrument:
        return None
    value = dict(what.scores).get(scale)
    return float(value) if isinstance(value, int | float) else None


def _point(event: Event, value: float, zero: datetime | None) -> Point:
    what = event.what
    assert isinstance(what, AssessmentCompleted)
    day = (event.observed_at - zero) / timedelta(days=1) if zero else 0.0
    return Point(event.observed_at, day, value, what.step, what.occurrence)


def baseline(course: Course, instrument: str, scale: str = "total") -> Point | None:
    """The last score at or before the first treatment; before any, the latest; else None."""
    seen = points(course, instrument, scale)
    start = started_at(course)
    before = [p for p in seen if start is None or p.at <= start]
    return before[-1] if before else None


def evaluate(endpoint: Endpoint, course: Course) -> Result:
    """The endpoint in one course. Raises ValueError for a kind that is not known."""
    match endpoint.kind:
        case "response" | "change":
            return _at_endpoint(endpoint, course)
        case "remission":
            return _remission(endpoint, course)
        case "non_response":
            return _non_response(endpoint, course)
        case "relapse":
            return _relapse(endpoint, course)
        case _:
            raise ValueError(f"unknown kind of endpoint {endpoint.kind!r}")


def responded(endpoint: Endpoint, base: float, value: float) -> bool:
    """Whether a fall from `base` to `value` is a response as the endpoint defines it."""
    if endpoint.fall_percent is not None:
        return base > 0 and 100 * (base - value) / base >= endpoint.fall_percent
    if endpoint.fall_points is not None:
        return base - value >= endpoint.fall_points
    raise ValueError(f"endpoint {endpoint.key!r} defines no fall")


def _look(endpoint: Endpoint, course: Course) -> tuple[Point | None, Point | None, str]:
    """Baseline and the score that counts, or what is missing."""
    base = baseline(course, endpoint.instrument, endpoint.scale)
    if base is None:
        return None, None, f"no {endpoint.instrument} before treatment"
    later = [p for p in points(course, endpoint.instrument, endpoint.scale) if p.at > base.at]
    if endpoint.at:
        later = [p for p in later if p.step == endpoint.at]
    if not later:
        return base, None, f"no {endpoint.instrument} at {endpoint.at}" if endpoint.at else "no later score"
    return base, later[-1], ""


def _at_endpoint(endpoint: Endpoint, course: Course) -> Result:
    base, point, why = _look(endpoint, course)
    if base is None or point is None:
        return Result(endpoint.key, None, base.value if base else None, why=why)
    defined = endpoint.fall_percent is not None or endpoint.fall_points is not None
    met = responded(endpoint, base.value, point.value) if defined else None
    return Result(endpoint.key, met, base.value, point.value, point.at, "" if defined else "a change has no threshold")


def _remission(endpoint: Endpoint, course: Course) -> Result:
    base, point, why = _look(endpoint, course)
    if point is None or endpoint.at_most is None:
        return Result(endpoint.key, None, base.value if base else None, why=why or "no threshold")
    return Result(endpoint.key, point.value <= endpoint.at_most, base.value if base else None, point.value, point.at)


def _non_response(endpoint: Endpoint, course: Course) -> Result:
    """No response at the last score after dose n and before the next one."""
    number = endpoint.after_doses or 1
    if len(course.doses) < number:
        return Result(endpoint.key, None, why=f"fewer than {number} doses")
    base = baseline(course, endpoint.instrument, endpoint.scale)
    start = course.doses[number - 1].observed_at
    end = course.doses[number].observed_at if len(course.doses) > number else None
    seen = points(course, endpoint.instrument, endpoint.scale)
    between = [p for p in seen if p.at > start and (end is None or p.at <= end)]
    if base is None or not between:
        return Result(endpoint.key, None, base.value if base else None, why=f"no score after dose {number}")
    point = between[-1]
    return Result(endpoint.key, not responded(endpoint, base.value, point.value), base.value, point.value, point.at)


def _relapse(endpoint: Endpoint, course: Course) -> Result:
    base = baseline(course, endpoint.instrument, endpoint.scale)
    loss = time_to_loss(endpoint, course)
    if base is None or loss is None:
        return Result(endpoint.key, None, base.value if base else None, why="no response to lose")
    last = points(course, endpoint.instrument, endpoint.scale)[-1]
    return Result(endpoint.key, loss.lost, base.value, last.value, last.at)


def time_to_loss(endpoint: Endpoint, course: Course) -> Loss | None:
    """Days from the first response to the first later score that is none; None where nobody responded.

    Loss is seen at an assessment and happened at some time before it, so that the time is an upper bound.
    """
    base = baseline(course, endpoint.instrument, endpoint.scale)
    if base is None:
        return None
    later = [p for p in points(course, endpoint.instrument, endpoint.scale) if p.at > base.at]
    first = next(
        (i for i, p in enumerate(later) if _counts(endpoint, p) and responded(endpoint, base.value, p.value)), None
    )
    if first is None:
        return None
    for point in later[first + 1 :]:
        if not responded(endpoint, base.value, point.value):
            return Loss(point.day - later[first].day, True)
    return Loss(later[-1].day - later[first].day, False)


def _counts(endpoint: Endpoint, point: Point) -> bool:
    return not endpoint.at or point.step == endpoint.at


def clusters(course: Course, instrument: str, scales: Sequence[str]) -> dict[str, tuple[Point, ...]]:
    """The course of each cluster score."""
    return {scale: points(course, instrument, scale) for scale in scales}


def who_started(courses: Iterable[Course]) -> tuple[Course, ...]:
    """The courses in which treatment began: the denominator of every share."""
    return tuple(course for course in courses if started_at(course) is not None)
