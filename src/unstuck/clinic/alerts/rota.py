"""Who is on duty for what, and who owns what nobody else does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from unstuck.clinic.alerts.models import Lead, Shift
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account, Role
from unstuck.core.alerting import Duty
from unstuck.core.errors import Complaint

_FIT: dict[Duty, tuple[str, ...]] = {
    Duty.NURSE: ("nurse",),
    Duty.THERAPIST: ("therapist",),
    Duty.PRESCRIBER: ("prescriber",),
    Duty.FRONT_DESK: ("front_desk",),
    Duty.CUSTODIAN: ("custodian", "nurse", "prescriber"),
    Duty.SAFETY_LEAD: ("nurse", "therapist", "prescriber"),
}
"""The roles of which an account must hold one to be on that duty."""


class NotFit(Complaint):
    """The account does not hold the role that the duty needs."""


class NoSpan(Complaint):
    """The shift would end before it begins."""


@dataclass(frozen=True, slots=True)
class NewShift:
    """Who is to be on duty for what, from when until when."""

    account: Account
    duty: Duty
    starts_at: datetime
    ends_at: datetime


def fits(account: Account, duty: Duty) -> bool:
    """Whether the account holds a role that the duty needs."""
    return any(role.value in _FIT[duty] for role in account.roles)


def on_duty(at: datetime) -> QuerySet[Shift]:
    """Every shift that runs at that instant, the longest running first, of accounts in use."""
    running = Shift.objects.filter(starts_at__lte=at, ends_at__gt=at, account__is_active=True)
    return running.select_related("account").order_by("starts_at", "id")


def safety_lead() -> Account | None:
    """The named safety lead; while nobody is named, the longest-standing prescriber, so that nothing is ownerless."""
    named = Lead.objects.select_related("account").filter(account__is_active=True).first()
    if named:
        return named.account
    return Account.objects.filter(is_active=True, grants__role=Role.PRESCRIBER).order_by("created_at", "id").first()


def is_lead_named() -> bool:
    """Whether the site has named a safety lead who is still here."""
    return Lead.objects.filter(account__is_active=True).exists()


def owner_for(duty: Duty, at: datetime, not_these: Collection[str] = ()) -> Account | None:
    """Whoever is on that duty at `at`, else the safety lead. None only where even that person may not own it."""
    for shift in on_duty(at):
        if shift.duty == duty.value and shift.account.key not in not_these:
            return shift.account
    lead = safety_lead()
    return lead if lead and lead.key not in not_these else None


def set_shift(new: NewShift, by: str, at: datetime) -> Shift:
    """The shift, entered in the ledger. Raises NotFit and NoSpan."""
    if not fits(new.account, new.duty):
        raise NotFit(_("%(who)s does not hold a role for that duty.") % {"who": new.account})
    if new.ends_at <= new.starts_at:
        raise NoSpan(_("The shift ends before it begins."), mend=_("Give a later end."))
    with transaction.atomic():
        shift = Shift.objects.create(
            account=new.account, duty=new.duty.value, starts_at=new.starts_at, ends_at=new.ends_at
        )
        told = {"from": new.starts_at.isoformat(), "until": new.ends_at.isoformat()}
        note("rota.set", by, at, {"account": new.account.key, "duty": new.duty.value, **told})
    return shift


def end_shift(shift: Shift, by: str, at: datetime) -> None:
    """The shift ends now, or never was where it had not begun."""
    with transaction.atomic():
        note("rota.ended", by, at, {"account": shift.account.key, "duty": shift.duty})
        if shift.starts_at >= at:
            shift.delete()
        elif shift.ends_at > at:
            shift.ends_at = at
            shift.save(update_fields=["ends_at"])


def name_lead(account: Account, by: str, at: datetime) -> Lead:
    """That account is the safety lead from now on. Raises NotFit."""
    if not fits(account, Duty.SAFETY_LEAD):
        raise NotFit(_("%(who)s is not of the treating team.") % {"who": account})
    with transaction.atomic():
        note("rota.lead_named", by, at, {"account": account.key})
        return Lead.objects.create(account=account, named_at=at, named_by=by)
