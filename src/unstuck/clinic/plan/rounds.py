"""What nobody answers at a chair becomes an alert of the clinic; what is over again is settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings

from unstuck.clinic import clock
from unstuck.clinic.alerts.actions import Moment, raise_alert, settle, take
from unstuck.clinic.alerts.climb import CLOCK
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.people.models import Account
from unstuck.clinic.plan.actions import Place
from unstuck.clinic.plan.visits import Day, Visit, alarm_cause, running_visits
from unstuck.clinic.plan.watch import Heard, Key, watches
from unstuck.core.session_events import AlarmAnswered, Call, CallAnswered

CALLS = {Call.HELP.value: "help_called", Call.EMERGENCY.value: "emergency"}
_LOOKS_BACK = timedelta(days=2)  # longer than any session: an alert raised before is of another one
ENDS_BY_ITSELF = {"session_overdue": "read_now", "unwatched": "heard_again"}
KINDS = (*CALLS.values(), *ENDS_BY_ITSELF, "session_alarm", "suicide_risk_after_dose", "not_ready_at_closing")
RISK = "cssrs_screen.risk"


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
    alarms_to_alerts(queries.readable(rows), at, watches())


def alarms_to_alerts(courses: Iterable[Loaded], at: datetime, heard: Mapping[Key, Heard]) -> int:
    """How many alerts were raised for what is unanswered beyond the profile's time in the sessions of these courses.

    A cause that has its alert gets no second one; overdue readings and silence settle theirs when they are over.
    """
    return unanswered_to_alerts(running_visits(courses, Day(at, clock.zone()), heard), at)


def unanswered_to_alerts(visits: Iterable[Visit], at: datetime) -> int:
    """As `alarms_to_alerts`, for every visit that is running, as somebody has loaded them."""
    here = list(visits)
    wanted = [one for visit in here for one in wanted_of(visit, at)]
    standing = Alert.objects.filter(kind__in=KINDS, raised_at__gt=at - _LOOKS_BACK)
    known = {(a.kind, a.course.key if a.course else "", a.cause): a for a in standing.select_related("course")}
    new = [one for one in wanted if (one.kind, one.course, one.cause) not in known]
    for one in new:
        raise_alert(one.kind, one.course, CLOCK, at, one.cause, _details(one))
    still = {(one.kind, one.course, one.cause) for one in wanted}
    rooms = {(visit.loaded.row.key, visit.step, visit.occurrence): visit for visit in here}
    for mark, alert in known.items():
        if alert.closed_at is None and mark not in still:
            _over(alert, rooms.get((mark[1], alert.details.get("step"), alert.details.get("occurrence"))), at)
    return len(new)


def _over(alert: Alert, visit: Visit | None, at: datetime) -> None:
    """What raised it is no longer so: silence and lateness end by themselves; the rest goes to whoever answered."""
    course = alert.course.key if alert.course else ""
    if alert.kind in ENDS_BY_ITSELF:
        settle(alert.kind, course, alert.cause, ENDS_BY_ITSELF[alert.kind], Moment(CLOCK, at))
    elif alert.taken_by_id is None and visit is not None and (who := _answered_by(alert, visit)):
        account = Account.objects.filter(key=who, is_active=True).first()
        if account is not None:
            take(alert.key, account, at)


def _answered_by(alert: Alert, visit: Visit) -> str:
    """The key of whoever took the alarm at the chair, or came when somebody called; empty for nobody."""
    log = visit.loaded.state.sessions.get((visit.step, visit.occurrence), ())
    for event in reversed(log):
        what = event.what
        if event.observed_at < alert.raised_at - _LOOKS_BACK:
            break
        if isinstance(what, AlarmAnswered) and what.alarm == alert.details.get("alarm"):
            return event.actor
        if isinstance(what, CallAnswered) and CALLS[what.call.value] == alert.kind:
            return event.actor
    return ""


def _details(one: Wanted) -> dict[str, str | int]:
    told: dict[str, str | int] = {"step": one.step, "occurrence": one.occurrence, "place": one.place}
    return told | ({"alarm": one.alarm} if one.alarm else {})


def wanted_of(visit: Visit, at: datetime) -> Iterator[Wanted]:
    """Every alert that a running visit asks for at that instant."""
    place = Place(visit.loaded.row, visit.step, visit.occurrence)
    yield from _unanswered(visit, place, at)
    since = visit.silent_since(at)
    if since is not None:
        yield _one("unwatched", place, f"{visit.step}:{visit.occurrence}:{_second(since)}", "", visit.place)
    yield from _before_leaving(visit, place, at)


def _unanswered(visit: Visit, place: Place, at: datetime) -> Iterator[Wanted]:
    for alarm in visit.session.alarms:
        if alarm.unanswered or alarm.escalated_at:
            yield _one(
                "session_alarm", place, alarm_cause(visit.step, visit.occurrence, alarm), alarm.rule.key, visit.place
            )
    for call in visit.session.calls:
        cause = f"{visit.step}:{visit.occurrence}:{call.call}:{_second(call.at)}"
        yield _one(CALLS[call.call], place, cause, "", visit.place)
    overdue = [row for row in visit.session.due if row.by + _patience(visit) < at]
    if overdue:  # one alert a session, for what is overdue longest
        row = min(overdue, key=lambda one: one.by)
        cause = f"{visit.step}:{visit.occurrence}:{row.readings[0]}:{_second(row.by)}"
        yield _one("session_overdue", place, cause, row.readings[0], visit.place)


def _before_leaving(visit: Visit, place: Place, at: datetime) -> Iterator[Wanted]:
    """A high risk found after the dose, and somebody who cannot leave when the site closes."""
    dose, said = visit.session.dose, visit.session.leaving
    if dose is None:
        return
    asked = [s for s in visit.loaded.state.series.get(RISK, ()) if dose.observed_at < s.at <= at]
    if asked and asked[-1].value == "high":
        cause = f"{visit.step}:{visit.occurrence}:{_second(asked[-1].at)}"
        yield _one("suicide_risk_after_dose", place, cause, "", visit.place)
    closed = closing(at)
    if closed is not None and closed <= at and not (said and said.opens):
        cause = f"{visit.step}:{visit.occurrence}:{closed.date().isoformat()}"
        yield _one("not_ready_at_closing", place, cause, "", visit.place)


def closing(at: datetime) -> datetime | None:
    """When the site closes on the local day of `at`; None for a site that has not said."""
    told = settings.UNSTUCK_CLOSES
    if not told:
        return None
    local = at.astimezone(clock.zone())
    return datetime.combine(local.date(), time.fromisoformat(told), local.tzinfo)


def _patience(visit: Visit) -> timedelta:
    """How long an overdue reading waits before it is an alert: as long as an alarm waits for another look."""
    plan = visit.loaded.protocol.monitoring
    minutes = plan.limit("alarm_recheck_min") if plan else None
    return timedelta(minutes=minutes or 0)


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _one(kind: str, place: Place, cause: str, alarm: str, where: str) -> Wanted:
    return Wanted(kind, place.course.key, cause, alarm, where, place.step, place.occurrence)
