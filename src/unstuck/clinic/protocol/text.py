"""The protocol behind a release, read from the text that was signed."""

from __future__ import annotations

from functools import lru_cache

from unstuck.clinic.protocol.models import Release
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import parse_protocol


class ReleaseAltered(Complaint):
    """The stored text of a release is no longer the one that was signed: no course is run by it."""


def protocol_of(release: Release) -> Protocol:
    """The protocol of a release, read from the text that was signed. Raises ReleaseAltered where its hash differs."""
    return _parsed(release.hash, release.text)


@lru_cache(maxsize=64)
def _parsed(content_hash: str, text: str) -> Protocol:
    """The model stops the clinic's own code only; the hash also finds what was changed in the database itself."""
    name = f"release {content_hash[:12]}"
    protocol = parse_protocol(text, name)
    if protocol.hash != content_hash:
        raise ReleaseAltered(f"The text of {name} is not the one that was signed.", mend="Restore it from a backup.")
    return protocol
