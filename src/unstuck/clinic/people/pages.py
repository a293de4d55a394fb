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


@dataclass(frozen=True, slots=True)
class AccountsPage:
    rows: tuple[AccountRow, ...]


def accounts_page(accounts: tuple[Account, ...]) -> AccountsPage:
    """The list of accounts."""
    return AccountsPage(tuple(_row(account) for account in accounts))


def _row(account: Account) -> AccountRow:
    roles = tuple(str(Role(grant.role).label) for grant in account.grants.all())
    return AccountRow(account.pk, account.username, account.display_name, roles, account.is_active, account.left_at)
