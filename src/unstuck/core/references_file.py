"""The references that figures cite by key, read from `library/references/*.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Read, Source

FIELDS = {"title", "year", "doi", "url", "read", "note"}


def load_references(root: Path | None = None) -> dict[str, Source]:
    """Every reference by its key. Raises one Complaint that tells all faults, a key that stands twice among them."""
    found: dict[str, Source] = {}
    complaints: list[Complaint] = []
    for path in sorted(((root or library_root()) / "references").glob("*.toml")):
        for key, data in _tables(path, complaints).items():
            where = f"{path.name}, [{key}]"
            if key in found:
                complaints.append(Complaint("This key stands twice in the references.", where, "Keep one of the two."))
                continue
            faults = _faults(data)
            complaints += [Complaint(f"{fault}.", where) for fault in faults]
            if not faults:
                found[key] = _source(key, data)
    raise_any(complaints)
    return found


def _tables(path: Path, complaints: list[Complaint]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        complaints.append(Complaint(f"This is not TOML: {error}.", path.name))
        return {}


def _faults(data: object) -> list[str]:
    if not isinstance(data, dict):
        return ["a reference is a table with a title"]
    faults = [f"unknown field {name}" for name in sorted(set(data) - FIELDS)]
    if not data.get("title"):
        faults.append("a reference needs a title")
    if not isinstance(data.get("year"), int | None):
        faults.append(f"year {data['year']!r} is not a number")
    if data.get("read", "secondary") not in [r.value for r in Read]:
        faults.append(f"read is one of {', '.join(Read)}, not {data['read']!r}")
    return faults


def _source(key: str, data: dict[str, Any]) -> Source:
    address = f"https://doi.org/{data['doi']}" if data.get("doi") else str(data.get("url", ""))
    read = Read(data.get("read", "secondary"))
    return Source(key, data["title"], data.get("year"), address, read, data.get("note", ""))
