"""The calendar of a course: each coming visit with its window and its booking, and what a new booking would break.

Windows of coming visits follow from what is booked before them, so that a visit that is moved moves the ones after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from unstuck.core.activities import AfterDose, AfterEachDose, Assess, Dose, Expose, Integrate
from unstuck.core.course import Course
from unstuck.core.occurrences import Moments
from unstuck.core.opening import Hours
from unstuck.core.protocol import Limit, Protocol, kind_of
from unstuck.core.schedule import Due, State, overview
from unstuck.core.time import closes, opens
from unstuck.core.verdict import moments_of

ALWAYS = Hours()
USUAL_MIN = 60  # what a visit takes where the protocol does not say
QUARTER_MIN = 15
SESSION_MIN = 12 * 60  # an assessment due so soon after a dose belongs to its visit


class Placed(StrEnum):
    """Where a visit stands in the calendar."""

    INSIDE = "inside"  # booked inside its window
    EARLY = "early"  # booked before its window
    LATE = "late"  # booked after its window
    MISSED = "missed"  # its booked time is over and it was not held
    OVERDUE = "overdue"  # its window is over and it is neither held nor booked
    OPEN = "open"  # not booked
    WAITING = "waiting"  # nothing fixes its window yet


@dataclass(frozen=True, slots=True)
class Visit:
    """One coming visit. `proposed` is the coming time nearest to its aim; None where nothing fixes it."""

    row: Due
    placed: Placed
    proposed: datetime | None

    @property
    def asks(self) -> bool:
        """Whether somebody should book it, or book it again."""
        return self.placed in (Placed.MISSED, Placed.OVERDUE, Placed.OPEN)


@dataclass(frozen=True, slots=True)
class Companion:
    """A talk or therapy session that belongs to one dose, and the window in which it must be booked."""

    step: str
    occurrence: int
    title: str
    opens: datetime
    closes: datetime
    booked: datetime | None

    @property
    def inside(self) -> bool:
        """Whether it is booked inside its window."""
        return self.booked is not None and self.opens <= self.booked <= self.closes


def calendar(
    protocol: Protocol, course: Course, at: datetime, zone: tzinfo, hours: Hours = ALWAYS
) -> tuple[Visit, ...]:  # fmt: skip
    """Every visit still to come, in the order of time; those that nothing fixes come last.

    What is proposed is a quarter of an hour inside the hours, inside its window where the two meet.
    """
    quiet = (State.DONE, State.SKIPPED, State.CONDITIONAL)
    rows = [row for row in overview(protocol, course, at, zone) if row.state not in quiet and _is_visit(protocol, row)]
    visits = [_visit(row, at, Open(hours, usual_minutes(protocol, row.step), zone)) for row in rows]
    return tuple(sorted(visits, key=lambda v: (_when(v) is None, _when(v) or at, v.row.step)))


def usual_minutes(protocol: Protocol, step: str) -> int:
    """How long such a visit takes by the protocol, in whole quarters: a dose with its watch before and after."""
    activity = protocol.step(step).activity
    stated: float | None = getattr(activity, "minutes", None)
    if isinstance(activity, Dose):
        arms: list[str | None] = [arm.key for arm in protocol.arms]
        longest = max(protocol.regimen(activity.regimen, arm).minutes or 0 for arm in arms or [None])
        stay = protocol.monitoring.stay_min if protocol.monitoring else None
        stated = longest + (stay or 0) + USUAL_MIN
    return math.ceil((stated or USUAL_MIN) / QUARTER_MIN) * QUARTER_MIN


def _is_visit(protocol: Protocol, row: Due) -> bool:
    """Whether it needs a time of its own: no questionnaire answered at home, and nothing that is part of a dose."""
    step = protocol.step(row.step)
    if not isinstance(step.activity, Assess):
        return True
    at_home = step.activity.by == "patient" and not step.activity.readings
    in_the_chair = isinstance(step.after, AfterEachDose | AfterDose) and step.window.max.minutes <= SESSION_MIN
    return not at_home and not in_the_chair


def _when(visit: Visit) -> datetime | None:
    return visit.row.booked or visit.row.target


@dataclass(frozen=True, slots=True)
class Open:
    """The site's hours, and how long one visit takes."""

    hours: Hours
    minutes: int
    zone: tzinfo


def _visit(row: Due, at: datetime, site: Open) -> Visit:
    if row.booked is not None and row.booked >= at:
        return Visit(row, placed(row, row.booked), row.booked)
    proposed = _proposed(row, at, site)
    if row.booked is not None:
        return Visit(row, Placed.MISSED, proposed)
    if row.opens is None:
        return Visit(row, Placed.WAITING, None)
    overdue = row.closes is not None and row.closes <= at
    return Visit(row, Placed.OVERDUE if overdue else Placed.OPEN, proposed)


def placed(row: Due, when: datetime) -> Placed:
    """How a time lies to the window of a visit; inside where no window is fixed."""
    if row.opens is not None and when < row.opens:
        return Placed.EARLY
    return Placed.LATE if row.closes is not None and when >= row.closes else Placed.INSIDE


def _proposed(row: Due, at: datetime, site: Open) -> datetime | None:
    """The aim where it is still to come, else the earliest moment from now on that the window allows, else now: as the
    bookable quarter of an hour nearest to it."""
    if row.opens is None:
        return None
    aims = [row.target] if row.target and row.booked is None else []
    later = [aim for aim in aims if aim >= at]
    first = max(at, row.opens)
    return site.hours.nearest(later[0] if later else first, site.minutes, (first, row.closes), site.zone)


def companions(protocol: Protocol, course: Course, number: int, at: datetime, zone: tzinfo) -> tuple[Companion, ...]:
    """The sessions that belong to the dose of that number, as their windows would lie if it began at `at`."""
    moments = Moments(protocol, course, zone)
    found = []
    for step in protocol.steps:
        if not isinstance(step.activity, Integrate | Expose) or step.optional or step.when is not None:
            continue
        match step.after:
            case AfterEachDose():
                occurrence = number
            case AfterDose(number=after) if after == number:
                occurrence = 1
            case _:
                continue
        window = moments.window(step, occurrence)
        booked = course.booked.get((step.key, occurrence)) or course.done.get((step.key, occurrence))
        span = (opens(at, window, zone), closes(at, window, zone))
        found.append(Companion(step.key, occurrence, step.title, *span, booked))
    return tuple(found)


def number_of(protocol: Protocol, course: Course, step: str, occurrence: int) -> int:
    """Which dose of the course that one will be, counted from 1; 0 where it is none that is still to come."""
    coming = Moments(protocol, course).coming_doses
    place = (step, occurrence)
    if place in coming:
        return len(course.doses) + coming.index(place) + 1
    return len(course.doses) + 1 if isinstance(protocol.step(step).activity, Dose) else 0


def broken_limit(
    protocol: Protocol, course: Course, place: tuple[str, int], when: datetime
) -> Limit | None:  # fmt: skip
    """The limit that one more visit of that kind at `when` would break, counting what is held and booked."""
    kind = kind_of(protocol.step(place[0]).activity)
    for limit in protocol.limits:
        if limit.kind != kind:
            continue
        moments = [*moments_of(protocol, course, kind), *_booked(protocol, course, kind, place), when]
        if _most_within(moments, timedelta(minutes=limit.per.minutes), when) > limit.most:
            return limit
    return None


def _booked(protocol: Protocol, course: Course, kind: str, but: tuple[str, int]) -> Iterable[datetime]:
    for place, when in course.booked.items():
        coming = place != but and not course.settled(*place) and protocol.has(place[0])
        if coming and kind_of(protocol.step(place[0]).activity) == kind:
            yield when


def _most_within(moments: Iterable[datetime], span: timedelta, around: datetime) -> int:
    """The most moments in any stretch of that length that holds `around`; its end does not count."""
    known = sorted(moments)
    starts = [m for m in known if m <= around and around - m < span]
    return max(sum(start <= m < start + span for m in known) for start in starts)
