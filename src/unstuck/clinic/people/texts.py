"""Words that must be erasable: each is bound to its ledger entry by a hash keyed with the person's own secret."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from unstuck.clinic.people.models import Person, Text
from unstuck.core.errors import Complaint


class PersonErased(Complaint):
    """The person's data have been erased; nothing more can be written about them."""


def write_text(person: Person, kind: str, body: str, at: datetime) -> Text:
    """The saved words; give `mac` to the ledger entry as its `text_mac`, in the same transaction."""
    if person.erased_at is not None:
        raise PersonErased(_("This person's data have been erased."))
    key = uuid.uuid4().hex
    return Text.objects.create(
        key=key, person=person, kind=kind, body=body, mac=mac(person, key, kind, body), written_at=at
    )


def text_of(text_mac: str) -> Text | None:
    """The words bound to an entry, None where the entry has none. An erased text has an empty body."""
    return Text.objects.filter(mac=text_mac).select_related("person").first() if text_mac else None


def is_genuine(text: Text) -> bool:
    """Whether the words are those that were written. An erased text can no longer be checked: False."""
    if text.erased_at or not text.person.secret:
        return False
    return hmac.compare_digest(text.mac, mac(text.person, text.key, text.kind, text.body))


def mac(person: Person, key: str, kind: str, body: str) -> str:
    """HMAC-SHA256 in hex. The text's own random key keeps equal words from having equal hashes."""
    covered = "\x1f".join((key, kind, body)).encode()
    return hmac.new(bytes.fromhex(person.secret), covered, hashlib.sha256).hexdigest()
