"""`unstuck manage load_wording INSTRUMENT FILE`: the official wording that this site is licensed to use."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from unstuck.clinic import clock
from unstuck.clinic.assessment.wording import keep_wording
from unstuck.core.instrument_file import load_instrument


class Command(BaseCommand):
    help = "Load a site's licensed wording of an instrument (FHIR Questionnaire JSON or CSV)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("instrument")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        instrument = load_instrument(options["instrument"])
        row = keep_wording(instrument, options["file"], "console", clock.read())
        self.stdout.write(f"{instrument.title} is now asked with the wording {row.stamp}.")
