"""Writing screening: answers as stated facts, and the prescriber's signed decision. Nothing is decided by silence."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import lock, note
from unstuck.clinic.pathway.looked import Screened, screened
from unstuck.clinic.people.models import Account
from unstuck.core import events as ev
from unstuck.core.accepting import Standing
from unstuck.core.errors import Complaint
from unstuck.core.screening import ACCEPTED, INDEX_TRAUMA, blocking, to_weigh


class NotDecided(Complaint):
    """Nothing was signed."""


class WrongPassword(NotDecided):
    """The signer did not prove who signs."""


class RulesNotSigned(NotDecided):
    """Nobody has signed the rules by which this site accepts people."""


class StillOpen(NotDecided):
    """A rule stands between this person and an acceptance."""


class TraumaIsFixed(Complaint):
    """The index trauma was fixed before, and measures are anchored to it."""


class Decided(StrEnum):
    """What a prescriber decides about a person."""

    ACCEPT = "accept"
    DEFER = "defer"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision with what was weighed (keys of findings) and why, in words."""

    decided: Decided
    weighed: frozenset[str] = frozenset()
    words: str = ""


Told = Sequence[tuple[str, bool | str]]


def answer(course: Course, told: Told, entry: Entry) -> None:
    """States these answers. An acceptance is taken back in the same act where they open what was closed, or tell of
    something that its signer never weighed.

    Raises TraumaIsFixed where another index trauma would take the place of the one that was fixed.
    """
    with transaction.atomic():
        lock(course.key)
        before = screened(course, entry.recorded_at)
        _refuse_another_trauma(before, told)
        write_all(course, [(ev.FactStated(fact, value), _numbered(entry, n)) for n, (fact, value) in enumerate(told)])
        after = screened(course, entry.recorded_at)
        news = _in_the_way(after) - _in_the_way(before)
        if after.standing is Standing.ACCEPTED and news:
            write_all(course, [(ev.FactStated(ACCEPTED, False), Entry(entry.actor, *_times(entry)))])
            payload = {"because": sorted(news), "rules": after.rules.hash, "version": after.by.version}
            note("screening.taken_back", entry.actor, entry.recorded_at, payload, course.key)


def _in_the_way(now: Screened) -> set[str]:
    """What must be settled or weighed before an acceptance. A test that a prescriber called not needed is weighed."""
    weighed = [one for one in to_weigh(now.findings) if one.group != "test"]
    return {one.key for one in (*blocking(now.findings), *weighed)}


def _times(entry: Entry) -> tuple[datetime, datetime]:
    return entry.observed_at, entry.recorded_at


def _numbered(entry: Entry, number: int) -> Entry:
    """The entry of one answer of a form: words go with the first alone, and a second send of the form is harmless."""
    key = uuid.uuid5(uuid.NAMESPACE_OID, f"{entry.id}:{number}").hex if entry.id else ""
    return Entry(entry.actor, *_times(entry), entry.words if number == 0 else "", key)


def _refuse_another_trauma(before: Screened, told: Told) -> None:
    fixed = before.looked.latest(INDEX_TRAUMA)
    if fixed and any(fact == INDEX_TRAUMA and value != fixed for fact, value in told):
        raise TraumaIsFixed(
            _("The index trauma is fixed; scores would stand for another event from here on."),
            mend=_("Where it was a slip, correct the entry on the course's page; else begin another course."),
        )


def decide(course: Course, decision: Decision, signer: Account, password: str, at: datetime) -> None:
    """Signs the decision. Raises WrongPassword, RulesNotSigned, and StillOpen where the rules carry no acceptance."""
    if not signer.check_password(password):
        note("screening.signature_refused", signer.key, at, {}, course.key)
        raise WrongPassword(
            _("The password is not right, so nothing was signed."), mend=_("Type your own password again.")
        )
    decide_as(course, decision, signer.key, at)


def decide_as(course: Course, decision: Decision, signed_by: str, at: datetime) -> None:
    """As `decide`, for a signer who has been recognised. Raises StillOpen."""
    with transaction.atomic():
        lock(course.key)
        now = screened(course, at)
        if decision.decided is Decided.ACCEPT:
            _refuse_open(now, decision)
        fact = ev.FactStated(ACCEPTED, decision.decided is Decided.ACCEPT)
        write_all(course, [(fact, Entry(signed_by, at, at, decision.words))])
        payload = {
            "decision": decision.decided.value,
            "rules": now.rules.hash,
            "version": now.by.version,
            "weighed": sorted(decision.weighed),
            "open": sorted(one.key for one in blocking(now.findings)),
        }
        note("screening.decided", signed_by, at, payload, course.key)


def _refuse_open(now: Screened, decision: Decision) -> None:
    if now.by.signed is None:
        raise RulesNotSigned(
            _("Nobody has signed the rules of screening for this site."),
            mend=_("A prescriber reads and signs them on their page; then people can be accepted by them."),
        )
    open_ = [one.title for one in blocking(now.findings)]
    if open_:
        raise StillOpen(
            _("Still open: %(what)s.") % {"what": "; ".join(open_)}, mend=_("Nothing is decided by silence.")
        )
    left = [one.title for one in to_weigh(now.findings) if one.key not in decision.weighed]
    if left:
        raise StillOpen(
            _("Not weighed yet: %(what)s.") % {"what": "; ".join(left)}, mend=_("Mark each one as weighed.")
        )
    if to_weigh(now.findings) and not decision.words.strip():
        raise StillOpen(_("What was weighed needs a reason in words."), mend=_("Write why treatment is right here."))
