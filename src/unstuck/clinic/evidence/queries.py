"""Reading the newest release, proposals, signed texts, and the courses that a protocol's outcomes are counted from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from unstuck.clinic.course.queries import everyone, load
from unstuck.clinic.evidence.models import Decision, Proposal, SignedText
from unstuck.clinic.evidence.own import Seen
from unstuck.clinic.protocol.queries import newest as newest_protocol
from unstuck.core.evidence_release import Release
from unstuck.core.evidence_release_file import newest, shipped
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol, protocol_keys


def newest_release() -> Release | None:
    """The newest release, the shipped one or one in the site's own folder. Raises Complaint where one was altered."""
    folders = (shipped(), Path(settings.UNSTUCK_HOME) / "evidence")
    files = sorted((p, p.stat().st_mtime_ns) for folder in folders for p in folder.glob("*.json"))
    return _newest(folders, tuple(files))


@lru_cache(maxsize=4)
def _newest(folders: tuple[Path, ...], files: tuple[tuple[Path, int], ...]) -> Release | None:
    """Read once for as long as the files stand as they are."""
    return newest(folders)


def library() -> tuple[Protocol, ...]:
    """Every protocol of the library."""
    return tuple(load_protocol(key) for key in protocol_keys())


def in_use() -> tuple[tuple[str, str], ...]:
    """(key, title) of every protocol that is signed for use here."""
    released = (newest_protocol(key) for key in protocol_keys())
    return tuple((release.key, release.title) for release in released if release is not None)


def signed_of(key: str) -> tuple[SignedText, ...]:
    """The signed texts of a protocol, the one in use first."""
    return tuple(SignedText.objects.filter(protocol=key))


def open_of(key: str) -> Proposal | None:
    """The proposal of a protocol that waits for a signature."""
    return Proposal.objects.filter(protocol=key, decision=Decision.OPEN).first()


def waiting() -> frozenset[str]:
    """Protocols for which a proposal waits."""
    return frozenset(Proposal.objects.filter(decision=Decision.OPEN).values_list("protocol", flat=True))


def seen(key: str) -> tuple[Seen, ...]:
    """Every course of that protocol at this site, whatever its version and arm, replayed."""
    found = (load(course) for course in everyone().filter(release__key=key))
    return tuple(Seen(one.protocol, one.state) for one in found)
