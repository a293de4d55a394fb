"""Psychotherapy notes: written and read by their author alone, and by nobody else without two key holders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import lock, note
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.people.texts import PersonErased
from unstuck.clinic.therapy import vault
from unstuck.clinic.therapy.models import KeyHalf, Opening, PrivateNote
from unstuck.core.errors import Complaint

OPEN_FOR = timedelta(hours=24)
LEAST = 12  # characters of a passphrase
REASONS = {
    "author_left": gettext_lazy("The author has left or cannot be reached"),
    "danger": gettext_lazy("Danger to life"),
    "court": gettext_lazy("A court or an authority asks"),
    "author_asks": gettext_lazy("The author asks for it"),
}


class NotTheAuthor(Complaint):
    """Somebody else's note."""


class TwoPeople(Complaint):
    """Two different people must hold, and use, the halves of the key."""


@dataclass(frozen=True, slots=True)
class Read:
    """A note, opened."""

    key: str
    words: str
    written_at: datetime
    author: Account


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds, or is to hold, a half of the key, with the passphrase that was typed."""

    account: Account
    passphrase: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose notes of which course are to be opened for whom, and why (a code)."""

    course: Course
    author: Account
    reader: Account
    reason: str


def keep(course: Course, author: Account, words: str, at: datetime) -> PrivateNote:
    """The note, sealed. The ledger tells that one was kept, and nothing of it. Raises PersonErased, KeyGone."""
    if course.person.erased_at:
        raise PersonErased(_("This person's data have been erased."))
    if not words.strip():
        raise Complaint(_("The note is empty."), mend=_("Write it first."))
    key = vault.key(make=not PrivateNote.objects.exists() and not KeyHalf.objects.exists())
    with transaction.atomic():
        lock(course.key)
        made = PrivateNote(course=course, author=author, written_at=at)
        made.sealed = vault.seal(words, author.key, made.bound_to, key)
        made.save()
        note("note.kept", author.key, at, {"note": made.key}, course.key)
    return made


def own_notes(course: Course, author: Account) -> list[Read]:
    """The author's notes of this course, the newest first. Raises KeyGone and NotOpened."""
    return _opened(PrivateNote.objects.filter(course=course, author=author))


def discard(key: str, author: Account, at: datetime) -> Course:
    """The note is gone; the ledger tells that its author took it away. Raises NotTheAuthor."""
    with transaction.atomic():
        found = PrivateNote.objects.select_related("course").filter(key=key, author=author).first()
        if found is None:
            raise NotTheAuthor(_("There is no such note of yours."))
        lock(found.course.key)
        note("note.discarded", author.key, at, {"note": found.key}, found.course.key)
        found.delete()
    return found.course


def set_holders(first: Holder, second: Holder, by: Account, at: datetime) -> None:
    """These two hold the halves from now on; halves of before open nothing more. Raises TwoPeople, KeyGone."""
    if first.account.pk == second.account.pk:
        raise TwoPeople(_("Two different people hold the key."), mend=_("Choose somebody else for one half."))
    if min(len(first.passphrase), len(second.passphrase)) < LEAST:
        raise Complaint(_("A passphrase has at least %(n)s characters.") % {"n": LEAST})
    key = vault.key(make=not PrivateNote.objects.exists())
    with transaction.atomic():
        KeyHalf.objects.all().delete()
        for holder, half in zip((first, second), vault.halves(key), strict=True):
            locked = vault.lock_half(half, holder.passphrase)
            KeyHalf.objects.create(
                holder=holder.account, salt=locked.salt, body=locked.body,
                fingerprint=vault.fingerprint(key), made_at=at,
            )  # fmt: skip
        note("notes.holders_set", by.key, at, {"account": first.account.key, "witness": second.account.key})


def holders() -> list[KeyHalf]:
    """The two halves, with who holds them; empty while nobody does."""
    return list(KeyHalf.objects.select_related("holder"))


def restore_key(first: Holder, second: Holder, by: Account, at: datetime) -> None:
    """The key lies in its file again, from both halves. Raises TwoPeople, NotOpened, and Complaint where it lies."""
    if vault.path().exists():
        raise Complaint(_("The key is in its place."), mend=_("Nothing has to be recovered."))
    key = _joined(first, second, by, at)
    with transaction.atomic():
        note("notes.key_restored", by.key, at, {"account": first.account.key, "witness": second.account.key})
        vault.put_back(key)


def open_for(wanted: Wanted, first: Holder, second: Holder, by: Account, at: datetime) -> Opening:
    """The author's notes of this course open for the reader for a day. Logged, alerting, and shown to the author."""
    if wanted.reader.pk == wanted.author.pk or wanted.reason not in REASONS:
        raise Complaint(_("Choose another reader, and a reason."))
    _joined(first, second, by, at)
    with transaction.atomic():
        lock(wanted.course.key)
        made = Opening.objects.create(
            course=wanted.course, author=wanted.author, reader=wanted.reader, reason=wanted.reason,
            opened_at=at, until=at + OPEN_FOR,
        )  # fmt: skip
        told = {"account": wanted.author.key, "to": wanted.reader.key, "reason": wanted.reason}
        note("notes.opened", by.key, at, told | {"holders": [first.account.key, second.account.key]}, wanted.course.key)
        raise_alert("notes_opened", wanted.course.key, by.key, at, f"opening:{made.pk}", {"reason": wanted.reason})
    return made


def opened_notes(course: Course, reader: Account, at: datetime) -> list[Read]:
    """Notes of others that are open for this reader now; each look is an entry. Raises KeyGone and NotOpened."""
    openings = Opening.objects.filter(course=course, reader=reader, opened_at__lte=at, until__gt=at)
    found = _opened(PrivateNote.objects.filter(course=course, author__in=openings.values("author")))
    if found:
        note("record.read", reader.key, at, {"page": "private_notes"}, course.key)
    return found


def openings_of(author: Account, course: Course) -> list[Opening]:
    """When the author's notes of this course were opened for somebody else, the newest first."""
    return list(Opening.objects.filter(author=author, course=course).select_related("reader"))


def erase(person: Person, at: datetime) -> None:
    """Every note about the person is gone."""
    PrivateNote.objects.filter(course__person=person).delete()


def _opened(notes: Iterable[PrivateNote]) -> list[Read]:
    rows = list(notes.select_related("author", "course"))  # type: ignore[attr-defined]
    key = vault.key() if rows else b""
    return [Read(n.key, vault.unseal(n.sealed, n.author.key, n.bound_to, key), n.written_at, n.author) for n in rows]


def _joined(first: Holder, second: Holder, by: Account, at: datetime) -> bytes:
    """The key from both holders' halves. A wrong passphrase is an entry. Raises TwoPeople and NotOpened."""
    halves = {half.holder_id: half for half in KeyHalf.objects.all()}
    if {first.account.pk, second.account.pk} != set(halves) or len(halves) != 2:
        raise TwoPeople(_("The two key holders must both type their passphrases."))
    try:
        parts = [_part(halves[one.account.pk], one.passphrase) for one in (first, second)]
    except vault.NotOpened:
        note("notes.recovery_refused", by.key, at)
        raise
    key = vault.joined(*parts)
    if not vault.is_same(key, halves[first.account.pk].fingerprint):
        raise vault.NotOpened(_("The two halves do not belong together."))
    return key


def _part(half: KeyHalf, passphrase: str) -> bytes:
    return vault.open_half(vault.Sealed(half.salt, half.body), passphrase)
