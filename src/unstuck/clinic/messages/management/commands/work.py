"""`unstuck manage work`: the background worker; `--once` makes one round and ends."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from unstuck.clinic.messages.worker import work, work_once


class Command(BaseCommand):
    help = "Send what waits in the outbox and let the ledger's head catch up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="make one round and end")
        parser.add_argument("--pause", type=float, default=5.0, help="seconds between rounds (5)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(f"{work_once()} sent.")
        else:
            work(options["pause"], threading.Event())
