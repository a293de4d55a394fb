"""`unstuck manage export_course KEY`: a course as events, one a line, for whoever runs the site."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from unstuck.clinic import clock
from unstuck.clinic.course.queries import events_of, everyone
from unstuck.clinic.ledger.actions import note
from unstuck.core.events import canonical_json


class Command(BaseCommand):
    help = "Write a course's events as JSON Lines; they replay to the same state."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key")

    def handle(self, *args: Any, **options: Any) -> None:
        course = everyone().filter(key=options["key"]).first()
        if course is None:
            raise CommandError(f"There is no course {options['key']}.")
        note("record.read", "console", clock.read(), {"page": "export"}, course.key)
        for event in events_of(course):
            self.stdout.write(canonical_json(event).decode())
