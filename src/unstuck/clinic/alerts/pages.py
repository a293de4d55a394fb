"""What the pages of alerts show, and to whom: frozen values, without any query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.alerts.models import Alert, Step
from unstuck.clinic.alerts.rota import fits
from unstuck.clinic.course.words import span_text, when
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.core.alerting import Action, AlertKind, AlertPolicy, Duty, Urgency
from unstuck.core.sentences import fact_words

DUTY_WORDS = {
    Duty.NURSE: gettext_lazy("nurse on duty"),
    Duty.THERAPIST: gettext_lazy("therapist on duty"),
    Duty.PRESCRIBER: gettext_lazy("prescriber on duty"),
    Duty.FRONT_DESK: gettext_lazy("front desk"),
    Duty.CUSTODIAN: gettext_lazy("drug custodian"),
    Duty.SAFETY_LEAD: gettext_lazy("safety lead"),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, when and where."""

    account: Account
    at: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One open alert as its reader may know it."""

    key: str
    level: str
    word: str
    title: str
    do: str
    who: str
    place: str
    code: str
    owner: str
    taken: bool
    mine: bool
    since: str
    clock: str
    late: bool
    due_at: datetime | None
    known: bool
    course: str = ""
    cause: str = ""

    @property
    def address(self) -> str:
        """The alert's own page."""
        return reverse("alerts:alert", args=[self.key])

    @property
    def order(self) -> tuple[bool, bool, datetime | None]:
        """Act-now before the rest, then those that nobody took, then by clock."""
        return self.level != "now", self.taken, self.due_at


@dataclass(frozen=True, slots=True)
class StepRow:
    """One act on the alert, in words."""

    when: str
    words: str


@dataclass(frozen=True, slots=True)
class AlertPage:
    """One alert with what was done, and what its reader may do."""

    row: AlertRow
    steps: tuple[StepRow, ...]
    chain: tuple[tuple[str, str, bool], ...]
    actions: tuple[Action, ...]
    closings: tuple[Action, ...]
    colleagues: tuple[tuple[str, str], ...]
    course: str
    closed: str
    phone: str

    @property
    def course_address(self) -> str:
        """The course that the alert is about."""
        return reverse("course:course", args=[self.course]) if self.course else ""


@dataclass(frozen=True, slots=True)
class ListPage:
    """The open alerts: the reader's own first."""

    mine: tuple[AlertRow, ...]
    others: tuple[AlertRow, ...]
    lead: str
    lead_named: bool


def knows(account: Account, kind: AlertKind) -> bool:
    """Whether the account may learn what the alert is about: the treating team, and whoever may have to take it."""
    if access.is_care(account):
        return True
    return any(fits(account, stage.duty) for stage in kind.chain if stage.duty is not Duty.SAFETY_LEAD)


def list_page(
    rows: Iterable[Alert], policy: AlertPolicy, reader: Reader, lead: Account | None, named: bool
) -> ListPage:
    """The open alerts for one reader."""
    shown = sorted((alert_row(row, policy.kind(row.kind), reader) for row in rows), key=lambda row: row.order)
    return ListPage(
        mine=tuple(row for row in shown if row.mine),
        others=tuple(row for row in shown if not row.mine),
        lead=lead.display_name if lead else "",
        lead_named=named,
    )


def alert_row(alert: Alert, kind: AlertKind, reader: Reader) -> AlertRow:
    """The alert as that reader may know it. Its code may tell of a drug, and is hidden where readings are."""
    known = knows(reader.account, kind)
    level, word = _level(alert, kind, reader.at)
    unmasks = alert.course is not None and not access.may_see_readings(reader.account, alert.course)
    return AlertRow(
        key=alert.key,
        level=level,
        word=word,
        title=kind.title if known else _("A clinician is needed"),
        do=kind.do if known else _("Tell the person named here, if you see them."),
        who=_who(alert, reader.account),
        place=alert.place.replace("_", " ").capitalize(),
        code="" if unmasks or not known else fact_words(str(alert.details.get("alarm", ""))),
        owner=_owner(alert),
        taken=alert.taken_by_id is not None,
        mine=_is_for(alert, reader.account),
        since=" ".join(span_text(alert.raised_at, reader.at)),
        clock=_clock(alert, reader),
        late=bool(alert.due_at and alert.due_at < reader.at) or alert.stage > 0,
        due_at=alert.due_at,
        known=known,
        course=alert.course.key if alert.course else "",
        cause=alert.cause,
    )


def _is_for(alert: Alert, account: Account) -> bool:
    """Whether the account owns it, or everybody does and the account is one of those who take alerts."""
    return access.may_see_alerts(account) if alert.owner is None else alert.owner == account


def _level(alert: Alert, kind: AlertKind, at: datetime) -> tuple[str, str]:
    if alert.closed_at:
        return "ok", _("Closed")
    if alert.taken_by_id:
        return "open", _("Taken")
    if kind.urgency is Urgency.NOW:
        return "now", _("Act now")
    return ("late", _("Not taken")) if alert.stage else ("open", _("Open"))


def _who(alert: Alert, account: Account) -> str:
    if alert.course is None:
        return ""
    return alert.course.person.name if access.may_see_names(account) else alert.course.key


def _owner(alert: Alert) -> str:
    return alert.owner.display_name if alert.owner else _("Everybody on duty")


def _clock(alert: Alert, reader: Reader) -> str:
    if alert.due_at is None:
        return ""
    local, today = alert.due_at.astimezone(reader.zone), reader.at.astimezone(reader.zone).date()
    told = {"when": f"{local:%H:%M}" if local.date() == today else when(alert.due_at, reader.zone)}
    return _("look again by %(when)s") % told if alert.taken_by_id else _("goes on at %(when)s") % told


def alert_page(
    alert: Alert, policy: AlertPolicy, reader: Reader, names: Mapping[str, str], colleagues: Iterable[Account]
) -> AlertPage:
    """One alert with its acts, the oldest first."""
    kind = policy.kind(alert.kind)
    row = alert_row(alert, kind, reader)
    words = {action.key: action.words for action in (*policy.actions, *kind.closings)}
    return AlertPage(
        row=row,
        steps=tuple(StepRow(when(step.at, reader.zone), _said(step, names, words)) for step in alert.steps.all()),
        chain=_chain(alert, kind),
        actions=policy.actions,
        closings=kind.closings,
        colleagues=tuple((one.key, one.display_name) for one in colleagues),
        course=alert.course.key if alert.course else "",
        closed=words.get(alert.closing, "") if alert.closed_at else "",
        phone=alert.course.person.phone if alert.course and access.may_see_names(reader.account) else "",
    )


def _chain(alert: Alert, kind: AlertKind) -> tuple[tuple[str, str, bool], ...]:
    """Duty, its time and whether the alert stands there; last of all everybody."""
    rows = [
        (str(DUTY_WORDS[stage.duty]), _("%(n)g min") % {"n": stage.take_min}, place == alert.stage)
        for place, stage in enumerate(kind.chain)
    ]
    return (*rows, (_("everybody on duty"), "", alert.stage >= len(kind.chain)))


def _said(step: Step, names: Mapping[str, str], words: Mapping[str, str]) -> str:
    who = names.get(step.actor) or {"clock": _("The clock")}.get(step.actor, _("Somebody"))
    to = _("everybody on duty") if step.to == "everyone" else names.get(step.to, _("somebody"))
    told = {"who": who, "to": to, "what": words.get(step.code, step.code.replace("_", " "))}
    said = {
        "raised": _("Raised. It went to %(to)s."),
        "taken": _("%(who)s took it."),
        "acted": _("%(who)s: %(what)s."),
        "handed": _("%(who)s handed it to %(to)s."),
        "escalated": _("Nobody answered in time: it went to %(to)s."),
        "closed": _("%(who)s closed it: %(what)s."),
    }
    return said[step.what] % told
