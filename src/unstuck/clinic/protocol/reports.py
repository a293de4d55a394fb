"""Reports of simulated trials that lie ready for a protocol: finished pages, found by the protocol's hash.

`unstuck trial ... --place HOME` writes them to HOME/reports/HASH/RUN.html. The clinic makes none and reads no number
out of them; a page belongs to one text of a protocol, so that another version lists its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from django.conf import settings

NAME = re.compile(r"[0-9a-f]{16}")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_HEAD = 4096  # characters in which a page's title stands


@dataclass(frozen=True, slots=True)
class Report:
    """One finished page: its name in addresses, and its title."""

    name: str
    title: str


def reports_of(protocol_hash: str) -> tuple[Report, ...]:
    """The pages that lie ready for that text of a protocol, by name."""
    folder = _folder(protocol_hash)
    found = sorted(folder.glob("*.html")) if folder.is_dir() else []
    return tuple(Report(path.stem, _title(path)) for path in found if NAME.fullmatch(path.stem))


def report_text(protocol_hash: str, name: str) -> str | None:
    """The page of that name, or None where there is none."""
    path = _folder(protocol_hash) / f"{name}.html"
    return path.read_text(encoding="utf-8") if NAME.fullmatch(name) and path.is_file() else None


def _folder(protocol_hash: str) -> Path:
    return Path(settings.UNSTUCK_HOME) / "reports" / protocol_hash


def _title(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as page:
        found = _TITLE.search(page.read(_HEAD))
    return unescape(found[1]).strip() if found else path.stem
