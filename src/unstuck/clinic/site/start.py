"""Getting a site ready to serve: tables, static files, the ledger's head; then its right to start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command

from unstuck.clinic import clock
from unstuck.clinic.ledger import head
from unstuck.clinic.rooms.actions import first_chairs
from unstuck.clinic.site import demo, keeping
from unstuck.clinic.site.checks import refusals
from unstuck.core.errors import Complaint


class MayNotStart(Complaint):
    """Something speaks against real use; the text lists all of it."""


def prepare() -> None:
    """Tables migrated, static files collected, the ledger's head caught up after a crash, chairs to begin with."""
    if keeping.is_unfinished():
        raise MayNotStart(
            "A restore was stopped in its middle.", mend="Empty the data folder and the database, restore again."
        )
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    head.catch_up_all()
    first_chairs()


def demonstration() -> tuple[demo.SignIn, ...]:
    """The demonstration's sign-ins, loaded on the first start."""
    return demo.load(settings.UNSTUCK_HOME, clock.read())


def real_use() -> tuple[demo.SignIn, ...]:
    """No sign-ins. Raises MayNotStart with every reason why real people may not be kept here."""
    found = refusals()
    if found:
        reasons = "\n".join(f"- {one.name}: {one.why} {one.mend}" for one in found)
        raise MayNotStart(f"This site may not start for real use:\n{reasons}")
    return ()


def proxy() -> dict[str, Any]:
    """What waitress must know of the TLS proxy in front of it; without one no forwarded header is believed."""
    if not settings.UNSTUCK_TRUSTED_PROXY:
        return {}
    return {
        "trusted_proxy": settings.UNSTUCK_TRUSTED_PROXY,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"},
        "clear_untrusted_proxy_headers": True,
    }
