"""Everything that the board needs from the database, in a number of queries that does not grow with chairs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unstuck.clinic import clock
from unstuck.clinic.alerts import climb, rota
from unstuck.clinic.alerts import policy as times
from unstuck.clinic.alerts.pages import AlertRow, Reader, alert_row
from unstuck.clinic.course import queries
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.queries import staff_names
from unstuck.clinic.plan.board import BoardPage, Told, board
from unstuck.clinic.plan.rounds import unanswered_to_alerts
from unstuck.clinic.plan.sight import Room, eyes_of
from unstuck.clinic.plan.visits import Day, today
from unstuck.clinic.plan.watch import watches
from unstuck.clinic.rooms.queries import seats
from unstuck.core.alerting import Duty
from unstuck.core.session_events import HandedOver

ALARM = "session_alarm"


@dataclass(frozen=True, slots=True)
class Seen:
    """The courses as they stand, and the board made from them."""

    courses: list[Loaded]
    page: BoardPage


def look(account: Account, at: datetime) -> Seen:
    """The board for that account. Looking raises what nobody answered, and lets alerts climb whose time is over."""
    rows = list(queries.everyone().filter(ended_at=None))
    courses = queries.loaded(rows)
    heard = watches()
    day = Day(at, clock.zone())
    asked = today(courses, day, heard)
    unanswered_to_alerts((visit for one in asked for visit in one.visits if visit.running), at)
    climb.escalate_due(at)
    rows_of_alerts = _alerts(account, at)
    called = {
        (row.course, row.cause): f"{row.owner}, {row.clock}" for row, kind, _at in rows_of_alerts if kind == ALARM
    }
    room = Room(seats(), staff_names(people_of(courses)), called)
    nurses = sum(1 for shift in rota.on_duty(at) if shift.duty == Duty.NURSE.value)
    mine = tuple(row for row in rows_of_alerts if row[0].mine)
    told = Told(room, mine, nurses)
    return Seen(courses, board(asked, eyes_of(account, courses), day, told))


def people_of(courses: list[Loaded]) -> set[str]:
    """Keys of whoever opened, took over or answered in any session."""
    events = [event for one in courses for log in one.state.sessions.values() for event in log]
    return {event.actor for event in events} | {e.what.to for e in events if isinstance(e.what, HandedOver)}


def _alerts(account: Account, at: datetime) -> tuple[tuple[AlertRow, str, datetime], ...]:
    if not access.may_see_alerts(account):
        return ()
    policy, reader = times.policy(), Reader(account, at, clock.zone())
    rows = [(alert_row(a, policy.kind(a.kind), reader), a.kind, a.raised_at) for a in climb.open_alerts()]
    return tuple(sorted(rows, key=lambda row: row[0].order))
