"""Alerts as a rule of care: who must take one by when, and to whom it goes when nobody does.

An alert climbs a chain of duties. Each stage has a clock; when it runs out, the next duty owns the alert, and past the
last one everybody on duty does. The times are data that a site signs (`library/alerts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from unstuck.core.sourced import Grade

OTHER = "other"
"""The kind that stands in for one that the policy does not know: nothing is lost for want of a line in a file."""


class Duty(StrEnum):
    """For what somebody is on duty."""

    NURSE = "nurse"
    THERAPIST = "therapist"
    PRESCRIBER = "prescriber"
    FRONT_DESK = "front_desk"
    CUSTODIAN = "custodian"
    SAFETY_LEAD = "safety_lead"


class Urgency(StrEnum):
    """How an alert stands among others."""

    NOW = "now"
    TODAY = "today"
    SOON = "soon"


@dataclass(frozen=True, slots=True)
class Stage:
    """One duty that owns the alert, and how long before the next one does."""

    duty: Duty
    take_min: float


@dataclass(frozen=True, slots=True)
class Action:
    """A coded action: one that was tried on the way, or one that closes an alert."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class AlertKind:
    """One kind of alert: what it says, what to do, who is asked in which order, and what ends it.

    `recheck_min` is how long it may rest with whoever took it; then it climbs on.
    """

    key: str
    title: str
    do: str
    urgency: Urgency
    chain: tuple[Stage, ...]
    recheck_min: float
    closings: tuple[Action, ...]
    source: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Every kind of alert of a site.

    `remind_min` is how often an alert at the end of its chain is sent out again; `actions`
    are what may be noted on the way."""

    version: str
    remind_min: float
    actions: tuple[Action, ...]
    kinds: tuple[AlertKind, ...]

    def kind(self, key: str) -> AlertKind:
        """The kind of that name; for a name that nobody wrote down, the kind `other`."""
        known = {kind.key: kind for kind in self.kinds}
        return known.get(key) or known[OTHER]

    def knows(self, key: str) -> bool:
        """Whether the policy has a line for it."""
        return any(kind.key == key for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Climb:
    """The alert reached `stage` at that instant, and leaves it at `until`; past the chain's end it belongs to all."""

    stage: int
    at: datetime
    until: datetime


def stage_of(kind: AlertKind, stage: int) -> Stage | None:
    """The stage of that number, or None past the end, where everybody on duty owns the alert."""
    return kind.chain[stage] if stage < len(kind.chain) else None


def first_clock(kind: AlertKind, raised_at: datetime) -> datetime:
    """By when the first duty must have taken an alert that was raised then."""
    return raised_at + timedelta(minutes=kind.chain[0].take_min)


def recheck_clock(kind: AlertKind, at: datetime) -> datetime:
    """By when somebody who took the alert, or acted, must do something again."""
    return at + timedelta(minutes=kind.recheck_min)


def climbs(policy: AlertPolicy, kind: AlertKind, stage: int, by: datetime, at: datetime) -> Iterator[Climb]:
    """Every stage that an alert whose clock runs to `by` has reached until `at`, in order.

    Past the end of the chain it comes once more after each `rest_min`: it is never silent while it is open.
    """
    while by <= at:
        reached, stage = by, min(stage + 1, len(kind.chain))
        here = stage_of(kind, stage)
        by = reached + timedelta(minutes=here.take_min if here else rest_min(policy, kind))
        yield Climb(stage, reached, by)


def rest_min(policy: AlertPolicy, kind: AlertKind) -> float:
    """How long an alert rests past the end of its chain: `remind_min` where somebody is needed now.

    Another comes after the time of its last stage, so that what can wait a day does not ring six times an hour.
    """
    return policy.remind_min if kind.urgency is Urgency.NOW else max(policy.remind_min, kind.chain[-1].take_min)
