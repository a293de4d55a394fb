"""Raising an alert, and what people do about it. Every act is an entry of the ledger, in codes."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.alerts import policy as times
from unstuck.clinic.alerts import rota
from unstuck.clinic.alerts.models import Alert, Missed, Step
from unstuck.clinic.alerts.post import tell
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import Act, append, lock
from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.people.models import Account
from unstuck.core.alerting import AlertKind, first_clock, recheck_clock, rest_min, stage_of
from unstuck.core.errors import Complaint

log = logging.getLogger("unstuck.alerts")
_CODE = re.compile(r"[\w.:/+\-]{0,120}")

Details = Mapping[str, Any]


class AlreadyTaken(Complaint):
    """Somebody else is on it."""


class AlreadyClosed(Complaint):
    """The alert was closed before."""


class NotYours(Complaint):
    """Whoever it is about does not own it."""


class UnknownAction(Complaint):
    """No code of the policy."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When an act took place and when it is written; `by` is the actor's key."""

    by: str
    at: datetime
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One act on an alert: what, its code, to whom, and what else its entry tells."""

    what: str
    code: str = ""
    to: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)


def raise_alert(
    kind: str, course_key: str, by: str, at: datetime, cause: str, details: Details | None = None
) -> Alert | None:
    """The open or closed alert of this cause, raised now if it was not. Never refuses what raised it.

    `course_key` is empty for an alert of the site. `details` holds codes and numbers: `place`, `step`, `alarm`, `not`
    (keys of accounts that may not own it); words are dropped. Inside a transaction it belongs to it. Where raising
    fails, None is returned, what failed is kept, and the worker raises it later.
    """
    told = _codes(details or {})
    try:
        with transaction.atomic():
            return _raised(kind, course_key, Moment(by, at), cause[:120], told)
    except Exception as error:  # saving an answer or a reading never depends on alerting
        log.exception("An alert of the kind %s could not be raised.", kind)
        _keep_for_later(
            Missed(kind=kind[:40], course_key=course_key, cause=cause[:120], details=told, by=by, at=at), error
        )
        return None


def _keep_for_later(missed: Missed, error: Exception) -> None:
    missed.error = type(error).__name__[:80]
    try:
        with transaction.atomic():
            missed.save()
    except Exception:  # nothing more can be done here than to say so
        log.exception("An alert was lost: %s %s.", missed.kind, missed.cause)


def raise_missed() -> int:
    """How many alerts that could not be raised before have been raised now."""
    done = 0
    for missed in Missed.objects.order_by("id"):
        with transaction.atomic():
            missed.delete()
            told = raise_alert(missed.kind, missed.course_key, missed.by, missed.at, missed.cause, missed.details)
            done += told is not None
    return done


def _raised(kind: str, course_key: str, moment: Moment, cause: str, told: dict[str, Any]) -> Alert:
    course = Course.objects.get(key=course_key) if course_key else None
    lock(course_key or SITE)
    standing = Alert.objects.select_related("course").filter(kind=kind, course=course, cause=cause).first()
    if standing:
        return standing
    rule = times.policy().kind(kind)
    duty = rule.chain[0].duty
    alert = Alert(
        kind=kind, course=course, cause=cause, place=str(told.pop("place", ""))[:60], details=told,
        raised_at=moment.at, raised_by=moment.by, duty=duty.value,
        owner=rota.owner_for(duty, moment.at, told.get("not", ())), due_at=first_clock(rule, moment.at),
    )  # fmt: skip
    alert.save()
    enter(alert, Change("raised", kind, owner_key(alert.owner), {"cause": cause, **told}), moment)
    tell(alert, alert.owner, moment.at)
    return alert


def take(key: str, account: Account, at: datetime) -> Alert:
    """The account is on it; the clock now runs to the recheck. Raises AlreadyTaken, AlreadyClosed, NotYours."""
    with transaction.atomic():
        alert = locked(key)
        _check_open(alert, account)
        if alert.taken_by_id == account.pk:
            return alert
        if alert.taken_by is not None:
            raise AlreadyTaken(_("%(who)s is on it already.") % {"who": alert.taken_by}, mend=_("Ask, or hand it on."))
        _take(alert, account, at)
    return alert


def act(key: str, account: Account, code: str, at: datetime) -> Alert:
    """Notes what was done; whoever acts has taken it. Raises UnknownAction, AlreadyClosed, NotYours."""
    with transaction.atomic():
        alert = locked(key)
        _check_open(alert, account)
        if code not in {action.key for action in times.policy().actions}:
            raise UnknownAction(_("%(code)s is no action that this site knows.") % {"code": code})
        if alert.taken_by is None:
            _take(alert, account, at)
        alert.due_at = recheck_clock(kind_of(alert), at)
        alert.save()
        enter(alert, Change("acted", code), Moment(account.key, at))
    return alert


def hand_on(key: str, account: Account, to: Account, at: datetime) -> Alert:
    """Another person owns it, and has the time of this stage to take it. Raises AlreadyClosed, NotYours."""
    with transaction.atomic():
        alert = locked(key)
        _check_open(alert, to)
        here = stage_of(kind_of(alert), alert.stage)
        alert.owner, alert.taken_by, alert.taken_at = to, None, None
        alert.due_at = at + timedelta(minutes=here.take_min if here else rest_min(times.policy(), kind_of(alert)))
        alert.save()
        enter(alert, Change("handed", to=to.key), Moment(account.key, at))
        tell(alert, to, at)
    return alert


def close(key: str, account: Account, closing: str, at: datetime) -> Alert:
    """Closed by a coded action; the same again changes nothing. Raises UnknownAction, AlreadyClosed, NotYours."""
    with transaction.atomic():
        alert = locked(key)
        if alert.closed_at and (alert.closed_by, alert.closing) == (account.key, closing):
            return alert
        _check_open(alert, account)
        if closing not in {action.key for action in kind_of(alert).closings}:
            raise UnknownAction(_("%(code)s does not close an alert of this kind.") % {"code": closing})
        _close(alert, closing, Moment(account.key, at))
    return alert


def settle(kind: str, course_key: str, cause: str, closing: str, moment: Moment) -> bool:
    """Whether an open alert of that cause was closed because what raised it is over, as the record itself shows."""
    with transaction.atomic():
        open_one = Alert.objects.filter(kind=kind, course__key=course_key or None, cause=cause, closed_at=None).first()
        if open_one is None:
            return False
        alert = locked(open_one.key)
        if alert.closed_at is None:
            _close(alert, closing, moment)
    return True


def kind_of(alert: Alert) -> AlertKind:
    """The rule of its kind, as the policy in force has it."""
    return times.policy().kind(alert.kind)


def _close(alert: Alert, closing: str, moment: Moment) -> None:
    alert.closed_at, alert.closed_by, alert.closing, alert.due_at = moment.at, moment.by, closing, None
    alert.save()
    enter(alert, Change("closed", closing), moment)


def _take(alert: Alert, account: Account, at: datetime) -> None:
    alert.taken_by, alert.taken_at, alert.owner = account, at, account
    alert.due_at = recheck_clock(kind_of(alert), at)
    alert.save()
    enter(alert, Change("taken"), Moment(account.key, at))


def _check_open(alert: Alert, account: Account) -> None:
    if alert.closed_at:
        raise AlreadyClosed(_("This alert is closed."), mend=_("Look at what was done."))
    if account.key in alert.details.get("not", ()):
        raise NotYours(_("Whoever an alert is about does not own it."), mend=_("Leave it to somebody else."))


def locked(key: str) -> Alert:
    """The alert, with its chain's lock taken before its own row's, as everywhere."""
    chain = Alert.objects.select_related("course").get(key=key).chain_key
    lock(chain)
    rows = Alert.objects.select_for_update(of=("self",)).select_related("course", "owner", "taken_by")
    return rows.get(key=key)


def enter(alert: Alert, change: Change, moment: Moment) -> None:
    """The act in the ledger, and among the alert's own steps."""
    told = {"alert": alert.key, "kind": alert.kind, **change.told}
    told |= {"to": change.to} if change.to else {}
    told |= {"code": change.code} if change.code else {}
    written = moment.recorded_at or moment.at
    append(alert.chain_key, Act(f"alert.{change.what}", moment.by, moment.at, written, told))
    Step.objects.create(
        alert=alert, what=change.what, code=change.code[:40], actor=moment.by, to=change.to[:32], at=moment.at
    )


def owner_key(account: Account | None) -> str:
    """Who owns it, for an entry: an account's key, or `everyone`."""
    return account.key if account else "everyone"


def _codes(details: Details) -> dict[str, Any]:
    """What of the details are codes and numbers; the rest would be words and stays out."""
    return {name: value for name, value in details.items() if _CODE.fullmatch(name) and _is_code(value)}


def _is_code(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_code(inner) for inner in value)
    return isinstance(value, bool | int | float) or (isinstance(value, str) and bool(_CODE.fullmatch(value)))
