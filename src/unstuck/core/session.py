"""One dosing visit as it stands: its phase, what was read last, what must be read next, and which alarms are open.

A pure fold of the course under the protocol's monitoring plan; it shows and reminds, it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from unstuck.core import events as ev
from unstuck.core.alarms import Alarm, alarms
from unstuck.core.conditions import Seen
from unstuck.core.course import Course, standing
from unstuck.core.events import Event
from unstuck.core.facts import run_of
from unstuck.core.infusion import Infusion
from unstuck.core.protocol import AlertRule, MonitoringPlan, Protocol, ReadingPlan
from unstuck.core.rescue import Emergency, emergency
from unstuck.core.session_events import CallAnswered, Called, HandedOver, PresenceNoted, SessionOpened
from unstuck.core.verdict import Verdict, discharge_verdict


class Phase(StrEnum):
    """Where a dosing visit stands."""

    EXPECTED = "expected"  # nothing of the visit has been recorded
    CHECK_IN = "check_in"  # the person is in the chair, nothing was read yet
    BEFORE = "before"  # readings before the dose
    DURING = "during"  # the drug is being given
    PEAK = "peak"  # given, and near its strongest
    AFTER = "after"  # wearing off; the person stays
    LEAVING = "leaving"  # the minimum stay is over
    GONE = "gone"  # discharged


_HERE = (Phase.BEFORE, Phase.DURING, Phase.PEAK, Phase.AFTER, Phase.LEAVING)
# Rows of a plan speak of three phases; a row for `during` goes on while the effect is near its peak.
_ROWS = {Phase.DURING: "during", Phase.PEAK: "during", Phase.AFTER: "after", Phase.LEAVING: "after"}


@dataclass(frozen=True, slots=True)
class ReadingDue:
    """Readings that the plan asks for, by when, and the instant from which that is counted."""

    readings: tuple[str, ...]
    by: datetime
    source: str
    counted_from: str = ""  # dose_start, peak_end, last_reading

    def late(self, at: datetime) -> bool:
        """Whether they should have been taken already."""
        return at > self.by


@dataclass(frozen=True, slots=True)
class OpenCall:
    """Somebody called, and nobody has come yet."""

    call: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One dosing visit at one instant. `alerts` are the rules that hold now, `alarms` what they became."""

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
    alarms: tuple[Alarm, ...] = ()
    calls: tuple[OpenCall, ...] = ()
    run: Infusion | None = None
    peak_until: datetime | None = None
    chair: str = ""
    keeper: str = ""  # who has the chair: who opened the session, or took it over last
    in_room: tuple[str, ...] = ()
    emergency: Emergency | None = None


def session(protocol: Protocol, course: Course, step: str, occurrence: int, at: datetime) -> Session:
    """The visit as it stands at `at`."""
    happened = _of_the_visit(course, step, occurrence, at)
    dose = next((e for e in happened if isinstance(e.what, ev.DoseGiven)), None)
    run = run_of(course, dose) if dose else None
    plan = protocol.monitoring
    peak_until = _peak_until(plan, dose, run)
    stay_until = _stay_until(plan, dose, run)
    phase = _phase(happened, run, peak_until, stay_until, at)
    rung = alarms(plan, course, happened, at) if plan and phase in _HERE else ()
    opened = next((e for e in reversed(happened) if isinstance(e.what, SessionOpened)), None)
    return Session(
        step=step,
        occurrence=occurrence,
        phase=phase,
        dose=dose,
        ends_at=run.ends_at if run else None,
        stay_until=stay_until,
        latest=_latest(happened),
        due=tuple(sorted(_due(plan, happened, run, phase, peak_until), key=lambda d: d.by)) if plan else (),
        alerts=tuple(alarm.rule for alarm in rung if alarm.holds),
        leaving=discharge_verdict(protocol, course, at) if phase in (Phase.PEAK, Phase.AFTER, Phase.LEAVING) else None,
        alarms=tuple(alarm for alarm in rung if alarm.is_open),
        calls=_calls(happened),
        run=run,
        peak_until=peak_until,
        chair=opened.what.chair if opened and isinstance(opened.what, SessionOpened) else "",
        keeper=_keeper(happened, opened),
        in_room=_in_room(happened),
        emergency=emergency(plan, happened) if phase is not Phase.GONE else None,
    )


def visit_of(course: Course, step: str, occurrence: int, at: datetime) -> list[Event]:
    """What happened in this visit until `at`, in order of time; what a device needs to count on alone."""
    return sorted(_of_the_visit(course, step, occurrence, at), key=lambda e: e.observed_at)


def _of_the_visit(course: Course, step: str, occurrence: int, at: datetime) -> list[Event]:
    """What names this session, and whatever was rated between its first event and leaving under another step's name."""
    counted = [e for e in standing(course.log) if e.observed_at <= at]
    own = [e for e in counted if _belongs(e, step, occurrence)]
    first = min((e.observed_at for e in own), default=at)
    last = next((e.observed_at for e in own if isinstance(e.what, ev.Discharged)), at)
    rated = [e for e in counted if isinstance(e.what, ev.AssessmentCompleted) and first <= e.observed_at <= last]
    return own + [e for e in rated if not _belongs(e, step, occurrence)]


def _belongs(event: Event, step: str, occurrence: int) -> bool:
    what = event.what
    return getattr(what, "step", None) == step and getattr(what, "occurrence", None) == occurrence


def _phase(
    happened: list[Event], run: Infusion | None, peak_until: datetime | None, stay_until: datetime | None, at: datetime
) -> Phase:
    if any(isinstance(e.what, ev.Discharged) for e in happened):
        return Phase.GONE
    if run is None:
        return _before(happened)
    if run.ends_at is None or at < run.ends_at:
        return Phase.DURING
    if peak_until is not None and at < peak_until:
        return Phase.PEAK
    return Phase.LEAVING if stay_until is not None and at >= stay_until else Phase.AFTER


def _before(happened: list[Event]) -> Phase:
    if any(isinstance(e.what, ev.ReadingTaken) for e in happened):
        return Phase.BEFORE
    return Phase.CHECK_IN if any(isinstance(e.what, SessionOpened) for e in happened) else Phase.EXPECTED


def _peak_until(plan: MonitoringPlan | None, dose: Event | None, run: Infusion | None) -> datetime | None:
    """Until when the effect stands near its peak, by the plan's figure for the route; None where it has none."""
    if plan is None or dose is None or run is None or run.ends_at is None:
        return None
    assert isinstance(dose.what, ev.DoseGiven)
    minutes = plan.limit(f"peak_min.{dose.what.route}")
    return run.ends_at + timedelta(minutes=minutes) if minutes is not None else None


def _stay_until(plan: MonitoringPlan | None, dose: Event | None, run: Infusion | None) -> datetime | None:
    if plan is None or dose is None or run is None or plan.stay_min is None:
        return None
    start = run.ends_at if plan.stay_from == "dose_end" else dose.observed_at
    return start + timedelta(minutes=plan.stay_min) if start is not None else None


def _latest(happened: list[Event]) -> tuple[tuple[str, Seen], ...]:
    last: dict[str, Seen] = {}
    for event in sorted(happened, key=lambda e: e.observed_at):
        if isinstance(event.what, ev.ReadingTaken):
            last[event.what.name] = Seen(event.observed_at, event.what.value)
    return tuple(last.items())


def _due(
    plan: MonitoringPlan, happened: list[Event], run: Infusion | None, phase: Phase, peak_until: datetime | None
) -> Iterator[ReadingDue]:
    """The next readings of the plan's rows for this phase, counted from the last ones or from the phase's start."""
    name = _ROWS.get(phase)
    if run is None or name is None:
        return
    end = peak_until or run.ends_at
    start, anchor = (run.started_at, "dose_start") if name == "during" else (end, "peak_end")
    for row in plan.readings:
        if row.phase == name and start is not None:
            yield from _row_due(row, happened, start, anchor)


def _row_due(row: ReadingPlan, happened: list[Event], start: datetime, anchor: str) -> Iterator[ReadingDue]:
    taken = _taken(happened, row, start)
    if row.at_min:
        yield from _set_points(row, taken, start, anchor)
    elif taken is None:
        yield ReadingDue(row.readings, start + timedelta(minutes=row.every_min or 0), row.source, anchor)
    elif row.every_min is not None:
        yield ReadingDue(row.readings, taken + timedelta(minutes=row.every_min), row.source, "last_reading")


def _set_points(row: ReadingPlan, taken: datetime | None, start: datetime, anchor: str) -> Iterator[ReadingDue]:
    """The first set point that the last whole round does not meet: a round meets the points behind it and the one
    that it lies nearer to, so that nothing read at minute 3 stands for what is to be read at minute 40."""
    before = 0
    for point in row.at_min:
        if taken is None or taken < start + timedelta(minutes=(before + point) / 2):
            yield ReadingDue(row.readings, start + timedelta(minutes=point), row.source, anchor)
            return
        before = point


def _taken(happened: list[Event], row: ReadingPlan, since: datetime) -> datetime | None:
    """When all readings of the row had last been taken, since that instant; None where one is missing."""
    last = [max(_moments(happened, name, since), default=None) for name in row.readings]
    known = [m for m in last if m is not None]
    return min(known) if known and len(known) == len(last) else None


def _moments(happened: list[Event], name: str, since: datetime) -> list[datetime]:
    """When a reading was taken, or an instrument was rated, since that instant."""
    return [e.observed_at for e in happened if e.observed_at >= since and name_of(e) == name]


def name_of(event: Event) -> str:
    """The reading or the instrument that an event brings; empty for any other event."""
    match event.what:
        case ev.ReadingTaken(name):
            return name
        case ev.AssessmentCompleted(instrument):
            return instrument
        case _:
            return ""


def _calls(happened: list[Event]) -> tuple[OpenCall, ...]:
    """Calls that nobody has answered since."""
    calls: dict[str, OpenCall] = {}
    for event in sorted(happened, key=lambda e: e.observed_at):
        if isinstance(event.what, Called):
            calls.setdefault(event.what.call.value, OpenCall(event.what.call.value, event.what.by, event.observed_at))
        elif isinstance(event.what, CallAnswered):
            calls.pop(event.what.call.value, None)
    return tuple(calls.values())


def _keeper(happened: list[Event], opened: Event | None) -> str:
    handed = [e for e in happened if isinstance(e.what, HandedOver)]
    last = max(handed, key=lambda e: e.observed_at, default=None)
    if last is not None and isinstance(last.what, HandedOver):
        return last.what.to
    return opened.actor if opened else ""


def _in_room(happened: list[Event]) -> tuple[str, ...]:
    here: dict[str, bool] = {}
    for event in sorted(happened, key=lambda e: e.observed_at):
        if isinstance(event.what, PresenceNoted):
            here[event.what.who] = event.what.present
    return tuple(who for who, present in here.items() if present)
