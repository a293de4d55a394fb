"""What the rota and the alert times show: frozen values, without any query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.alerts.models import Shift
from unstuck.clinic.alerts.pages import DUTY_WORDS
from unstuck.clinic.alerts.policy import InForce
from unstuck.clinic.course.words import when
from unstuck.clinic.people.models import Account
from unstuck.core.alerting import AlertKind, Duty
from unstuck.core.alerting_file import content_hash
from unstuck.core.sourced import Grade


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """One shift that runs or is to come."""

    pk: int
    who: str
    duty: str
    span: str
    now: bool


@dataclass(frozen=True, slots=True)
class RotaPage:
    """Who is on duty; duties that nobody has now go to the safety lead."""

    rows: tuple[ShiftRow, ...]
    uncovered: tuple[str, ...]
    lead: str
    lead_named: bool


@dataclass(frozen=True, slots=True)
class TimesRow:
    """One kind of alert: its stages in words, and where the figures come from."""

    title: str
    urgency: str
    chain: str
    recheck: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class TimesPage:
    """The alert times in force, who signed them, and whether another text waits to be signed."""

    rows: tuple[TimesRow, ...]
    signed: str
    waiting: bool


def rota_rows(shifts: Iterable[Shift], lead: Account | None, named: bool, at: datetime, zone: tzinfo) -> RotaPage:
    """The rota from now on."""
    listed = list(shifts)
    covered = {shift.duty for shift in listed if shift.starts_at <= at}
    return RotaPage(
        rows=tuple(_row(shift, at, zone) for shift in listed),
        uncovered=tuple(
            str(words)
            for duty, words in DUTY_WORDS.items()
            if duty.value not in covered and duty is not Duty.SAFETY_LEAD
        ),
        lead=lead.display_name if lead else "",
        lead_named=named,
    )


def _row(shift: Shift, at: datetime, zone: tzinfo) -> ShiftRow:
    span = f"{when(shift.starts_at, zone)} - {when(shift.ends_at, zone)}"
    words = str(DUTY_WORDS[Duty(shift.duty)])
    return ShiftRow(shift.pk, shift.account.display_name, words, span, shift.starts_at <= at)


def times_page(in_force: InForce, candidate: str, names: Mapping[str, str], zone: tzinfo) -> TimesPage:
    """What alerts go by now."""
    signed = in_force.signed
    words = ""
    if signed:
        told = {"who": names.get(signed.signed_by, signed.signed_by), "when": when(signed.signed_at, zone)}
        words = _("Signed by %(who)s, %(when)s") % told
    rows = tuple(_times(kind) for kind in in_force.policy.kinds)
    return TimesPage(rows, words, signed is None or signed.hash != content_hash(candidate))


def _times(kind: AlertKind) -> TimesRow:
    stages = [f"{DUTY_WORDS[stage.duty]} {minutes_words(stage.take_min)}" for stage in kind.chain]
    words = {"now": _("act now"), "today": _("today"), "soon": _("soon")}[kind.urgency.value]
    chain = ", ".join([*stages, _("everybody")])
    return TimesRow(kind.title, words, chain, minutes_words(kind.recheck_min), kind.grade is Grade.ASSUMED)


def minutes_words(minutes: float) -> str:
    """A span of minutes in the unit in which it is short: 10 min, 4 h, 3 days."""
    for length, word in ((1440, _("d")), (60, _("h"))):
        if minutes > length and minutes % length == 0:
            return f"{minutes / length:g} {word}"
    return f"{minutes:g} " + _("min")
