"""The worker's look at every course: what the watches find becomes an alert, and what is over is settled."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db.models import Q

from unstuck.clinic import clock
from unstuck.clinic.alerts.actions import Moment, raise_alert, settle
from unstuck.clinic.alerts.climb import CLOCK
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.criteria.actions import rules
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_instrument
from unstuck.core.screening import Screening
from unstuck.core.watching import QUIET, Cause, Watch, Watched, causes, heard_since
from unstuck.core.watching_file import library_watches, parse_watches

log = logging.getLogger("unstuck.alerts")
EVERY = timedelta(minutes=5)
AFTER_THE_END = timedelta(days=60)  # a course that ended is looked at so long: fading and silence come after the end
WINDOW, SILENCE, TEST = "window:", "silence_after_dose", "test:"

_looked_at: dict[str, datetime] = {}


def work_round(at: datetime) -> None:
    """The worker's share, once in five minutes: a look costs a replay of what is new."""
    last = _looked_at.get(str(settings.UNSTUCK_HOME))
    if last is not None and timedelta() <= at - last < EVERY:
        return
    _looked_at[str(settings.UNSTUCK_HOME)] = at
    rows = queries.everyone().filter(Q(ended_at=None) | Q(ended_at__gt=at - AFTER_THE_END))
    sweep(queries.readable(rows), at)


def sweep(courses: Iterable[Loaded], at: datetime) -> int:
    """How many alerts were raised. One course that cannot be looked at does not hold up the rest."""
    seen = list(courses)
    known = _known(seen)
    found = [(one, cause) for one in seen for cause in found_in(one, at)]
    new = [(one, cause) for one, cause in found if (cause.kind, one.row.key, cause.cause) not in known]
    raised = sum(_raise(one, cause, at) for one, cause in new)
    for one in seen:
        _settle_what_is_over(one, [a for key, a in known.items() if key[1] == one.row.key], at)
    return raised


def found_in(one: Loaded, at: datetime) -> tuple[Cause, ...]:
    """What the watches find in one course; nothing, and a line in the log, where looking fails."""
    try:
        return causes(watches(), Watched(one.protocol, one.state, at, clock.zone(), _instruments(), _rules()))
    except Exception:
        log.exception("The course %s could not be watched.", one.row.key)
        return ()


def _rules() -> Screening | None:
    """What says which tests are late; None, and a line in the log, where the signed text cannot be trusted."""
    try:
        return rules()
    except Complaint:
        log.exception("The rules of screening cannot be read: no test is called late until they can.")
        return None


def watches() -> tuple[Watch, ...]:
    """The site's own watches, else the library's; a file that cannot be read never stops an alert."""
    own = settings.UNSTUCK_HOME / "watch.toml"
    try:
        return parse_watches(own.read_text(encoding="utf-8"), "watch.toml") if own.is_file() else _library()
    except Complaint:
        log.exception("The watches of this site cannot be read; the library's are in force.")
        return _library()


_library = cache(library_watches)


@cache
def _instrument(key: str) -> Instrument | None:
    try:
        return load_instrument(key)
    except Complaint:
        return None


def _instruments() -> dict[str, Instrument]:
    named = {watch.instrument for watch in watches() if watch.instrument}
    return {key: found for key in named if (found := _instrument(key))}


def _known(seen: Iterable[Loaded]) -> Mapping[tuple[str, str, str], Alert]:
    kinds = {watch.kind for watch in watches()}
    rows = Alert.objects.filter(kind__in=kinds, course__key__in=[one.row.key for one in seen])
    return {(a.kind, a.course.key, a.cause): a for a in rows.select_related("course") if a.course}


def _raise(one: Loaded, cause: Cause, at: datetime) -> bool:
    details: dict[str, str | int] = {"watch": cause.watch}
    if cause.cause.startswith(WINDOW):
        _word, step, occurrence = cause.cause.split(":")
        details |= {"step": step, "occurrence": int(occurrence)}
    return raise_alert(cause.kind, one.row.key, CLOCK, at, cause.cause, details) is not None


def _settle_what_is_over(one: Loaded, alerts: Iterable[Alert], at: datetime) -> None:
    for alert in alerts:
        if alert.closed_at is None and (closing := _closing(one, alert, at)):
            settle(alert.kind, one.row.key, alert.cause, closing, Moment(CLOCK, at))


def _closing(one: Loaded, alert: Alert, at: datetime) -> str:
    """How the record itself ends an alert; empty while it does not."""
    if alert.cause.startswith(WINDOW):
        _word, step, occurrence = alert.cause.split(":")
        place = (step, int(occurrence))
        if one.state.is_over:
            return "course_ended"
        if place in one.state.skipped:
            return "skipped"
        return "done_late" if place in one.state.done else ""
    if alert.kind == SILENCE:
        dose = next((d for d in one.state.doses if d.id == alert.cause), None)
        return "heard_from" if dose and heard_since(one.state, dose, QUIET) else ""
    return _closing_test(one, alert) if alert.cause.startswith(TEST) else ""


def _closing_test(one: Loaded, alert: Alert) -> str:
    """A late test is over by a newer day of it on record, or by the end of the course; else by a person alone."""
    _word, key, since = alert.cause.split(":")
    told = one.state.series.get(f"person.test.{key}", ())
    days = [str(seen.value).rpartition(":")[2] for seen in told]
    if any(day > since for day in days):
        return "done"
    return "course_ended" if one.state.is_over else ""
