"""How often one address of the network may knock. Counted in memory, so that no address is ever written down."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

WITHIN_S = 3600


def knocked_too_often(request: HttpRequest, door: str, most: int) -> bool:
    """Counts this knock; whether there were more than `most` at this door within the hour. One count a process."""
    who = hashlib.sha256(str(request.META.get("REMOTE_ADDR", "")).encode()).hexdigest()[:32]
    key = f"knock:{door}:{who}"
    if cache.add(key, 1, WITHIN_S):
        return most < 1
    try:
        return int(cache.incr(key)) > most
    except ValueError:  # it ran out in between
        return False
