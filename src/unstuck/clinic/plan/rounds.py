"""What nobody answers at a chair becomes an alert of the clinic; what is over again is settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from unstuck.clinic import clock
from unstuck.clinic.alerts.actions import Moment, raise_alert, settle
from unstuck.clinic.alerts.climb import CLOCK
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.plan.actions import Place, alarm_cause
from unstuck.clinic.plan.visits import Day, Visit, running_visits
from unstuck.clinic.plan.watch import Heard, Key, watches
from unstuck.core.session_events import Call

CALLS = {Call.HELP.value: "help_called", Call.EMERGENCY.value: "emergency"}
_LOOKS_BACK = timedelta(days=2)  # longer than any session: an alert raised before is of another one
ENDS_BY_ITSELF = {"session_overdue": "read_now", "unwatched": "heard_again"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alert that the room asks for now."""

    kind: str
    course: str
    cause: str
    alarm: str = ""
    place: str = ""
    step: str = ""
    occurrence: int = 0


def work_round(at: datetime) -> None:
    """The worker's share: every running session is asked for what nobody answered."""
    rows = list(queries.everyone().filter(ended_at=None))
    alarms_to_alerts(queries.loaded(rows), at, watches())


def alarms_to_alerts(courses: Iterable[Loaded], at: datetime, heard: Mapping[Key, Heard]) -> int:
    """How many alerts were raised for what is unanswered beyond the profile's time in the sessions of these courses.

    A cause that has its alert gets no second one; overdue readings and silence settle theirs when they are over.
    """
    return unanswered_to_alerts(running_visits(courses, Day(at, clock.zone()), heard), at)


def unanswered_to_alerts(visits: Iterable[Visit], at: datetime) -> int:
    """As `alarms_to_alerts`, for every visit that is running, as somebody has loaded them."""
    wanted = [one for visit in visits for one in _wanted(visit, at)]
    kinds = [*CALLS.values(), *ENDS_BY_ITSELF, "session_alarm"]
    standing = Alert.objects.filter(kind__in=kinds, raised_at__gt=at - _LOOKS_BACK)
    known = {(a.kind, a.course.key if a.course else "", a.cause): a for a in standing.select_related("course")}
    new = [one for one in wanted if (one.kind, one.course, one.cause) not in known]
    for one in new:
        raise_alert(one.kind, one.course, CLOCK, at, one.cause, _details(one))
    still = {(one.kind, one.course, one.cause) for one in wanted}
    for mark, alert in known.items():
        if alert.closed_at is None and alert.kind in ENDS_BY_ITSELF and mark not in still:
            settle(*mark, ENDS_BY_ITSELF[alert.kind], Moment(CLOCK, at))
    return len(new)


def _details(one: Wanted) -> dict[str, str | int]:
    told: dict[str, str | int] = {"step": one.step, "occurrence": one.occurrence, "place": one.place}
    return told | ({"alarm": one.alarm} if one.alarm else {})


def _wanted(visit: Visit, at: datetime) -> Iterator[Wanted]:
    place = Place(visit.loaded.row, visit.step, visit.occurrence)
    for alarm in visit.session.alarms:
        if alarm.unanswered:
            yield _one("session_alarm", place, alarm_cause(place, alarm), alarm.rule.key, visit.place)
    for call in visit.session.calls:
        cause = f"{visit.step}:{visit.occurrence}:{call.call}:{_second(call.at)}"
        yield _one(CALLS[call.call], place, cause, "", visit.place)
    overdue = [row for row in visit.session.due if row.by + _patience(visit) < at]
    if overdue:  # one alert a session, for what is overdue longest
        row = min(overdue, key=lambda one: one.by)
        cause = f"{visit.step}:{visit.occurrence}:{row.readings[0]}:{_second(row.by)}"
        yield _one("session_overdue", place, cause, row.readings[0], visit.place)
    since = visit.silent_since(at)
    if since is not None:
        yield _one("unwatched", place, f"{visit.step}:{visit.occurrence}:{_second(since)}", "", visit.place)


def _patience(visit: Visit) -> timedelta:
    """How long an overdue reading waits before it is an alert: as long as an alarm waits for another look."""
    plan = visit.loaded.protocol.monitoring
    minutes = plan.limit("alarm_recheck_min") if plan else None
    return timedelta(minutes=minutes or 0)


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _one(kind: str, place: Place, cause: str, alarm: str, where: str) -> Wanted:
    return Wanted(kind, place.course.key, cause, alarm, where, place.step, place.occurrence)
