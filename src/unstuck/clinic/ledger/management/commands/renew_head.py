"""`unstuck manage renew_head`: begin a new head after the old one was lost, damaged, or the database was restored."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from unstuck.clinic import clock
from unstuck.clinic.ledger.renewal import renew


class Command(BaseCommand):
    help = "Put the old head aside and begin a new one over the ledger as it stands. The act is an entry of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", required=True, help="what the old head knew is given up")

    def handle(self, *args: Any, **options: Any) -> None:
        taken, aside = renew(clock.read())
        kept = f" The old head lies in {aside}." if aside else ""
        self.stdout.write(f"The new head has {taken} entries.{kept}")
