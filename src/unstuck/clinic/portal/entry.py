"""Getting in without a password: a code by e-mail that opens once, in the browser that asked for it.

Nobody learns from an answer whether an address is known here. A code has six figures, some minutes and few tries; an
account gets few codes an hour. Only a keyed hash of a code is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.messages.actions import Letter, send
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.portal.models import EntryCode
from unstuck.core.errors import Complaint

BROWSER = "unstuck_code_browser"
GOOD_FOR = timedelta(minutes=15)
TRIES, CODES_AN_HOUR = 5, 4
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class WrongCode(Complaint):
    """The code was not taken: wrong, too old, used, tried too often, or asked for in another browser."""


def ask_for_code(request: HttpRequest, email: str, at: datetime) -> None:
    """Sends a code where the address belongs to exactly one patient, and looks the same where it does not."""
    browser = secrets.token_urlsafe(24)
    request.session[BROWSER] = browser
    account = patient_of(email)
    if account is None or _too_many(account, at):
        return
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction.atomic():
        EntryCode.objects.filter(account=account, used_at=None).update(used_at=at)
        EntryCode.objects.create(
            account=account, hash=_hash(code), browser=_hash(browser), made_at=at, expires_at=at + GOOD_FOR
        )
        note("portal.code_sent", account.key, at)
        send(Letter("code", account.email, _("Your code"), _letter(code)), at)


def patient_of(email: str) -> Account | None:
    """The one patient's account with this address; None where there is none, or more than one to confuse."""
    found = Account.objects.filter(email__iexact=email.strip(), is_active=True, person__isnull=False)
    own = [account for account in found if Role.PATIENT in account.roles] if email.strip() else []
    return own[0] if len(own) == 1 else None


def _letter(code: str) -> str:
    words = _("%(code)s\n\nType this code on the page that you have open. It works once, for %(n)s minutes.\n")
    return words % {"code": code, "n": int(GOOD_FOR.total_seconds() // 60)} + _(
        "If you did not ask for it, you need not do anything.\n"
    )


def _too_many(account: Account, at: datetime) -> bool:
    """Codes of the last hour, those that were replaced or used as well."""
    return EntryCode.objects.filter(account=account, made_at__gt=at - timedelta(hours=1)).count() >= CODES_AN_HOUR


def take_code(request: HttpRequest, typed: str, at: datetime) -> Account:
    """The account whose code this is; it is used up. Raises WrongCode, and counts the try."""
    browser = _hash(request.session.get(BROWSER, ""))
    with transaction.atomic():
        code = EntryCode.objects.select_for_update().filter(browser=browser, used_at=None).first()
        if code is not None and _fits(code, typed, at):
            code.used_at = at
            code.save(update_fields=["used_at"])
            request.session.pop(BROWSER, None)
            return code.account
        if code is not None:
            code.tries += 1
            code.save(update_fields=["tries"])
    raise WrongCode(_("This code is not right, or it is too old."), mend=_("Type it once more, or ask for a new one."))


def _fits(code: EntryCode, typed: str, at: datetime) -> bool:
    figures = "".join(c for c in typed if c.isdigit())
    alive = code.expires_at >= at and code.tries < TRIES and code.account.is_active
    return alive and hmac.compare_digest(code.hash, _hash(figures))


def sign_in(request: HttpRequest, account: Account, at: datetime, by: str) -> None:
    """The browser is signed in; the ledger says by what: `code` or `passkey`."""
    login(request, account, backend=_BACKEND)
    note("account.signed_in", account.key, at, {"by": by})


def _hash(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
