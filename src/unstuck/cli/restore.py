"""`unstuck restore FILE`: a site from its archive, into an empty data folder and an empty database."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path

import django

HELP = "Restore the clinic from an archive into an empty place, and verify its ledger."

KEY = """This is not the secret key that the clinic had. Nothing recorded is lost, but
second factors must be set up anew and links that were sent no longer open. If you still
have the old secret.key, empty this place, put it there first, and restore again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which archive."""
    parser.add_argument("file", type=Path, metavar="FILE", help="an archive that `unstuck backup` wrote")
    parser.add_argument("--with-findings", action="store_true", help="accept a ledger that is known to have faults")


def run(args: argparse.Namespace) -> int:
    """0 when everything is back and the ledger verified, 1 when it was taken with faults. Raises Complaint."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unstuck.clinic.site.settings")
    django.setup()
    keeping, clock = import_module("unstuck.clinic.site.keeping"), import_module("unstuck.clinic.clock")
    done = keeping.restore(args.file, clock.read(), args.with_findings)
    counted = f"Entries of the ledger: {done.entries}, chains: {done.chains}, rows in all: {done.rows}."
    print(f"Restored as of {done.made_at}. {counted}")
    print("The ledger was verified and every table has its rows. Everybody must sign in again.")
    if not done.same_key:
        print(KEY)
    for finding in done.findings:
        print(f"- {finding.sentence}")
    return 1 if done.findings else 0
