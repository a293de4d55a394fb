"""What staff do for a person's own pages: invite, see which links are open, take them back."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.messages.actions import Letter, send
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people.actions import Identity, NewAccount, change_person, end_sessions, open_account
from unstuck.clinic.people.models import Account, Person, Role
from unstuck.clinic.portal.models import Choices, Day, Leaf
from unstuck.core.errors import Complaint


class NoAddress(Complaint):
    """There is no e-mail address that belongs to this person alone."""


def account_for(person: Person) -> Account | None:
    """The account by which this person opens the own pages."""
    return Account.objects.filter(person=person).first()


def invite(course: Course, address: str, actor: str, at: datetime, language: str = "") -> Account:
    """The person has an account without a password and a letter with the way in, in that language. Raises NoAddress."""
    person = course.person
    account = account_for(person)
    email = (account.email if account else "") or person.email
    others = Account.objects.filter(email__iexact=email, person__isnull=False).exclude(person=person)
    if not email or others.exists():
        raise NoAddress(_("There is no e-mail address that is this person's alone."), mend=_("Ask for one first."))
    with transaction.atomic():
        if account is None:
            new = NewAccount(person.key, person.name.split(" ")[0], (Role.PATIENT,), email, None, person)
            account = open_account(new, actor, at)
        if language in dict(settings.LANGUAGES):
            Choices.objects.update_or_create(person=person, defaults={"language": language})
        note("portal.invited", actor, at, {"account": account.key}, course.key)
        with override(language_for(person)):
            body = _("Good day. Your own page is ready. Open it here, and type this address:\n\n%(link)s\n")
            send(Letter("invite", email, _("Your own page"), body % {"link": address}), at)
    return account


def put_right(course: Course, identity: Identity, actor: str, at: datetime) -> tuple[str, ...]:
    """Which details were put right. Letters that wait go to the new address, or nowhere where there is none.

    Raises NoAddress where the address is another patient's.
    """
    person, before = course.person, (course.person.email, course.person.phone)
    taken = Account.objects.filter(email__iexact=identity.email, person__isnull=False).exclude(person=person)
    if identity.email and taken.exists():
        raise NoAddress(_("That e-mail address is another person's way in."), mend=_("Ask for one of their own."))
    with transaction.atomic():
        changed = change_person(person, identity, actor, at)
        for old, new in zip(before, (identity.email, identity.phone), strict=True):
            waiting = Message.objects.filter(to=old, sent_at=None) if old and old != new else Message.objects.none()
            waiting.update(to=new) if new else waiting.delete()
        holder = account_for(person)
        if holder and "email" in changed:
            holder.entry_codes.filter(used_at=None).update(used_at=at)
    return changed


def language_for(person: Person) -> str | None:
    """The language of letters to this person; None means the site's."""
    chosen = Choices.objects.filter(person=person).values_list("language", flat=True).first()
    return chosen or None


def close_doors(course: Course, actor: str, at: datetime) -> int:
    """How many passkeys were taken away; sessions and codes have ended too: the telephone was lost."""
    account = account_for(course.person)
    if account is None:
        return 0
    with transaction.atomic():
        gone, _each = account.passkeys.all().delete()
        account.entry_codes.filter(used_at=None).update(used_at=at)
        end_sessions(account)
        note("portal.doors_closed", actor, at, {"account": account.key}, course.key)
    return gone


def open_links(course: Course, at: datetime) -> QuerySet[Link]:
    """Links of this course that still open, the newest first."""
    alive = course.links.filter(finished_at=None, revoked_at=None, expires_at__gte=at)
    return alive.order_by("-made_at")


def erase(person: Person, at: datetime) -> None:
    """Nothing of the own pages is left: passkeys, codes, choices, log, and the rows of pages whose words are gone."""
    account = account_for(person)
    if account is not None:
        account.passkeys.all().delete()
        account.entry_codes.all().delete()
    Leaf.objects.filter(person=person).delete()
    Day.objects.filter(person=person).delete()
    Choices.objects.filter(person=person).delete()
    for link in Link.objects.filter(course__person=person, finished_at=None, revoked_at=None):
        link.waiting.all().delete()
    Link.objects.filter(course__person=person, finished_at=None, revoked_at=None).update(revoked_at=at)
