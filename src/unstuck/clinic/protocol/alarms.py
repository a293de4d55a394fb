"""How often a protocol's alarms rang in simulated sessions, as whoever signs it reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from unstuck.core.alarm_rates_file import AlarmRates, Rate, plan_mark
from unstuck.core.protocol import Protocol


@dataclass(frozen=True, slots=True)
class RatesRow:
    """One profile on one protocol's simulated sessions; `own` where it is the profile of the protocol shown."""

    profile: str
    where: str
    sessions: str
    alarms: str
    urgent: str
    any: str
    rules: str
    own: bool


@dataclass(frozen=True, slots=True)
class AlarmsPage:
    """The profile's rates beside those of the others; `stale` where the profile has changed since they were made."""

    profile: str
    rows: tuple[RatesRow, ...]
    measured: bool
    stale: bool
    silent: tuple[str, ...]


def alarms_page(protocol: Protocol, rates: Iterable[AlarmRates]) -> AlarmsPage | None:
    """What is known of the protocol's profile; None for a protocol that watches over no dose."""
    plan = protocol.monitoring
    if plan is None:
        return None
    listed = sorted(rates, key=lambda one: (one.profile != plan.profile, one.profile, one.protocol))
    own = [one for one in listed if one.profile == plan.profile]
    return AlarmsPage(
        profile=plan.profile,
        rows=tuple(_row(one, one.profile == plan.profile) for one in listed),
        measured=bool(own),
        stale=any(one.mark != plan_mark(plan) for one in own),
        silent=tuple(sorted({key.replace("_", " ") for one in own for key in one.not_simulated})),
    )


def _row(one: AlarmRates, own: bool) -> RatesRow:
    told = {"sessions": one.sessions, "people": one.people}
    return RatesRow(
        profile=one.profile,
        where=f"{one.protocol}: {one.dose.replace('_', ' ')}",
        sessions=_("%(sessions)s sessions of %(people)s people") % told,
        alarms=_interval(one.alarms),
        urgent=_interval(one.urgent),
        any=_interval(one.sessions_with_one),
        rules=", ".join(f"{key.replace('_', ' ')} {value:.3f}" for key, value in one.by_rule if value) or _("none"),
        own=own,
    )


def _interval(rate: Rate) -> str:
    return _("%(value).2f (%(low).2f to %(high).2f)") % {"value": rate.value, "low": rate.low, "high": rate.high}
