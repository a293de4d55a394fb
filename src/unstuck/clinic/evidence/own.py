"""The clinic's own outcomes beside published arms: everyone who began is counted, and few people are told as few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unstuck.core.course import Course
from unstuck.core.evidence_release import ArmResult, Release
from unstuck.core.protocol import Endpoint, Protocol
from unstuck.core.shares import Share, exact_interval, share


@dataclass(frozen=True, slots=True)
class Beside:
    """One endpoint of a protocol: this clinic's share, and the published arms with the same definition."""

    endpoint: Endpoint
    own: Share
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


def beside(protocol: Protocol, courses: Iterable[Course], release: Release, smallest: int) -> tuple[Beside, ...]:
    """Every response endpoint of the protocol with its published arms, the primary one first."""
    found = tuple(courses)
    endpoints = [e for e in protocol.endpoints if e.kind == "response"]
    endpoints.sort(key=lambda e: not e.primary)
    return tuple(Beside(e, share(e, found), arms_like(e, protocol.key, release.arms), smallest) for e in endpoints)


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
