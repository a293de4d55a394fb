"""The clinic under waitress, with the worker beside it. `unstuck serve` chooses the data folder and comes here."""

from __future__ import annotations

import asyncio
import threading
from argparse import ArgumentParser
from typing import Any

import waitress
from django.conf import settings
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application

from unstuck.clinic import clock
from unstuck.clinic.messages.worker import work
from unstuck.clinic.site import certificates, start, tls_front
from unstuck.core.errors import Complaint


class Command(BaseCommand):
    help = "Get the site ready, check its right to start, and serve it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--tls", action="store_true", help="serve HTTPS with the certificate of 'unstuck tls'")
        parser.add_argument("--prepare", action="store_true", help="end without serving")

    def handle(self, *args: Any, **options: Any) -> None:
        start.prepare()
        sign_ins = start.demonstration() if settings.UNSTUCK_DEMO else start.real_use()
        for line in _where(options["host"], options["port"], options["tls"]):
            self.stdout.write(line)
        if sign_ins:
            self.stdout.write("A demonstration: every person in it is simulated. Sign in as")
        for one in sign_ins:
            self.stdout.write(f"  {one.username:<8} {one.password:<18} {one.name} ({one.roles})")
        self.stdout.flush()
        if not options["prepare"]:
            _serve(options["host"], options["port"], options["tls"])


def _where(host: str, port: int, tls: bool) -> list[str]:
    """The addresses of the clinic, and the warning that its certificate must be renewed."""
    if not tls:
        return [f"Unstuck at http://{host}:{port}/"]
    at, folder = clock.read(), settings.UNSTUCK_HOME / "tls"
    standing = certificates.standing(folder)
    if standing.until <= at:
        raise Complaint(f"The certificate ended on {standing.until:%Y-%m-%d}.", mend="Renew it: unstuck tls")
    named = [name for name in standing.hosts if name not in certificates.HERE] or ["localhost"]
    warning = tls_front.warn(folder, at)
    return [*(f"Unstuck at https://{name}:{port}/" for name in named), *([warning] if warning else [])]


def _serve(host: str, port: int, tls: bool) -> None:
    """Until it is interrupted. The worker ends with the server.

    The application is made here and not on import: it lists the static files, which `start.prepare` has just collected.
    """
    application = get_wsgi_application()
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(5.0, stop), daemon=True, name="worker")
    worker.start()
    try:
        if tls:
            _serve_tls(application, host, port)
        else:
            waitress.serve(application, host=host, port=port, threads=8, ident=None, **start.proxy())
    finally:
        stop.set()
        worker.join(timeout=10)


def _serve_tls(application: Any, host: str, port: int) -> None:
    """The same server behind a front that speaks TLS; it answers to nobody else."""
    callers = tls_front.Callers()
    inner = waitress.create_server(
        callers.wrap(application), host=tls_front.LOOPBACK, port=0, threads=8, ident=None, url_scheme="https"
    )
    threading.Thread(target=inner.run, daemon=True, name="server").start()
    folder = settings.UNSTUCK_HOME / "tls"
    front = tls_front.Front((host, port), inner.effective_port, folder, callers, clock.read)
    asyncio.run(front.serve())
