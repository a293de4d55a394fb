"""Reading releases."""

from __future__ import annotations

from collections.abc import Sequence

from unstuck.clinic.protocol.models import Release


def released() -> Sequence[Release]:
    """Every release, by protocol, the newest version first."""
    return list(Release.objects.all())


def releases_of(key: str) -> tuple[Release, ...]:
    """Every release of that protocol, the one signed last first."""
    return tuple(Release.objects.filter(key=key).order_by("-released_at", "-id"))


def newest(key: str) -> Release | None:
    """The release of that protocol that was signed last, or None."""
    return next(iter(releases_of(key)), None)
