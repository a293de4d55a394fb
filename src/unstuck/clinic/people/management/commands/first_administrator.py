"""`unstuck manage first_administrator`: the account that can make all others. Works once."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from unstuck.clinic import clock
from unstuck.clinic.people.actions import NewAccount, open_account
from unstuck.clinic.people.models import Role
from unstuck.clinic.people.queries import has_administrator


class Command(BaseCommand):
    help = "Make the first administrator. The password is asked for, or read from UNSTUCK_ADMIN_PASSWORD."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="the name that colleagues see")
        parser.add_argument("--email", required=True, help="where a link to set a new password is sent")

    def handle(self, *args: Any, **options: Any) -> None:
        if has_administrator():
            raise CommandError("There is an administrator already, who can make further accounts.")
        new = NewAccount(options["username"], options["name"], [Role.ADMIN], options["email"], _password())
        open_account(new, actor="", at=clock.read())
        self.stdout.write(f"{options['name']} can sign in as {options['username']}.")


def _password() -> str:
    password = os.environ.get("UNSTUCK_ADMIN_PASSWORD") or getpass.getpass("Password: ")
    try:
        validate_password(password)
    except ValidationError as wrong:
        raise CommandError(" ".join(wrong.messages)) from wrong
    return password
