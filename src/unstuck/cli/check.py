"""`unstuck check FILE...`: every complaint about protocol files, each with line and cure."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.protocol_check import check_file
from unstuck.core.protocol_file import protocol_keys

HELP = "Check protocol files and tell every fault in one pass, with its line and how to mend it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files, or keys of library protocols."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a protocol file, or the key of a library protocol")
    parser.add_argument("--json", action="store_true", help="print the complaints as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the complaints. Returns 0 where all files are sound and 1 where there is a complaint."""
    told = {name: check_file(_path(name)) for name in args.files}
    if args.json:
        print(json.dumps([_plain(name, c) for name, found in told.items() for c in found], indent=2))
    else:
        for name, found in told.items():
            _print(name, found)
    return 1 if any(told.values()) else 0


def _path(name: str) -> Path:
    path = Path(name)
    if not path.exists() and name in protocol_keys():
        return library_root() / "protocols" / f"{name}.toml"
    return path


def _print(name: str, found: tuple[Complaint, ...]) -> None:
    for complaint in found:
        print(f"{complaint.where}: {complaint.what}")
        if complaint.mend:
            print(f"    {complaint.mend}")
    count = len(found)
    print(f"{name}: {'sound' if not count else f'{count} complaint' + ('s' if count > 1 else '')}")


def _plain(name: str, complaint: Complaint) -> dict[str, object]:
    line = str(complaint.where).rpartition(":")[2]
    return {
        "file": name,
        "line": int(line) if line.isdigit() else None,
        "what": complaint.what,
        "mend": complaint.mend,
    }
