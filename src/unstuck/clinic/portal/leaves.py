"""What a person writes: journal pages and the safety plan. The words are erasable; the ledger knows that, not what.

A page is private until its writer shares it, and private again when they take that back. Taking a page out empties its
words at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from unstuck.clinic.course.queries import own_courses
from unstuck.clinic.ledger.actions import Act, append, note
from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.people.models import Person, Text
from unstuck.clinic.people.texts import write_text
from unstuck.clinic.portal.models import Leaf, LeafKind

MOST_LETTERS = 20_000
PLAN_PARTS = ("signs", "alone", "places", "people", "helpers", "away")


def chain_of(person: Person) -> str:
    """Where acts of this person's own pages are written: the newest course, the site without one."""
    courses = own_courses(person.pk)
    return courses[0].key if courses else SITE


def write_journal(person: Person, words: str, shared: bool, at: datetime) -> Leaf:
    """A new page. Raises PersonErased."""
    return _write(person, LeafKind.JOURNAL, _cut(words), at if shared else None, at)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The plan that a form was drawn from: the mark of each part, and whether it was shared."""

    marks: Mapping[str, str]
    shared: bool


def mark(words: str) -> str:
    """Tells whether two texts are the same, however a browser ends their lines."""
    return hashlib.sha256(_cut(words).strip().encode()).hexdigest()[:16]


def rewrite_plan(person: Person, parts: Mapping[str, str], shared: bool, drawn: Drawn, at: datetime) -> Leaf:
    """The plan as rewritten on a form; what was changed elsewhere since it was drawn stays. Raises PersonErased."""
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        leaf, stands = plan_of(person)
        told = {key: _merged(stands[key], parts[key], drawn.marks.get(key)) for key in PLAN_PARTS}
        elsewhere = leaf is not None and shared == drawn.shared
        return save_plan(person, told, bool(leaf and leaf.shared_at) if elsewhere else shared, at)


def _merged(stands: str, new: str, drawn: str | None) -> str:
    """The new words; those that stand where only they changed; both, one below the other, where both did."""
    if drawn is None or drawn == mark(stands):
        return new
    if drawn == mark(new) or _cut(new).strip() in stands:
        return stands
    return f"{stands}\n{new}".strip()


def save_plan(person: Person, parts: Mapping[str, str], shared: bool, at: datetime) -> Leaf:
    """The safety plan as it now stands; the words of the one before are gone. Raises PersonErased."""
    body = json.dumps({key: _cut(parts.get(key, "")) for key in PLAN_PARTS}, ensure_ascii=False)
    with transaction.atomic():
        for before in Leaf.objects.filter(person=person, kind=LeafKind.PLAN):
            _empty(before, at)
        return _write(person, LeafKind.PLAN, body, at if shared else None, at)


def _cut(words: str) -> str:
    """As many letters as the page lets anybody type: a browser counts a line's end as one, and sends two."""
    return words.replace("\r\n", "\n")[:MOST_LETTERS]


def plan_of(person: Person) -> tuple[Leaf | None, dict[str, str]]:
    """The safety plan and its parts, each empty where nothing was written."""
    leaf = Leaf.objects.filter(person=person, kind=LeafKind.PLAN).select_related("text").first()
    told = json.loads(leaf.text.body) if leaf and leaf.text.body else {}
    return leaf, {key: str(told.get(key, "")) for key in PLAN_PARTS}


def plan_words() -> dict[str, str]:
    """The parts of a safety plan, as questions."""
    return {
        "signs": _("How do I notice that it gets hard?"),
        "alone": _("What can I do by myself that helps?"),
        "places": _("Where can I go, whom can I be with, to think of something else?"),
        "people": _("Whom can I ask for help?"),
        "helpers": _("Which helpers and lines can I call?"),
        "away": _("How do I keep away what I could hurt myself with?"),
    }


def journal_of(person: Person) -> QuerySet[Leaf]:
    """Every page, the newest first."""
    return Leaf.objects.filter(person=person, kind=LeafKind.JOURNAL).select_related("text")


def shared_of(person: Person) -> QuerySet[Leaf]:
    """What the treating team may read at this moment."""
    return Leaf.objects.filter(person=person, shared_at__isnull=False).select_related("text")


def set_shared(leaf: Leaf, shared: bool, at: datetime) -> None:
    """The page is shared with the treating team from now on, or private again."""
    with transaction.atomic():
        if bool(leaf.shared_at) == shared:
            return
        leaf.shared_at = at if shared else None
        leaf.save(update_fields=["shared_at"])
        kind = "leaf.shared" if shared else "leaf.unshared"
        note(kind, leaf.person.key, at, {"leaf": leaf.key, "what": leaf.kind}, chain_of(leaf.person))


def take_out(leaf: Leaf, at: datetime) -> None:
    """The page is gone with its words; the ledger keeps that there was one."""
    with transaction.atomic():
        note("leaf.erased", leaf.person.key, at, {"leaf": leaf.key, "what": leaf.kind}, chain_of(leaf.person))
        _empty(leaf, at)


def keep_words(person: Person, kind: str, words: str, at: datetime, payload: Mapping[str, str]) -> Text:
    """The words in an erasable row, bound to a ledger entry of that kind, both or neither. Raises PersonErased."""
    with transaction.atomic():
        chain = chain_of(person)
        text = write_text(person, kind.replace(".", "_"), words, at)
        append(chain, Act(kind, person.key, at, at, dict(payload), text_mac=text.mac))
    return text


def _write(person: Person, kind: LeafKind, body: str, shared_at: datetime | None, at: datetime) -> Leaf:
    with transaction.atomic():
        leaf = Leaf(person=person, kind=kind, written_at=at, shared_at=shared_at)
        leaf.text = keep_words(person, "leaf.written", body, at, {"leaf": leaf.key, "what": kind.value})
        leaf.save()
        if shared_at:
            note("leaf.shared", person.key, at, {"leaf": leaf.key, "what": kind.value}, chain_of(person))
    return leaf


def _empty(leaf: Leaf, at: datetime) -> None:
    text = leaf.text
    leaf.delete()
    Text.objects.filter(pk=text.pk, erased_at=None).update(body="", erased_at=at)
