"""The emergency card: the site's steps in their order with their time since the call, who came, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from unstuck.core.protocol import MonitoringPlan
from unstuck.core.rescue import Emergency, Rescue

TEAM = "emergency_team"  # who came and has no account here


@dataclass(frozen=True, slots=True)
class RescueRow:
    """One step; `done` is the time since the call at which somebody touched it, empty while nobody has."""

    key: str
    words: str
    within: str
    done: str
    who: str
    late: bool


@dataclass(frozen=True, slots=True)
class EmergencyCard:
    """Exactly what the card shows. It is there before any emergency, hidden, so that it opens without a network."""

    since: datetime | None
    steps: tuple[RescueRow, ...]
    came: tuple[tuple[str, str], ...]


def emergency_card(
    plan: MonitoringPlan | None, now: Emergency | None, people: Mapping[str, str], at: datetime
) -> EmergencyCard:
    """The card at one instant. `people` are the names of staff by account key."""
    if now is None:
        steps = plan.rescue if plan else ()
        rows = tuple(RescueRow(s.key, s.words, lapse(s.within_s), "", "", False) for s in steps)
        return EmergencyCard(None, rows, ())
    came = tuple((_name(who, people), lapse((when - now.began_at).total_seconds())) for who, when in now.came)
    return EmergencyCard(now.began_at, tuple(_row(step, now.began_at, people, at) for step in now.steps), came)


def _row(rescue: Rescue, began: datetime, people: Mapping[str, str], at: datetime) -> RescueRow:
    done = lapse((rescue.done_at - began).total_seconds()) if rescue.done_at else ""
    who = people.get(rescue.done_by, rescue.done_by)
    return RescueRow(rescue.step.key, rescue.step.words, lapse(rescue.step.within_s), done, who, rescue.late(at))


def _name(who: str, people: Mapping[str, str]) -> str:
    return _("The emergency team") if who == TEAM else people.get(who, who)


def lapse(seconds: float) -> str:
    """Minutes and seconds since the call, such as "1:05"."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
