"""`unstuck manage verify_stock`: every balance held against the acts in the ledger. Exit 1 where they differ."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from unstuck.clinic.custody.queries import differences


class Command(BaseCommand):
    help = "Hold the drug stock's balances against its acts in the ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = differences()
        if options["json"]:
            self.stdout.write(json.dumps({"sound": not found, "differences": found}, indent=1))
        else:
            for words in found:
                self.stdout.write(words)
            self.stdout.write("The stock is not what its acts leave." if found else "The stock is what its acts leave.")
        if found:
            sys.exit(1)
