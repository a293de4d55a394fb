"""The clinic's own outcomes beside published arms: everyone who began is counted, and few people are told as few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from unstuck.core.course import Course
from unstuck.core.evidence_release import ArmResult, Release
from unstuck.core.outcomes import evaluate, who_started
from unstuck.core.protocol import Endpoint, Protocol
from unstuck.core.schedule import State, overview
from unstuck.core.shares import Share, exact_interval, share


@dataclass(frozen=True, slots=True)
class Seen:
    """A course with the protocol that it runs under."""

    protocol: Protocol
    course: Course


@dataclass(frozen=True, slots=True)
class Beside:
    """One endpoint of a protocol: this clinic's share, and the published arms with the same definition.

    `own` counts everyone who began and whose time for this outcome has come; `early` are those whose time has not.
    """

    endpoint: Endpoint
    own: Share
    early: int
    arms: tuple[ArmResult, ...]
    smallest: int

    @property
    def enough(self) -> bool:
        """Whether the group is large enough for its figures to be shown."""
        return self.own.started >= self.smallest

    @property
    def benchmark(self) -> tuple[int, int] | None:
        """Responders and people of the published treated arms together; None where no such arm is known."""
        treated = [arm for arm in self.arms if arm.treated]
        return (sum(a.met for a in treated), sum(a.of for a in treated)) if treated else None


@dataclass(frozen=True, slots=True)
class Site:
    """The instant and zone of the count, the courses, and how small a group may be."""

    courses: tuple[Seen, ...]
    at: datetime
    zone: tzinfo
    smallest: int


def beside(protocol: Protocol, site: Site, release: Release) -> tuple[Beside, ...]:
    """Every response endpoint of the protocol with its published arms, the primary one first."""
    endpoints = [e for e in protocol.endpoints if e.kind == "response"]
    endpoints.sort(key=lambda e: not e.primary)
    return tuple(_beside(endpoint, protocol.key, site, release) for endpoint in endpoints)


def _beside(endpoint: Endpoint, protocol: str, site: Site, release: Release) -> Beside:
    early = [seen for seen in site.courses if is_early(endpoint, seen, site.at, site.zone)]
    come = [seen.course for seen in site.courses if seen not in early]
    began = len(who_started(seen.course for seen in early))
    return Beside(endpoint, share(endpoint, come), began, arms_like(endpoint, protocol, release.arms), site.smallest)


def is_early(endpoint: Endpoint, seen: Seen, at: datetime, zone: tzinfo) -> bool:
    """Whether the course goes on and has not come to where this outcome is read: not missing, but not yet known."""
    if seen.course.is_over or evaluate(endpoint, seen.course).met is not None:
        return False
    rows = [row for row in overview(seen.protocol, seen.course, at, zone) if row.step == endpoint.at]
    left = [row for row in rows if row.state not in (State.DONE, State.SKIPPED)]
    return not endpoint.at or any(row.closes is None or row.closes > at for row in left)


def arms_like(endpoint: Endpoint, protocol: str, arms: Sequence[ArmResult]) -> tuple[ArmResult, ...]:
    """Published arms of this protocol that count the same fall on the same scale."""
    what = definition(endpoint)
    measure = measure_of(endpoint.instrument)
    return tuple(a for a in arms if protocol in a.protocols and (a.measure, a.what) == (measure, what))


def definition(endpoint: Endpoint) -> str:
    """How the library's studies write what this endpoint counts."""
    if endpoint.fall_percent is not None:
        return f"fall of {endpoint.fall_percent:g} % or more"
    return f"fall of {endpoint.fall_points:g} points or more"


def measure_of(instrument: str) -> str:
    """The measure of an instrument: the week's and the month's form are one scale."""
    return instrument.removesuffix("_week").removesuffix("_month")


def interval(met: int, of: int) -> tuple[float, float, float]:
    """The share and its exact interval."""
    low, high = exact_interval(met, of)
    return met / of, low, high
