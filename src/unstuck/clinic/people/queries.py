"""Reading accounts and persons."""

from __future__ import annotations

from unstuck.clinic.people.models import Account, Role


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
