"""Passkeys (WebAuthn): making one, and signing in with one. Checked by `fido2`; only public keys are kept.

The device asks for its holder's finger, face or number (user verification is required), and the site's host is part of
what is signed, so that a look-alike site gets nothing. The user handle is the account's random key: no name leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.access import is_patient
from unstuck.clinic.people.models import Account
from unstuck.clinic.portal.models import Passkey
from unstuck.core.errors import Complaint

STATE = "unstuck_passkey"
MOST = 8  # passkeys of one account


class NoPasskey(Complaint):
    """What the device sent proves nothing here."""


def _server(request: HttpRequest) -> Fido2Server:
    """The relying party is this host; Django has checked the host against the ones of the site."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    return Fido2Server(
        PublicKeyCredentialRpEntity(name=settings.UNSTUCK_SITE_NAME, id=host), verify_origin=_is(request)
    )


def _is(request: HttpRequest) -> Any:
    """The page that asked the device was one of this very site, with scheme and port."""
    here = f"{request.scheme}://{request.get_host()}"
    return lambda origin: origin == here


def begin_making(request: HttpRequest, account: Account) -> dict[str, Any]:
    """What the device is asked in order to make a passkey. Raises NoPasskey where there are too many already."""
    known = [AttestedCredentialData(bytes(p.data)) for p in account.passkeys.all()]
    if len(known) >= MOST:
        raise NoPasskey(_("There are enough passkeys."), mend=_("Remove one first."))
    site = settings.UNSTUCK_SITE_NAME
    user = PublicKeyCredentialUserEntity(id=account.key.encode(), name=site, display_name=site)
    asked, state = _server(request).register_begin(
        user,
        known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    request.session[STATE] = state
    return dict(asked)


def finish_making(request: HttpRequest, account: Account, answer: Mapping[str, Any], at: datetime) -> Passkey:
    """The new passkey. Raises NoPasskey."""
    proved = _proved(lambda state: _server(request).register_complete(state, answer), request)
    found = proved.credential_data
    with transaction.atomic():
        made = Passkey.objects.create(
            account=account,
            credential=websafe_encode(found.credential_id),
            data=bytes(found),
            counter=proved.counter,
            made_at=at,
        )
        note("passkey.added", account.key, at)
    return made


def begin_signing(request: HttpRequest) -> dict[str, Any]:
    """What any device is asked: it answers with the passkey that its holder picks. Nobody is named."""
    asked, state = _server(request).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    request.session[STATE] = state
    return dict(asked)


def finish_signing(request: HttpRequest, answer: Mapping[str, Any], at: datetime) -> Account:
    """The patient's account that the passkey belongs to. Raises NoPasskey; a copied passkey is refused too."""
    known = Passkey.objects.select_related("account").filter(credential=str(answer.get("id", ""))).first()
    keys = [AttestedCredentialData(bytes(known.data))] if known else []
    _proved(lambda state: _server(request).authenticate_complete(state, keys, answer), request)
    if known is None or not is_patient(known.account):
        raise NoPasskey(_("This passkey is not known here."))
    _count(known, AuthenticationResponse.from_dict(answer).response.authenticator_data.counter, at)
    return known.account


def _count(passkey: Passkey, counter: int, at: datetime) -> None:
    """A counter that does not grow tells of a copy (WebAuthn, section 6.1.1); 0: the device does not count."""
    if (counter or passkey.counter) and counter <= passkey.counter:
        raise NoPasskey(_("This passkey may have been copied."), mend=_("Ask for a code, then make a new passkey."))
    passkey.counter, passkey.used_at = counter, at
    passkey.save(update_fields=["counter", "used_at"])


def remove(passkey: Passkey, actor: str, at: datetime) -> None:
    """The passkey opens nothing any more."""
    with transaction.atomic():
        passkey.delete()
        note("passkey.removed", actor, at)


def _proved(prove: Any, request: HttpRequest) -> Any:
    """What `prove` returns for the state that this browser was given; each state is used once. Raises NoPasskey."""
    state = request.session.pop(STATE, None)
    try:
        if state is None:
            raise ValueError("no question was asked of this browser")
        return prove(state)
    except (ValueError, KeyError, TypeError) as wrong:
        raise NoPasskey(_("The passkey was not taken.")) from wrong
