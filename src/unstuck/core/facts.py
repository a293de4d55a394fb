"""What rules may see of a course: observed series, counters and times since the last dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.conditions import Seen
from unstuck.core.course import Course
from unstuck.core.events import Event
from unstuck.core.infusion import Infusion, infusion

CLOCKS = ("days_since_last_dose", "minutes_since_dose_start", "minutes_since_dose_end")


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """Facts of one course. `done.<step>` counts how often a step was done, and is 0 from enrolment on."""

    course: Course

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]:
        """Every value observed at or before `until`, oldest first; empty where nothing was ever observed."""
        if fact in CLOCKS:
            return self._clock(fact, until)
        if fact == "treatments":
            return [Seen(at, float(n)) for n, at in enumerate(self.treatments(), 1) if at <= until]
        values = self.course.series.get(fact, ())
        if fact.startswith("done.") and self.course.enrolled_at:
            values = (Seen(self.course.enrolled_at, 0.0), *values)
        return [seen for seen in values if seen.at <= until]

    def treatments(self) -> list[datetime]:
        """When doses began and trauma-focused sessions were held, oldest first."""
        return sorted(event.observed_at for event in (*self.course.doses, *self.course.therapies))

    def _clock(self, fact: str, until: datetime) -> Sequence[Seen]:
        given = [dose for dose in self.course.doses if dose.observed_at <= until]
        if not given:
            return []
        start = given[-1].observed_at
        if fact == "minutes_since_dose_end":
            end = dose_end(self.course, given[-1])
            if end is None:
                return []
            start = end
        elapsed = (until - start) / timedelta(minutes=1)
        return [Seen(until, elapsed / 1440 if fact == "days_since_last_dose" else elapsed)] if elapsed >= 0 else []


def run_of(course: Course, dose: Event) -> Infusion:
    """A dose as it ran, with its pauses, its rates and its parts."""
    assert isinstance(dose.what, ev.DoseGiven)
    return infusion(dose, course.sessions.get((dose.what.step, dose.what.occurrence), ()))


def dose_end(course: Course, dose: Event) -> datetime | None:
    """When a dose ended or will end as it runs; a bolus ends when it starts, a paused infusion has no end yet."""
    return run_of(course, dose).ends_at
