"""The outcome of one course on one page: figures with their uncertainty, what is missing, and what it does not show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, tzinfo

from unstuck.core.course import Course
from unstuck.core.events import AdverseEventNoted, DoseGiven
from unstuck.core.instrument import Instrument, Shift
from unstuck.core.outcomes import Point, Result, baseline, evaluate, points, started_at
from unstuck.core.protocol import Assess, Protocol
from unstuck.core.schedule import State, overview


@dataclass(frozen=True, slots=True)
class Changed:
    """The change of one scale. `noise` is the least change that its error of measurement does not explain, 95 %."""

    title: str
    first: Point | None
    last: Point | None
    noise: float | None
    noise_source: str

    @property
    def change(self) -> float | None:
        """Last minus first; negative is better on these scales."""
        return self.last.value - self.first.value if self.first and self.last and self.first is not self.last else None

    @property
    def span(self) -> tuple[float, float] | None:
        """The change with what error of measurement alone may add or take away."""
        if self.change is None or self.noise is None:
            return None
        return self.change - self.noise, self.change + self.noise

    @property
    def beyond_noise(self) -> bool | None:
        """Whether the change is larger than error alone explains; None where it cannot be told."""
        return None if self.change is None or self.noise is None else abs(self.change) >= self.noise


@dataclass(frozen=True, slots=True)
class Outcome:
    """One endpoint of the protocol in this course."""

    title: str
    result: Result
    primary: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """What the page says, before anybody's name."""

    protocol: str
    enrolled_at: datetime | None
    started_at: datetime | None
    ended: str
    doses: tuple[tuple[datetime, str, float], ...]  # when, drug, mg
    therapy_sessions: int
    curve: Changed
    outcomes: tuple[Outcome, ...]
    asked: int
    answered: int
    harms: tuple[tuple[str, int, int], ...]  # category, highest grade, how often


def summarise(
    protocol: Protocol, course: Course, instrument: Instrument, at: datetime, zone: tzinfo
) -> Summary:  # fmt: skip
    """The summary of a course as it stands at `at`."""
    asked, answered = _completeness(protocol, course, instrument.key, at, zone)
    ended = course.ended.what if course.ended else None
    return Summary(
        protocol=protocol.title,
        enrolled_at=course.enrolled_at,
        started_at=started_at(course),
        ended=str(getattr(ended, "ending", "")),
        doses=tuple(
            (d.observed_at, d.what.drug, d.what.amount_mg) for d in course.doses if isinstance(d.what, DoseGiven)
        ),
        therapy_sessions=len(course.therapies),
        curve=changed(course, instrument),
        outcomes=tuple(
            Outcome(e.title, evaluate(e, course), e.primary) for e in protocol.endpoints if e.kind != "change"
        ),
        asked=asked,
        answered=answered,
        harms=_harms(course),
    )


def changed(course: Course, instrument: Instrument, scale: str = "total") -> Changed:
    """The change from the baseline to the last score of that scale."""
    seen = points(course, instrument.key, scale)
    noise, source = reliable(instrument, scale)
    return Changed(instrument.title, baseline(course, instrument.key, scale), seen[-1] if seen else None, noise, source)


def reliable(instrument: Instrument, scale: str = "total") -> tuple[float | None, str]:
    """The least reliable fall by the instrument's default definition, and its source."""
    for rule in instrument.changes:
        if rule.key == "reliable" and rule.definition == instrument.definitions[0]:
            figures = [test.figure for test in rule.tests if test.shift is Shift.FALL and test.of == scale]
            for figure in figures:
                if figure is not None:
                    return figure.value, figure.source
    return None, ""


def _completeness(
    protocol: Protocol, course: Course, instrument: str, at: datetime, zone: tzinfo
) -> tuple[int, int]:  # fmt: skip
    """How often that instrument was due by now, and how often it was answered then."""
    steps = {
        s.key for s in protocol.steps if isinstance(s.activity, Assess) and instrument in s.activity.instruments
    }  # fmt: skip
    rows = [r for r in overview(protocol, course, at, zone) if r.step in steps and r.state is not State.CONDITIONAL]
    settled = (State.DONE, State.SKIPPED, State.LATE)
    return sum(r.state in settled for r in rows), sum(r.state is State.DONE for r in rows)


def _harms(course: Course) -> tuple[tuple[str, int, int], ...]:
    found = [e.what for e in course.adverse if isinstance(e.what, AdverseEventNoted)]
    counted = Counter(what.category for what in found)
    worst = {category: max(w.grade for w in found if w.category == category) for category in counted}
    return tuple((category, worst[category], counted[category]) for category in sorted(counted))
