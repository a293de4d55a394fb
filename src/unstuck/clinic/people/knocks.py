"""How often one network address has knocked at a door that needs no sign-in. Counted in memory, never written."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

WITHIN_S = 3600


def knock(request: HttpRequest, door: str) -> int:
    """How often there was a knock at this door within the hour, with this one. One count a process."""
    key = _key(request, door)
    if cache.add(key, 1, WITHIN_S):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out in between
        return 1


def knocks(request: HttpRequest, door: str) -> int:
    """How often there was a knock at this door within the hour, without this one."""
    return int(cache.get(_key(request, door), 0))


def _key(request: HttpRequest, door: str) -> str:
    """The network's address is kept as a hash, for an hour."""
    who = hashlib.sha256(str(request.META.get("REMOTE_ADDR", "")).encode()).hexdigest()[:32]
    return f"knock:{door}:{who}"
