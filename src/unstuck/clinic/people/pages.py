"""What the pages about accounts show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unstuck.clinic.people.models import Account, Role


@dataclass(frozen=True, slots=True)
class AccountRow:
    id: int
    username: str
    name: str
    roles: tuple[str, ...]
    is_active: bool
    left_at: datetime | None
    is_staff: bool
    has_second_factor: bool


@dataclass(frozen=True, slots=True)
class AccountsPage:
    rows: tuple[AccountRow, ...]


def accounts_page(accounts: tuple[Account, ...]) -> AccountsPage:
    """The list of accounts."""
    return AccountsPage(tuple(_row(account) for account in accounts))


def _row(account: Account) -> AccountRow:
    roles = tuple(str(Role(grant.role).label) for grant in account.grants.all())
    return AccountRow(
        id=account.pk,
        username=account.username,
        name=account.display_name,
        roles=roles,
        is_active=account.is_active,
        left_at=account.left_at,
        is_staff=account.person_id is None,
        has_second_factor=hasattr(account, "second_factor"),
    )
