"""An emergency of a session as it stands: when it began, which of the plan's steps are done, and who came.

It goes on after somebody has come, until somebody says that it is over. It tells the steps that the site signed; it
advises nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from unstuck.core.events import Event
from unstuck.core.protocol import MonitoringPlan, RescueStep
from unstuck.core.session_events import Call, CallAnswered, Called, MeasureTaken

OVER = "emergency_over"  # the measure that ends an emergency


@dataclass(frozen=True, slots=True)
class Rescue:
    """One step of the plan in this emergency; `done_at` is None while nobody has touched it."""

    step: RescueStep
    by: datetime
    done_at: datetime | None
    done_by: str

    def late(self, at: datetime) -> bool:
        """Whether it should have been done already."""
        return self.done_at is None and at > self.by


@dataclass(frozen=True, slots=True)
class Emergency:
    """The emergency that is going on; `came` holds who came and when, in order."""

    began_at: datetime
    steps: tuple[Rescue, ...]
    came: tuple[tuple[str, datetime], ...]


def emergency(plan: MonitoringPlan | None, happened: Sequence[Event]) -> Emergency | None:
    """The emergency of the visit whose events are `happened`, counted from the first call; None where none goes on."""
    since: list[Event] = []
    for event in sorted(happened, key=lambda e: e.observed_at):
        if isinstance(event.what, MeasureTaken) and event.what.measure == OVER:
            since = []
        elif since or (isinstance(event.what, Called) and event.what.call is Call.EMERGENCY):
            since.append(event)
    if not since:
        return None
    began = since[0].observed_at
    steps = tuple(_step(step, began, since) for step in (plan.rescue if plan else ()))
    return Emergency(began, steps, tuple(_came(since)))


def _step(step: RescueStep, began: datetime, since: Sequence[Event]) -> Rescue:
    done = next((e for e in since if isinstance(e.what, MeasureTaken) and e.what.measure == step.key), None)
    by = began + timedelta(seconds=step.within_s)
    return Rescue(step, by, done.observed_at if done else None, done.actor if done else "")


def _came(since: Sequence[Event]) -> list[tuple[str, datetime]]:
    answers = [e for e in since if isinstance(e.what, CallAnswered) and e.what.call is Call.EMERGENCY]
    return [(e.what.who, e.observed_at) for e in answers if isinstance(e.what, CallAnswered)]
