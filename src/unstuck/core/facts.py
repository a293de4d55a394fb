"""What rules may see of a course: observed series, counters and times since the last dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.conditions import Seen
from unstuck.core.course import Course
from unstuck.core.events import Event

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
            start = dose_end(given[-1])
        elapsed = (until - start) / timedelta(minutes=1)
        return [Seen(until, elapsed / 1440 if fact == "days_since_last_dose" else elapsed)] if elapsed >= 0 else []


def dose_end(dose: Event) -> datetime:
    """When a dose ended: its start plus its minutes (a bolus ends when it starts)."""
    minutes = dose.what.minutes if isinstance(dose.what, ev.DoseGiven) else None
    return dose.observed_at + timedelta(minutes=minutes or 0)
