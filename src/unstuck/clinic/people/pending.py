"""Between password and code: whose password was right, for some minutes. Nobody is signed in yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

from unstuck.clinic.people.models import Account

KEY = "unstuck_pending"
MINUTES = 10


def keep(request: HttpRequest, account: Account, then: str, at: datetime) -> None:
    """The session remembers the account and where it wanted to go. A new session key guards against a planted one."""
    request.session.cycle_key()
    told = {"account": account.pk, "proof": account.get_session_auth_hash(), "at": at.isoformat(), "then": then}
    request.session[KEY] = told


def holder(request: HttpRequest, at: datetime) -> Account | None:
    """Whose password was given a short while ago and has not changed since; None otherwise."""
    told = request.session.get(KEY)
    if not told or not timedelta() <= at - datetime.fromisoformat(told["at"]) <= timedelta(minutes=MINUTES):
        return None
    account = Account.objects.filter(pk=told["account"], is_active=True).first()
    return account if account and account.get_session_auth_hash() == told["proof"] else None


def then(request: HttpRequest) -> str:
    """Where the account wanted to go; the note is gone after this."""
    told = request.session.pop(KEY, None)
    return str(told["then"]) if told else ""
