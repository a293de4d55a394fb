"""`propose_evidence`: proposes the newest release's text for every protocol in use. It signs nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from unstuck.clinic import clock
from unstuck.clinic.evidence.actions import propose
from unstuck.clinic.evidence.queries import in_use, newest_release


class Command(BaseCommand):
    help = "Propose what the newest release of the evidence says, for a person to sign; nothing in use is changed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Says what was proposed. CommandError where there is no release."""
        release = newest_release()
        if release is None:
            raise CommandError("There is no release of the evidence. 'unstuck evidence release' makes one.")
        made = propose(release, in_use(), "operator", clock.read())
        for proposal in made:
            self.stdout.write(f"Proposed for {proposal.protocol}: as of {proposal.dated}.")
        if not made:
            self.stdout.write("Nothing new: every protocol in use has this text, or it waits or was declined.")
