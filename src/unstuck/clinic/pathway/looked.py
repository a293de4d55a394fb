"""One course as screening sees it: its facts at an instant and the site's day of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, load
from unstuck.clinic.criteria.actions import InForce, in_force
from unstuck.core.accepting import Standing, Watching, screen, standing, watching
from unstuck.core.facts import CourseFacts
from unstuck.core.screening import Looked, RuleFinding, Screening


@dataclass(frozen=True, slots=True)
class Screened:
    """A course with what the rules find in it."""

    loaded: Loaded
    by: InForce
    looked: Looked
    findings: tuple[RuleFinding, ...]
    standing: Standing
    since: datetime | None

    @property
    def rules(self) -> Screening:
        """The rules that it was looked at by."""
        return self.by.rules

    @property
    def watching(self) -> tuple[Watching, ...]:
        """The repeated tests of the course."""
        return watching(self.rules, self.loaded.state, self.looked)


def look(loaded: Loaded, at: datetime) -> Looked:
    """The facts of the course, seen at `at` in the site's zone."""
    local = at.astimezone(clock.zone())
    return Looked(CourseFacts(loaded.state), local, local.date())


def screened(course: Course, at: datetime) -> Screened:
    """What the rules find in the course at `at`."""
    loaded, by = load(course), in_force()
    looked = look(loaded, at)
    stands, since = standing(by.rules, loaded.state, at)
    return Screened(loaded, by, looked, screen(by.rules, loaded.state, looked), stands, since)
