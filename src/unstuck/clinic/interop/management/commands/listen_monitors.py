"""`unstuck manage listen_monitors`: takes vital signs from bedside monitors until it is stopped."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from unstuck.clinic.interop.desk import desk
from unstuck.clinic.interop.listener import PORT, Listener


class Command(BaseCommand):
    help = "Listen for HL7 results of bedside monitors (MLLP) from the addresses of named devices."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=PORT, help=f"port to listen on ({PORT})")

    def handle(self, *args: Any, **options: Any) -> None:
        with Listener((options["host"], options["port"]), desk()) as listener:
            signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=listener.shutdown).start())
            self.stdout.write(f"Listening for monitors at {options['host']} port {listener.server_address[1]}")
            self.stdout.flush()
            listener.serve_forever(poll_interval=0.5)
