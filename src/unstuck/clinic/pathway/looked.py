"""One course as screening sees it: its facts at an instant and the site's day of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, load
from unstuck.core.accepting import Standing, Watching, screen, standing, watching
from unstuck.core.facts import CourseFacts
from unstuck.core.screening import Looked, RuleFinding, Screening
from unstuck.core.screening_file import load_screening


@dataclass(frozen=True, slots=True)
class Screened:
    """A course with what the rules find in it."""

    loaded: Loaded
    rules: Screening
    looked: Looked
    findings: tuple[RuleFinding, ...]
    standing: Standing
    since: datetime | None

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
    loaded, rules = load(course), load_screening()
    looked = look(loaded, at)
    stands, since = standing(rules, loaded.state, at)
    return Screened(loaded, rules, looked, screen(rules, loaded.state, looked), stands, since)
