"""The second factor: time-based codes after RFC 6238, and recovery codes. Every code is taken once.

A secret lies in the database sealed with the site's secret key, so that a stolen copy of the database signs nobody in.
Call `confirm` before opening a transaction of your own: a refusal must stay counted when what follows is rolled back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account, RecoveryCode, SecondFactor
from unstuck.core.errors import Complaint

STEP_S = 30  # RFC 6238, section 5.2: the recommended step
SLACK = 1  # steps either side, for a telephone whose clock is off (RFC 6238, section 5.2)
RECOVERY_CODES = 10


class WrongCode(Complaint):
    """The code was not taken: wrong, used before, blocked after too many, or no second factor is set up."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the holder's app must be told: as an address, as a QR code in SVG, and as letters to type."""

    address: str
    svg: str
    letters: str


def asked(account: Account) -> bool:
    """Whether the account must give a code. A demonstration asks only who has set one up, and says so on its pages."""
    if is_enrolled(account):
        return True
    return not settings.UNSTUCK_DEMO and needed(account)


def needed(account: Account) -> bool:
    """Whether one of the account's roles calls for a second factor."""
    return any(role.value in settings.UNSTUCK_SECOND_FACTOR_ROLES for role in account.roles)


def is_enrolled(account: Account) -> bool:
    """Whether the account has set up and tried its second factor."""
    return SecondFactor.objects.filter(account=account, confirmed_at__isnull=False).exists()


def begin(account: Account, at: datetime) -> Enrolment:
    """A secret for the account's app, the same until it is confirmed. Raises WrongCode where one stands already."""
    with transaction.atomic():
        fresh = {"sealed": _seal(pyotp.random_base32()), "begun_at": at}
        factor, _made = SecondFactor.objects.select_for_update().get_or_create(account=account, defaults=fresh)
        if factor.confirmed_at:
            raise WrongCode(_("A second factor is set up already."), mend=_("An administrator can remove it."))
        letters = _secret(factor)
    address = pyotp.TOTP(letters).provisioning_uri(name=account.username, issuer_name=settings.UNSTUCK_SITE_NAME)
    svg = segno.make(address, error="m").svg_inline(scale=5, border=4, light="#fff", dark="#000", omitsize=True)
    return Enrolment(address, svg, " ".join(letters[i : i + 4] for i in range(0, len(letters), 4)))


def finish(account: Account, code: str, at: datetime) -> tuple[str, ...]:
    """The recovery codes, shown this once; the account has a second factor from now on. Raises WrongCode."""
    _take(account, code, at, confirmed=False)
    codes = tuple(f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _n in range(RECOVERY_CODES))
    with transaction.atomic():
        factor = SecondFactor.objects.get(account=account)
        factor.confirmed_at = at
        factor.save(update_fields=["confirmed_at"])
        RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, hash=_hash(one)) for one in codes)
        note("account.second_factor_set", account.key, at)
    return codes


def confirm(account: Account, code: str, at: datetime) -> None:
    """Returns where the code proves the account's holder, or where none is asked of it. Raises WrongCode.

    The code is used up by this: the same one is not taken again, here or anywhere else.
    """
    if asked(account):
        _take(account, code, at, confirmed=True)


def forget(account: Account, actor: str, at: datetime) -> None:
    """The account has no second factor and must set one up when it next signs in, where its role calls for one."""
    with transaction.atomic():
        SecondFactor.objects.filter(account=account).delete()
        note("account.second_factor_removed", actor, at, {"account": account.key})


def _take(account: Account, code: str, at: datetime, confirmed: bool) -> None:
    """Uses the code up. A refusal is counted in a transaction that stands, and raised after it."""
    typed = "".join(code.split()).lower()
    with transaction.atomic():
        found = SecondFactor.objects.select_for_update().filter(account=account, confirmed_at__isnull=not confirmed)
        factor = found.first()
        why = _why_not(factor, typed, at)
        if why and factor:
            _count_refusal(factor, at)
    if why:
        raise why


def _why_not(factor: SecondFactor | None, typed: str, at: datetime) -> WrongCode | None:
    """None where the code was taken and is used up; else the refusal."""
    if factor is None:
        return WrongCode(_("No second factor is set up for this account."), mend=_("Sign in again to set one up."))
    if factor.blocked_until and at < factor.blocked_until:
        return WrongCode(_("Too many wrong codes."), mend=_("Wait a few minutes, then type the next code."))
    step = next((s for s in _steps(at) if hmac.compare_digest(_code(factor, s), typed)), None)
    if step is not None and step <= factor.last_step:
        return WrongCode(_("This code was used already."), mend=_("Wait for the next one."))
    if step is None and not (factor.confirmed_at and _use_recovery(factor, typed, at)):
        return WrongCode(_("The code is not right."), mend=_("Type the code that your app shows now."))
    factor.last_step, factor.failures, factor.blocked_until = max(step or 0, factor.last_step), 0, None
    factor.save(update_fields=["last_step", "failures", "blocked_until"])
    return None


def _steps(at: datetime) -> Iterator[int]:
    now = int(at.timestamp()) // STEP_S
    yield from range(now - SLACK, now + SLACK + 1)


def _code(factor: SecondFactor, step: int) -> str:
    return pyotp.TOTP(_secret(factor)).generate_otp(step)


def _use_recovery(factor: SecondFactor, typed: str, at: datetime) -> bool:
    used = factor.recovery_codes.filter(hash=_hash(typed), used_at=None).update(used_at=at)
    if used:
        left = factor.recovery_codes.filter(used_at=None).count()
        note("account.recovery_code_used", factor.account.key, at, {"left": left})
    return bool(used)


def _count_refusal(factor: SecondFactor, at: datetime) -> None:
    factor.failures += 1
    if factor.failures >= settings.UNSTUCK_CODE_TRIES:
        factor.blocked_until = at + timedelta(minutes=settings.UNSTUCK_CODE_WAIT_MINUTES)
        factor.failures = 0
    factor.save(update_fields=["failures", "blocked_until"])
    note("account.second_factor_refused", factor.account.key, at)


def _fernet() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"unstuck second factor").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _seal(secret: str) -> str:
    return _fernet().encrypt(secret.encode()).decode()


def _secret(factor: SecondFactor) -> str:
    """The shared secret in base 32. Raises WrongCode where the site has another secret key by now."""
    try:
        return _fernet().decrypt(factor.sealed.encode()).decode()
    except InvalidToken:
        lost = _("This site's secret key has changed, so codes cannot be checked.")
        raise WrongCode(lost, mend=_("An administrator removes the second factor; then set it up again.")) from None


def _hash(code: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), code.encode(), hashlib.sha256).hexdigest()
