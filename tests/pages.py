"""A page as somebody reads it: without its random keys, in which any short word may stand by chance."""

from __future__ import annotations

import re

_RUN = re.compile(r"[A-Za-z0-9_-]{20,}")
_MIXED = re.compile(r"[0-9]|[a-z][A-Z]")


def without_keys(page: str) -> str:
    """The text with each long run of letters and digits mixed blanked: tokens, keys of entries, nonces, pseudonyms."""
    return _RUN.sub(lambda run: "…" if _MIXED.search(run[0]) else run[0], page)
