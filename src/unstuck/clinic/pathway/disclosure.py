"""Release of information: whom the person allows us to tell, until when; and the entry that somebody was told."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger import queries as ledger
from unstuck.clinic.ledger.actions import Act, append, lock, note
from unstuck.clinic.pathway.consents import Identity
from unstuck.clinic.people.texts import text_of, write_text
from unstuck.core.errors import Complaint


class NotReleased(Complaint):
    """The person has not allowed this, or no longer does."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One release of information: to whom, in words that stay erasable, and until when. `act` is its entry."""

    act: str
    to: str
    until: date
    signed_at: datetime
    revoked: bool

    def stands(self, today: date) -> bool:
        """Whether somebody may be told today."""
        return not self.revoked and today <= self.until


def allow(course: Course, to: str, until: date, identity: Identity, actor: str, at: datetime) -> str:
    """The person allows us to send the summary to `to` until that day; the key of the entry."""
    if until < at.astimezone(clock.zone()).date():
        raise NotReleased(_("This day is over."), mend=_("Choose a day that is still to come."))
    with transaction.atomic():
        lock(course.key)
        text = write_text(course.person, "release", to, at)
        payload = {"until": until.isoformat(), "scope": ["summary"], "identity": identity.value}
        entry = append(
            course.key, Act("information.allowed", actor, at, at, payload, text_mac=text.mac, act=uuid.uuid4().hex)
        )
        return str(entry.act)


def revoke(course: Course, act: str, actor: str, at: datetime) -> None:
    """From now on nobody is told by that release. What was sent before stays sent, and stays in the ledger."""
    if act in {one.act for one in allowed(course) if not one.revoked}:
        note("information.revoked", actor, at, {"release": act}, course.key)


def allowed(course: Course) -> tuple[Allowed, ...]:
    """Every release of the course, the newest first."""
    entries = ledger.entries(course.key)
    revoked = {json.loads(e.payload)["release"] for e in entries if e.kind == "information.revoked"}
    found = []
    for entry in entries:
        if entry.kind == "information.allowed":
            text = text_of(entry.text_mac)
            until = date.fromisoformat(json.loads(entry.payload)["until"])
            to = text.body if text else ""
            found.append(Allowed(str(entry.act), to, until, entry.recorded_at, entry.act in revoked))
    return tuple(found[::-1])


def told(course: Course, audience: str, page: bytes, actor: str, at: datetime, release: str = "") -> None:
    """Notes that the summary was made, for whom, and the hash of its bytes."""
    payload = {"for": audience, "hash": hashlib.sha256(page).hexdigest(), "release": release}
    note("summary.made", actor, at, payload, course.key)
