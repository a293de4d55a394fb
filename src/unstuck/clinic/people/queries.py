"""Reading accounts and persons."""

from __future__ import annotations

import unicodedata
from datetime import date

from unstuck.clinic.people.models import Account, Person, Role


def plain_name(name: str) -> str:
    """The name as people read it: one keyboard sends é as one sign, another as e and its accent."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def known_as(name: str, born_on: date | None) -> Person | None:
    """Who is registered here with that name and birth date, the newest where there are several."""
    born = Person.objects.filter(born_on=born_on, erased_at=None).order_by("-registered_at")
    return next((one for one in born if plain_name(one.name) == plain_name(name)), None)


def accounts() -> tuple[Account, ...]:
    """Every account, those in use first."""
    return tuple(
        Account.objects.order_by("-is_active", "username").select_related("second_factor").prefetch_related("grants")
    )


def has_administrator() -> bool:
    """Whether anybody can manage accounts."""
    return Account.objects.filter(is_active=True, grants__role=Role.ADMIN).exists()


def display_names(keys: set[str]) -> dict[str, str]:
    """Account key -> name to show, for audit sentences; a key without an account is left out."""
    return dict(Account.objects.filter(key__in=keys).values_list("key", "display_name"))


def staff_names(keys: set[str]) -> dict[str, str]:
    """As `display_names`, without the accounts of persons: whoever reads the audit need not know who a patient is."""
    staff = Account.objects.filter(key__in=keys, person=None)
    return dict(staff.values_list("key", "display_name"))
