"""The demonstration: a cast of accounts with printed passwords, and hooks by which other parts load their share.

Every person in it is simulated. The passwords are random, made once a data folder and kept in it in a file that only
its owner can read, so that starting again prints the same.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from unstuck.clinic.custody import demo as stock
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
from unstuck.clinic.people.models import Account, Person, Role
from unstuck.clinic.therapy import demo as therapy
from unstuck.clinic.training import demo as training


@dataclass(frozen=True, slots=True)
class Player:
    """One member of the cast."""

    username: str
    name: str
    roles: tuple[Role, ...]


CAST = (
    Player("finn", "Finn Farrow", (Role.FRONT_DESK,)),
    Player("nia", "Nia Nolan", (Role.NURSE,)),
    Player("ben", "Ben Bright", (Role.THERAPIST,)),
    Player("cleo", "Cleo Cruz", (Role.PRESCRIBER,)),
    Player("otis", "Otis Oaks", (Role.CUSTODIAN,)),
    Player("dev", "Dev Dale", (Role.RESEARCH,)),
    Player("quinn", "Quinn Quist", (Role.QUALITY,)),
    Player("ada", "Ada Ames", (Role.PATIENT,)),
    Player("alma", "Alma Admin", (Role.ADMIN,)),
    Player("eve", "Eve Ellis", ()),
)
"""Eve has no role, so that one can see what somebody without access sees."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A line of what the demonstration prints."""

    username: str
    password: str
    name: str
    roles: str


Hook = Callable[[datetime], None]


def load(home: Path, at: datetime, hooks: tuple[Hook, ...] | None = None) -> tuple[SignIn, ...]:
    """The sign-ins of the cast. On the first call for a data folder the cast is made and every hook has run.

    A hook takes the instant of the demonstration and writes its part through the clinic's actions, all in one
    transaction: a demonstration that is stopped while loading begins afresh.
    """
    passwords = _passwords(home / "sign-ins.json")
    if not Account.objects.filter(demonstration=True).exists():
        with transaction.atomic():
            _make_cast(passwords, at)
            for hook in HOOKS if hooks is None else hooks:
                hook(at)
    return tuple(_sign_in(player, passwords) for player in CAST)


def account(username: str) -> Account:
    """A member of the cast, for hooks: `account("cleo").key` is an actor."""
    return Account.objects.get(username=username, demonstration=True)


def ada() -> Person:
    """The simulated person whom the cast's patient account belongs to."""
    return Person.objects.get(account__username="ada")


def _make_cast(passwords: dict[str, str], at: datetime) -> None:
    for player in CAST:
        person = None
        if Role.PATIENT in player.roles:
            person = register_person(Identity(player.name), "demo", at, simulated=True)
        open_account(
            NewAccount(
                player.username,
                player.name,
                player.roles,
                f"{player.username}@unstuck.example",
                passwords[player.username],
                person,
                demonstration=True,
            ),
            "demo",
            at,
        )


def _sign_in(player: Player, passwords: dict[str, str]) -> SignIn:
    roles = ", ".join(str(role.label) for role in player.roles) or "no role"
    return SignIn(player.username, passwords[player.username], player.name, roles)


def _passwords(file: Path) -> dict[str, str]:
    if file.exists():
        kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        return kept
    made = {player.username: f"{player.username}-{secrets.token_hex(4)}" for player in CAST}
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(made, out, indent=1)
    return made


HOOKS: tuple[Hook, ...] = (training.fill, therapy.fill, stock.fill)
"""What fills the demonstration, in this order: protocols and courses are put before, the stock draws for them."""
