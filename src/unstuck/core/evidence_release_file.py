"""Where releases of the evidence lie, and which is the newest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import Release, parse
from unstuck.core.library_file import library_root


def read_release(path: Path) -> Release:
    """The release in this file. Raises Complaint where it cannot be read."""
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise Complaint(f"Cannot be read: {error}.", str(path)) from None


def shipped(root: Path | None = None) -> Path:
    """The library's folder of releases."""
    return (root or library_root()) / "evidence" / "releases"


def newest(folders: Iterable[Path]) -> Release | None:
    """The release that was made last, of those in these folders. None where there is none."""
    paths = [path for folder in folders for path in folder.glob("*.json")]
    return max((read_release(path) for path in paths), key=lambda r: (r.made_at, r.name), default=None)


def library_hash(root: Path | None = None) -> str:
    """SHA-256 over names and bytes of the studies and the evidence, releases apart."""
    place = root or library_root()
    files = [*(place / "studies").glob("*.toml"), *(place / "evidence").glob("*.toml")]
    digest = hashlib.sha256()
    for path in sorted([*files, *(place / "evidence" / "tables").glob("*.csv")]):
        digest.update(path.relative_to(place).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
