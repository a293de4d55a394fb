"""`unstuck backup FILE`: the whole site in one sealed archive, taken while the clinic works."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import django

HELP = "Back the clinic up into one sealed file, or check such a file."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the archive is written."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the archive; a file that exists is not overwritten")
    parser.add_argument("--check", action="store_true", help="only read FILE and tell whether it is whole")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(args: argparse.Namespace) -> int:
    """0 when the archive is whole and the ledger sound, 1 when the ledger in it is not. Raises Complaint."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unstuck.clinic.site.settings")
    django.setup()
    keeping, clock = import_module("unstuck.clinic.site.keeping"), import_module("unstuck.clinic.clock")
    done = keeping.check(args.file) if args.check else keeping.back_up(args.file, clock.read())
    if args.json:
        print(json.dumps(asdict(done)))
    else:
        print(_words(args, done))
    return 1 if done.findings else 0


def _words(args: argparse.Namespace, done: object) -> str:
    told = asdict(done)  # type: ignore[call-overload]
    what = "The archive is whole" if args.check else "Backed up"
    lines = [
        f"{what}. Entries of the ledger: {told['entries']}, chains: {told['chains']}, rows in all: {told['rows']}.",
        f"Made at {told['made_at']}. SHA-256 {told['sha256']}",
    ]
    if not args.check:
        lines.append("Not in it, keep them apart: secret.key, site.toml, tls. It holds every record: guard it as such.")
    faults = [f"- {finding['sentence']}" for finding in told["findings"]]
    if faults:
        lines += ["The ledger was NOT sound when it was backed up:", *faults]
    return "\n".join(lines)
