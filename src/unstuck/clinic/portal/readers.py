"""Who can read what, by when, and who has read it. The roles are asked of the access rules themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.course.models import Course
from unstuck.clinic.course.own import day_words
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.people.queries import display_names

SHOWN = 40  # readings
LOOKS = ("record.read", "glass.broken")
NOBODY = -1  # the row of no account: whoever only holds the role has opened nothing by exception
Rule = Callable[[Account, Course], bool]

ROLE_WORDS: dict[Role, str | Promise] = {
    Role.FRONT_DESK: gettext_lazy("Front desk"),
    Role.NURSE: gettext_lazy("Nurses"),
    Role.THERAPIST: gettext_lazy("Therapists"),
    Role.PRESCRIBER: gettext_lazy("Doctors"),
    Role.CUSTODIAN: gettext_lazy("Keeper of the drug stock"),
    Role.RESEARCH: gettext_lazy("Research, without your name"),
    Role.QUALITY: gettext_lazy("Quality and privacy"),
    Role.ADMIN: gettext_lazy("Administration"),
}
KINDS: tuple[tuple[str | Promise, Rule, str], ...] = (
    (gettext_lazy("Your visits and times"), access.may_see_course, ""),
    (gettext_lazy("Your answers and their sums"), access.may_see_answers, "answers"),
    (gettext_lazy("What you were given, and readings"), access.may_see_doses, ""),
    (gettext_lazy("Pages of the journal that you share"), access.may_see_shared, ""),
    (gettext_lazy("Pages that you do not share"), access.may_see_unshared, ""),
    (gettext_lazy("How you found a visit"), access.may_see_feedback_of, "feedback"),
)
PAGES: dict[str, str | Promise] = {
    "course": gettext_lazy("your record"),
    "answers": gettext_lazy("your answers"),
    "session": gettext_lazy("the page of a visit"),
    "shared": gettext_lazy("what you share"),
    "feedback": gettext_lazy("how you found a visit"),
    "export": gettext_lazy("a copy of your record"),
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


def _when(by: str) -> str:
    hours = {"answers": settings.UNSTUCK_ANSWERS_READ_H, "feedback": settings.UNSTUCK_FEEDBACK_READ_H}.get(by, 0)
    return _("They read it within %(n)s hours, not at night.") % {"n": hours} if hours else ""


def readings_of(course: Course, zone: tzinfo, own: str = "") -> tuple[Reading, ...]:
    """The last looks into this course's record, the newest first; the person's own are left out."""
    looks = Entry.objects.filter(chain=course.key, kind__in=LOOKS).exclude(actor=own)
    found = looks.order_by("-seq")[:SHOWN]
    names = display_names({entry.actor for entry in found})
    return tuple(
        Reading(names.get(e.actor, _("Somebody of the clinic")), _page(e), _moment(e.recorded_at, zone)) for e in found
    )


def _page(entry: Entry) -> str:
    if entry.kind == "glass.broken":
        return _("opened your record in an emergency, with a reason")
    page = str(json.loads(entry.payload).get("page", ""))
    return str(PAGES.get(page, PAGES["course"]))


def _moment(at: datetime, zone: tzinfo) -> str:
    return day_words(at, zone, clock=True)
