"""`unstuck manage verify_ledger`: names every altered, moved, missing or cut-off entry; exit code 1 if there is one."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from unstuck.clinic.ledger.verify import Report, verify


class Command(BaseCommand):
    help = "Check every entry of the ledger against its chain and against the head file outside the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", help="check this chain only")
        parser.add_argument("--json", action="store_true", help="write the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify(options["chain"])
        self.stdout.write(json.dumps(asdict(report)) if options["json"] else _words(report))
        if not report.sound:
            sys.exit(1)


def _words(report: Report) -> str:
    read = f"{report.entries} entries in {report.chains} chains read."
    late = f"{report.ahead} wait to be taken up by the head." if report.ahead else ""
    verdict = "The ledger is sound." if report.sound else f"{len(report.findings)} faults:"
    return "\n".join(line for line in (read, late, verdict, *(f"- {f.sentence}" for f in report.findings)) if line)
