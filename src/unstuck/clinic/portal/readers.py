"""Who can read what, by when, and who has read it. The roles are asked of the access rules themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.course.models import Course
from unstuck.clinic.course.own import day_words
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.pathway import disclosure
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.people.queries import display_names

SHOWN = 40  # readings
LOOKS = ("record.read", "glass.broken", "notes.opened")
NOBODY = -1  # the row of no account: whoever only holds the role has opened nothing by exception
Words = str | Promise
Rule = Callable[[Account, Course], bool]

ROLE_WORDS: dict[Role, Words] = {
    Role.FRONT_DESK: gettext_lazy("Front desk"),
    Role.NURSE: gettext_lazy("Nurses"),
    Role.THERAPIST: gettext_lazy("Therapists"),
    Role.PRESCRIBER: gettext_lazy("Doctors"),
    Role.CUSTODIAN: gettext_lazy("Keeper of the drug stock"),
    Role.RESEARCH: gettext_lazy("Research (without your name)"),
    Role.QUALITY: gettext_lazy("Quality and privacy"),
    Role.ADMIN: gettext_lazy("Administration"),
}


def _is_called(account: Account, _course: Course) -> bool:
    return access.is_care(account)


def _reads_therapy(account: Account, _course: Course) -> bool:
    return access.may_see_therapy(account)


def _reads_history(account: Account, _course: Course) -> bool:
    return access.may_read_audit(account)


NO_TIME = gettext_lazy("Nobody has to read it by a certain time. Bring it up at your next visit.")
ON_DUTY = gettext_lazy("Whoever is on duty is told at once. At night that may be nobody: do not wait, call.")
KINDS: tuple[tuple[Words, Rule, Words], ...] = (
    (gettext_lazy("Your name and how to reach you"), access.may_see_name_of, ""),
    (gettext_lazy("Your visits and times"), access.may_see_course, ""),
    (gettext_lazy("Your answers and their sums"), access.may_see_answers, "answers"),
    (gettext_lazy("An answer that tells of danger"), _is_called, ON_DUTY),
    (gettext_lazy("Illnesses, medicines and tests"), access.may_see_screening, ""),
    (gettext_lazy("What you agreed to, and your goals"), access.may_see_consent, ""),
    (gettext_lazy("What you were given, and readings"), access.may_see_doses, ""),
    (gettext_lazy("What therapy came to, in short"), _reads_therapy, ""),
    (gettext_lazy("Journal pages, plan and log that you share"), access.may_see_shared, NO_TIME),
    (gettext_lazy("Pages that you do not share"), access.may_see_unshared, ""),
    (gettext_lazy("How you found a visit"), access.may_see_feedback_of, "feedback"),
    (
        gettext_lazy("Who did and read what (without your name)"),
        _reads_history,
        "",
    ),
)
PAGES: dict[str, Words] = {
    "course": gettext_lazy("your record"),
    "answers": gettext_lazy("your answers"),
    "session": gettext_lazy("the page of a visit"),
    "session_paper": gettext_lazy("the page of a visit"),
    "shared": gettext_lazy("what you share"),
    "feedback": gettext_lazy("how you found a visit"),
    "export": gettext_lazy("a copy of your record"),
    "calendar": gettext_lazy("your visits"),
    "consent": gettext_lazy("what you agreed to"),
    "screening": gettext_lazy("illnesses, medicines and tests"),
    "therapy": gettext_lazy("what therapy came to"),
    "private_notes": gettext_lazy("private notes of a therapist, opened by two people"),
    "deciding": gettext_lazy("how it has gone"),
    "summary": gettext_lazy("your summary"),
    "release": gettext_lazy("who outside may be told"),
    "alert": gettext_lazy("a call for somebody to look after you"),
}
EVENTS: dict[str, Words] = {
    "glass.broken": gettext_lazy("opened your record in an emergency, with a reason"),
    "notes.opened": gettext_lazy("opened private notes of a therapist, with a second person and a reason"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of what is kept: its name, who can read it, and by when it is read."""

    what: str
    who: str
    when: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One look into the record."""

    who: str
    what: str
    when: str


def kinds_of(course: Course) -> tuple[Kind, ...]:
    """Every kind of what is kept about this course, with the roles that the rules let read it."""
    return tuple(Kind(str(what), _who(rule, course), _when(by)) for what, rule, by in KINDS)


def _who(rule: Rule, course: Course) -> str:
    readers = [str(words) for role, words in ROLE_WORDS.items() if rule(_holder(role), course)]
    return ", ".join(readers) or _("Only you")


def _holder(role: Role) -> Account:
    """Somebody who holds this one role, for asking the rules; never saved."""
    account = Account(pk=NOBODY, username=role.value, is_active=True)
    account.__dict__["roles"] = frozenset({role})
    return account


def _when(by: Words) -> str:
    """Hours that the site has named, or words of our own."""
    hours = {"answers": settings.UNSTUCK_ANSWERS_READ_H, "feedback": settings.UNSTUCK_FEEDBACK_READ_H}.get(str(by), 0)
    return _("They read it within %(n)s hours, not at night.") % {"n": hours} if hours else str(by)


def readings_of(course: Course, zone: tzinfo, own: str = "") -> tuple[Reading, ...]:
    """The last looks into this course's record, the newest first; the person's own are left out."""
    looks = Entry.objects.filter(chain=course.key, kind__in=LOOKS).exclude(actor=own)
    found = looks.order_by("-seq")[:SHOWN]
    names = display_names({entry.actor for entry in found})
    return tuple(
        Reading(names.get(e.actor, _("Somebody of the clinic")), _page(e), _moment(e.recorded_at, zone)) for e in found
    )


def _page(entry: Entry) -> str:
    if entry.kind in EVENTS:
        return str(EVENTS[entry.kind])
    page = str(json.loads(entry.payload).get("page", ""))
    return str(PAGES.get(page, PAGES["course"]))


@dataclass(frozen=True, slots=True)
class Outside:
    """Somebody outside the clinic who may be told how it has gone, because the person signed it."""

    to: str
    until: str


def outside(course: Course, at: datetime, zone: tzinfo) -> tuple[Outside, ...]:
    """Every release of information that stands."""
    today = at.astimezone(zone).date()
    return tuple(
        Outside(one.to, _day(one.until, zone)) for one in disclosure.allowed(course) if one.stands(today) and one.to
    )


def _day(day: date, zone: tzinfo) -> str:
    return day_words(datetime.combine(day, time(12), zone), zone)


def _moment(at: datetime, zone: tzinfo) -> str:
    return day_words(at, zone, clock=True)
