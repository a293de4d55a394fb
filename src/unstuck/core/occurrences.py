"""When each occurrence of each step is, was or would be: actual, booked or projected moments.

Doses that have not been given yet are numbered in the order in which the protocol's file lists them, after those that
were given; the same goes for therapy sessions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import assert_never

from unstuck.core.course import Course, Occurrence
from unstuck.core.events import Event
from unstuck.core.protocol import (
    Activity,
    AfterDose,
    AfterEachDose,
    AfterEnrolment,
    AfterStep,
    AfterTherapy,
    Dose,
    Expose,
    OnDate,
    Protocol,
    Step,
)
from unstuck.core.time import Window, shift


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, and whether it happened (`actual`) or follows from the plan."""

    at: datetime
    actual: bool


class Moments:
    """Answers when things are, for one course at one site. Built once, asked often."""

    def __init__(self, protocol: Protocol, course: Course, zone: tzinfo = UTC) -> None:
        self.protocol, self.course, self.zone = protocol, course, zone
        self._open: set[Occurrence] = set()
        self._known: dict[Occurrence, Moment | None] = {}
        self.coming_doses = list(self._coming(Dose))
        self.coming_therapies = list(self._coming(Expose))

    def _coming(self, kind: type[Activity]) -> Iterator[Occurrence]:
        """Occurrences still to come of unconditional steps of that kind; a dose cannot follow each dose."""
        for step in self.protocol.steps:
            endless = kind is Dose and isinstance(step.after, AfterEachDose)
            if isinstance(step.activity, kind) and step.when is None and not endless:
                for number in self.occurrences(step):
                    if not self.course.settled(step.key, number):
                        yield step.key, number

    def occurrences(self, step: Step) -> range:
        """The occurrence numbers that the step can have in this course, from 1."""
        if isinstance(step.after, AfterEachDose):
            return range(1, len(self.course.doses) + len(self.coming_doses) + 1)
        return range(1, (step.times or 0) + 1)

    def of(self, step: Step, occurrence: int) -> Moment | None:
        """When that occurrence was done, else is booked, else would be on target; None where nothing fixes it."""
        key = (step.key, occurrence)
        if key in self.course.done:
            return Moment(self.course.done[key], True)
        if key not in self._known:
            if key in self._open:
                return None  # a cycle: the checker complains of it
            self._open.add(key)
            self._known[key] = self._projected(step, occurrence)
            self._open.discard(key)
        return self._known[key]

    def _projected(self, step: Step, occurrence: int) -> Moment | None:
        if (step.key, occurrence) in self.course.booked:
            return Moment(self.course.booked[step.key, occurrence], False)
        anchor = self.anchor(step, occurrence)
        if anchor is None:
            return None
        return Moment(shift(anchor.at, self.window(step, occurrence).target, self.zone), False)

    def window(self, step: Step, occurrence: int) -> Window:
        """The window of that occurrence: the step's own, or its repeat's from the second time on."""
        return step.repeat.every if step.repeat and occurrence > 1 else step.window

    def anchor(self, step: Step, occurrence: int) -> Moment | None:
        """What the window of that occurrence is counted from."""
        if step.repeat and occurrence > 1:
            return self._step(step.key, occurrence - 1)
        after = step.after
        match after:
            case AfterEnrolment():
                start = self.course.enrolled_at
                return Moment(start, True) if start else None
            case AfterStep(key, number):
                return self._step(key, number)
            case AfterDose(number):
                return self._dose(number)
            case AfterEachDose():
                return self._dose(occurrence)
            case AfterTherapy(number):
                return self._nth(number, self.course.therapies, self.coming_therapies)
            case OnDate(date):
                return Moment(datetime.fromisoformat(date).replace(tzinfo=self.zone), True)
            case _:
                assert_never(after)

    def _step(self, key: str, occurrence: int) -> Moment | None:
        skip = self.course.skipped.get((key, occurrence))
        if skip is not None:
            return Moment(skip.observed_at, True)
        return self.of(self.protocol.step(key), occurrence) if self.protocol.has(key) else None

    def _dose(self, number: int) -> Moment | None:
        if number == 0:
            number = len(self.course.doses) + len(self.coming_doses)
        return self._nth(number, self.course.doses, self.coming_doses)

    def _nth(self, number: int, happened: tuple[Event, ...], coming: list[Occurrence]) -> Moment | None:
        if 0 < number <= len(happened):
            return Moment(happened[number - 1].observed_at, True)
        place = number - len(happened) - 1
        return self._step(*coming[place]) if 0 <= place < len(coming) else None
