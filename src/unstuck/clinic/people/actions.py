"""What is done to accounts and persons; each act writes its ledger entry in its own transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people.models import Account, Grant, Person, Photo, Role
from unstuck.core.errors import Complaint


class SimulatedBesideReal(Complaint):
    """A real person would stand beside simulated ones, or the reverse."""


class NotYourself(Complaint):
    """An administrator would take the last administrator's account away."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is, as told at the front desk."""

    name: str
    born_on: date | None = None
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made from. Without a password the holder sets one by e-mail."""

    username: str
    display_name: str
    roles: Collection[Role]
    email: str = ""
    password: str | None = None
    person: Person | None = None
    demonstration: bool = False


def register_person(identity: Identity, actor: str, at: datetime, simulated: bool = False) -> Person:
    """A new person with a random pseudonym. Raises SimulatedBesideReal."""
    with transaction.atomic():
        if Person.objects.exclude(simulated=simulated).exists():
            raise SimulatedBesideReal(
                _("Simulated and real persons may not share a clinic."),
                mend=_("Use another data folder for one of them."),
            )
        person = Person.objects.create(
            name=identity.name,
            born_on=identity.born_on,
            email=identity.email,
            phone=identity.phone,
            simulated=simulated,
            registered_at=at,
        )
        note("person.registered", actor, at, {"person": person.key, "simulated": simulated})
        return person


def change_person(person: Person, identity: Identity, actor: str, at: datetime) -> tuple[str, ...]:
    """Which of name, birth date, e-mail and telephone were put right; the ledger learns which, and no word of them.

    The person's account follows. Where the address changes, whoever came in by the old one is signed out.
    """
    told = {"name": identity.name, "born_on": identity.born_on, "email": identity.email, "phone": identity.phone}
    with transaction.atomic():
        changed = tuple(field for field, value in told.items() if getattr(person, field) != value)
        if not changed or person.erased_at:
            return ()
        for field in changed:
            setattr(person, field, told[field])
        person.save(update_fields=list(changed))
        for account in Account.objects.filter(person=person, is_active=True):
            account.display_name = identity.name.split(" ")[0]
            if "email" in changed:
                account.email = identity.email
                end_sessions(account)
            account.save(update_fields=["display_name", "email"])
        note("person.changed", actor, at, {"person": person.key, "fields": list(changed)})
    return changed


def erase_person(person: Person, actor: str, at: datetime) -> None:
    """Name, birth date, photo, addresses, texts and secret are gone; the ledger's facts stand under the pseudonym."""
    with transaction.atomic():
        person.texts.filter(erased_at=None).update(body="", erased_at=at)
        Photo.objects.filter(person=person).delete()
        for named in settings.UNSTUCK_ERASERS:
            import_string(named)(person, at)
        emptied: dict[str, Any] = {"name": "", "born_on": None, "email": "", "phone": "", "secret": "", "erased_at": at}
        Person.objects.filter(pk=person.pk, erased_at=None).update(**emptied)
        person.refresh_from_db()
        for account in Account.objects.filter(person=person):
            leave(account, actor, at)
            _forget(account)
        note("person.erased", actor, at, {"person": person.key})


def open_account(new: NewAccount, actor: str, at: datetime) -> Account:
    """A new account with its roles. `actor` is the key of who makes it; empty means that it makes itself."""
    with transaction.atomic():
        account = Account.objects.create_user(
            new.username,
            new.password,
            display_name=new.display_name,
            email=new.email,
            person=new.person,
            demonstration=new.demonstration,
            created_at=at,
        )
        Grant.objects.bulk_create(Grant(account=account, role=role) for role in new.roles)
        note("account.opened", actor or account.key, at, {"account": account.key, "roles": sorted(new.roles)})
        return account


def set_roles(account: Account, roles: Collection[Role], actor: str, at: datetime) -> None:
    """The account holds exactly `roles`. Raises NotYourself when no administrator would be left."""
    with transaction.atomic():
        if Role.ADMIN not in roles:
            _keep_one_administrator(account)
        gained = set(roles) - account.roles
        account.grants.all().delete()
        Grant.objects.bulk_create(Grant(account=account, role=role) for role in roles)
        account.__dict__.pop("roles", None)
        if any(role.value in settings.UNSTUCK_SECOND_FACTOR_ROLES for role in gained):
            end_sessions(account)  # a second factor is asked for when signing in
        note("account.roles_set", actor, at, {"account": account.key, "roles": sorted(roles)})


def leave(account: Account, actor: str, at: datetime) -> None:
    """The account can no longer sign in and every session of it has ended. Raises NotYourself for the last admin."""
    with transaction.atomic():
        _keep_one_administrator(account)
        account.is_active, account.left_at = False, at
        account.set_unusable_password()
        account.save(update_fields=["is_active", "left_at", "password"])
        account.__dict__.pop("roles", None)
        end_sessions(account)
        note("account.left", actor, at, {"account": account.key})


def end_sessions(account: Account) -> int:
    """How many sessions of the account have been ended."""
    theirs = [s.pk for s in Session.objects.iterator() if s.get_decoded().get("_auth_user_id") == str(account.pk)]
    return Session.objects.filter(pk__in=theirs).delete()[0]


def note_reading(account: Account, chain: str, page: str, at: datetime) -> Entry:
    """An entry that `account` read `page` (a code such as `course` or `answers`) of a course's record."""
    return note("record.read", account.key, at, {"page": page}, chain=chain)


def _keep_one_administrator(account: Account) -> None:
    others = Account.objects.filter(is_active=True, grants__role=Role.ADMIN).exclude(pk=account.pk)
    if Role.ADMIN in account.roles and not others.exists():
        raise NotYourself(_("This is the last administrator."), mend=_("Give the role to somebody else first."))


def _forget(account: Account) -> None:
    account.username = account.key
    account.display_name, account.email = account.key, ""
    account.save(update_fields=["username", "display_name", "email"])
