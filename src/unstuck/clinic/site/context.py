"""What every template knows about the site."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from unstuck.clinic import clock


def site(request: HttpRequest) -> dict[str, Any]:
    """The site's name, whether it is a demonstration, and the instant of this request."""
    return {"site_name": settings.UNSTUCK_SITE_NAME, "demonstration": settings.UNSTUCK_DEMO, "now": clock.now(request)}
