"""What is done from the board: answering alarms and calls, and taking chairs over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.alerts import actions as alerts
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course.actions import Entry, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.people.models import Account
from unstuck.clinic.plan.visits import alarm_cause
from unstuck.clinic.session import queries as session_queries
from unstuck.clinic.session.actions import hand_over
from unstuck.core.alarms import Alarm
from unstuck.core.errors import Complaint
from unstuck.core.session import Session, session
from unstuck.core.session_events import AlarmAnswered, Answer, Call, CallAnswered


class NoSuchAlarm(Complaint):
    """The alarm is not open."""


class StillRinging(Complaint):
    """An act-now alarm that nobody is on cannot be handed over."""


@dataclass(frozen=True, slots=True)
class Place:
    """One session of one course."""

    course: Course
    step: str
    occurrence: int


def answer_alarm(place: Place, key: str, answer: Answer, account: Account, at: datetime, action: str = "") -> None:
    """The answer is recorded; an alert that the alarm became goes with it. Raises NoSuchAlarm and core Refusals.

    Taking twice is recorded once: whoever took it first keeps it.
    """
    with transaction.atomic():
        alarm = next((a for a in _now(place, at).alarms if a.rule.key == key), None)
        if alarm is None:
            raise NoSuchAlarm(_("This alarm is not open any more."), mend=_("Look at the chair again."))
        if answer is Answer.TAKEN and alarm.taken_at is not None:
            return
        write(
            place.course, AlarmAnswered(place.step, place.occurrence, key, answer, action), Entry(account.key, at, at)
        )
        _follow(place, alarm, answer, account, at)


def _follow(place: Place, alarm: Alarm, answer: Answer, account: Account, at: datetime) -> None:
    """The alert of this alarm: taken with it, or raised at once where somebody asks for more people."""
    cause = alarm_cause(place.step, place.occurrence, alarm)
    if answer is Answer.ESCALATED:
        details = {"place": "", "step": place.step, "occurrence": place.occurrence, "alarm": alarm.rule.key}
        alerts.raise_alert("session_alarm", place.course.key, account.key, at, cause, details)
        return
    raised = Alert.objects.filter(kind="session_alarm", course=place.course, cause=cause, closed_at=None).first()
    if raised and raised.taken_by_id is None:
        alerts.take(raised.key, account, at)


def answer_call(place: Place, call: Call, account: Account, at: datetime) -> None:
    """Somebody goes there: the call is answered once."""
    with transaction.atomic():
        if any(one.call == call.value for one in _now(place, at).calls):
            what = CallAnswered(place.step, place.occurrence, call, account.key)
            write(place.course, what, Entry(account.key, at, at))


def take_over(places: Sequence[Place], ticked: Collection[tuple[str, str]], account: Account, at: datetime) -> int:
    """How many chairs the account has taken over, each with its open alarms read back; all of them or none.

    `ticked` holds (course key, alarm key) of every alarm that was read back. Raises NotReadBack, StillRinging.
    """
    with transaction.atomic():
        for place in sorted(places, key=lambda one: one.course.key):
            _refuse_ringing(_now(place, at))
            read = tuple(alarm for key, alarm in sorted(ticked) if key == place.course.key)
            here = session_queries.Place(place.step, place.occurrence)
            hand_over(place.course, here, account, read, Entry(account.key, at, at))
    return len(places)


def _refuse_ringing(live: Session) -> None:
    if any(alarm.rule.urgent and alarm.taken_at is None for alarm in live.alarms):
        raise StillRinging(
            _("An alarm rings in this room and nobody is on it."), mend=_("Answer it first, then hand over.")
        )


def _now(place: Place, at: datetime) -> Session:
    one = load(place.course)
    return session(one.protocol, one.state, place.step, place.occurrence, at)


def place_of(told: Mapping[str, str]) -> Place:
    """The session that a form names. Raises Complaint where it names none."""
    course = Course.objects.select_related("person", "release").filter(key=told.get("course", "")).first()
    number = told.get("occurrence", "")
    if course is None or not number.isdigit():
        raise Complaint(_("There is no such session."))
    return Place(course, told.get("step", ""), int(number))
