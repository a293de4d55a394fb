"""`unstuck manage ...`: Django's own commands and the clinic's, on the site that UNSTUCK_HOME names."""

from __future__ import annotations

import argparse
import os

from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

from unstuck.core.errors import Complaint

HELP = "Manage a site: migrate, first_administrator, verify_ledger, work and Django's own commands."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything behind `manage` belongs to Django."""
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="COMMAND ...", help="a command and its arguments")


def run(args: argparse.Namespace) -> int:
    """0 when the command went well. Django leaves by SystemExit with its own number when it did not.

    Raises Complaint where the data folder holds no clinic yet.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unstuck.clinic.site.settings")
    try:
        execute_from_command_line(["unstuck manage", *(args.rest or ["help"])])
    except OperationalError as fault:
        if "no such table" not in str(fault):
            raise
        mend = "Name its folder in UNSTUCK_HOME (the demonstration's is var/demo), or make one with `unstuck serve`."
        raise Complaint("This data folder holds no clinic yet.", mend=mend) from None
    return 0
