"""The clinic under waitress, with the worker beside it. `unstuck serve` chooses the data folder and comes here."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from typing import Any

import waitress
from django.conf import settings
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application

from unstuck.clinic.messages.worker import work
from unstuck.clinic.site import start


class Command(BaseCommand):
    help = "Get the site ready, check its right to start, and serve it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--prepare", action="store_true", help="end without serving")

    def handle(self, *args: Any, **options: Any) -> None:
        start.prepare()
        sign_ins = start.demonstration() if settings.UNSTUCK_DEMO else start.real_use()
        self.stdout.write(f"Unstuck at http://{options['host']}:{options['port']}/")
        if sign_ins:
            self.stdout.write("A demonstration: every person in it is simulated. Sign in as")
        for one in sign_ins:
            self.stdout.write(f"  {one.username:<8} {one.password:<18} {one.name} ({one.roles})")
        self.stdout.flush()
        if not options["prepare"]:
            _serve(options["host"], options["port"])


def _serve(host: str, port: int) -> None:
    """Until it is interrupted. The worker ends with the server.

    The application is made here and not on import: it lists the static files, which `start.prepare` has just collected.
    """
    application = get_wsgi_application()
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(5.0, stop), daemon=True, name="worker")
    worker.start()
    try:
        waitress.serve(application, host=host, port=port, threads=8, ident=None, **start.proxy())
    finally:
        stop.set()
        worker.join(timeout=10)
