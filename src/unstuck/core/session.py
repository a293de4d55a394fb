"""One dosing visit as it stands: its phase, what was read last, what must be read next, and which alerts hold.

A pure fold of the course under the protocol's monitoring plan; it shows and reminds, it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from unstuck.core import events as ev
from unstuck.core.conditions import Seen, Truth, judge
from unstuck.core.course import Course, standing
from unstuck.core.events import Event
from unstuck.core.facts import CourseFacts, dose_end
from unstuck.core.protocol import AlertRule, MonitoringPlan, Protocol, ReadingPlan
from unstuck.core.verdict import Verdict, discharge_verdict


class Phase(StrEnum):
    """Where a dosing visit stands."""

    EXPECTED = "expected"  # nothing of the visit has been recorded
    BEFORE = "before"  # readings before the dose
    DURING = "during"  # the drug runs
    AFTER = "after"  # the dose has ended, the person is still here
    GONE = "gone"  # discharged


@dataclass(frozen=True, slots=True)
class ReadingDue:
    """Readings that the plan asks for, and by when; None where it sets no interval and they were never taken."""

    readings: tuple[str, ...]
    by: datetime
    source: str

    def late(self, at: datetime) -> bool:
        """Whether they should have been taken already."""
        return at > self.by


@dataclass(frozen=True, slots=True)
class Session:
    """One dosing visit at one instant."""

    step: str
    occurrence: int
    phase: Phase
    dose: Event | None
    ends_at: datetime | None
    stay_until: datetime | None
    latest: tuple[tuple[str, Seen], ...]
    due: tuple[ReadingDue, ...]
    alerts: tuple[AlertRule, ...]
    leaving: Verdict | None


def session(protocol: Protocol, course: Course, step: str, occurrence: int, at: datetime) -> Session:
    """The visit as it stands at `at`."""
    happened = [e for e in standing(course.log) if e.observed_at <= at and _belongs(e, step, occurrence)]
    dose = next((e for e in happened if isinstance(e.what, ev.DoseGiven)), None)
    phase = _phase(happened, dose, at)
    plan = protocol.monitoring
    return Session(
        step=step,
        occurrence=occurrence,
        phase=phase,
        dose=dose,
        ends_at=dose_end(dose) if dose else None,
        stay_until=_stay_until(plan, dose),
        latest=_latest(happened),
        due=tuple(_due(plan, happened, dose, phase)) if plan else (),
        alerts=_alerts(plan, course, phase, at),
        leaving=discharge_verdict(protocol, course, at) if phase is Phase.AFTER else None,
    )


def _belongs(event: Event, step: str, occurrence: int) -> bool:
    what = event.what
    return getattr(what, "step", None) == step and getattr(what, "occurrence", None) == occurrence


def _phase(happened: list[Event], dose: Event | None, at: datetime) -> Phase:
    if any(isinstance(e.what, ev.Discharged) for e in happened):
        return Phase.GONE
    if dose is None:
        return Phase.BEFORE if any(isinstance(e.what, ev.ReadingTaken) for e in happened) else Phase.EXPECTED
    return Phase.DURING if at < dose_end(dose) else Phase.AFTER


def _stay_until(plan: MonitoringPlan | None, dose: Event | None) -> datetime | None:
    if plan is None or dose is None or plan.stay_min is None:
        return None
    start = dose_end(dose) if plan.stay_from == "dose_end" else dose.observed_at
    return start + timedelta(minutes=plan.stay_min)


def _latest(happened: list[Event]) -> tuple[tuple[str, Seen], ...]:
    last: dict[str, Seen] = {}
    for event in sorted(happened, key=lambda e: e.observed_at):
        if isinstance(event.what, ev.ReadingTaken):
            last[event.what.name] = Seen(event.observed_at, event.what.value)
    return tuple(last.items())


def _due(plan: MonitoringPlan, happened: list[Event], dose: Event | None, phase: Phase) -> Iterator[ReadingDue]:
    """The next readings of the plan's rows for this phase, counted from the last ones or from the phase's start."""
    start = _start(dose, phase)
    if start is None:
        return
    for row in plan.readings:
        if row.phase == phase.value:
            taken = _taken(happened, row, start)
            if taken is None or row.every_min is not None:
                wait = timedelta(minutes=row.every_min or 0)
                yield ReadingDue(row.readings, (taken or start) + wait, row.source)


def _start(dose: Event | None, phase: Phase) -> datetime | None:
    if dose is None or phase not in (Phase.DURING, Phase.AFTER):
        return None
    return dose.observed_at if phase is Phase.DURING else dose_end(dose)


def _taken(happened: list[Event], row: ReadingPlan, since: datetime) -> datetime | None:
    """When all readings of the row had last been taken, since that instant; None where one is missing."""
    last = []
    for name in row.readings:
        moments = [e.observed_at for e in happened if isinstance(e.what, ev.ReadingTaken) and e.what.name == name]
        last.append(max((m for m in moments if m >= since), default=None))
    known = [m for m in last if m is not None]
    return min(known) if known and len(known) == len(last) else None


def _alerts(plan: MonitoringPlan | None, course: Course, phase: Phase, at: datetime) -> tuple[AlertRule, ...]:
    if plan is None or phase not in (Phase.BEFORE, Phase.DURING, Phase.AFTER):
        return ()
    facts = CourseFacts(course)
    return tuple(alert for alert in plan.alerts if judge(alert.rule, facts, at) is Truth.HOLDS)
